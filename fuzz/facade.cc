// A whole call: the lines of the input are "METHOD target", then fields, an empty line, and the body; what would be
// paths of S3 among them. Signed for S3 or not, with keys and without: every call is answered, in a form that its
// client can read, and none is the server's fault.
#include "wire/facade.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../tests/api/stub.h"
#include "sign/digest.h"

namespace {

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool has_field(const weir::wire::Reply& reply, std::string_view name) {
  for (const auto& [held, value] : reply.fields) {
    if (held == name) return !value.empty();
  }
  return false;
}

void judge(const weir::wire::Reply& reply, std::string_view input) {
  const bool refused = reply.status >= 400;
  // The stub has one action that is meant to break, if it is asked to; it may be in escapes or packed.
  const bool asked_to_break = input.find("CreateCluster") != std::string_view::npos;
  if (reply.status < 200 || reply.status > 501 || (reply.status == 500 && !asked_to_break)) __builtin_trap();
  if (!has_field(reply, "x-amzn-requestid")) __builtin_trap();
  if (refused && reply.body.empty()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string_view text = input;
  const std::string_view first = next_line(text);
  const std::size_t space = first.find(' ');
  if (space == std::string_view::npos || first.find('\0') != std::string_view::npos) return 0;
  weir::http::RequestHead head;
  head.set_method(first.substr(0, space));
  head.set_target(first.substr(space + 1));
  for (std::string_view line = next_line(text); !line.empty(); line = next_line(text)) {
    const std::size_t colon = line.find(": ");
    if (colon == 0 || colon == std::string_view::npos || line.find('\r') != std::string_view::npos) return 0;
    head.fields.add(line.substr(0, colon), line.substr(colon + 2));
  }
  static const weir::sign::Keys kKeys = {{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}};
  static weir::wire::StubFacade open({}), locked(kKeys);
  judge(open.facade().handle(head, text), input);
  judge(locked.facade().handle(head, text), input);

  // What is signed for S3 is known by its signature, whatever its path, and refused in S3's own form.
  if (head.fields.find("authorization") || head.path().empty() ||
      head.query().find("X-Amz-") != std::string_view::npos) {
    return 0;
  }
  constexpr weir::Timestamp kThen{1'440'938'160'000};
  head.fields.remove("x-amz-content-sha256");
  weir::sign::sign(head, weir::sign::hex(weir::sign::sha256(text)),
                   {.access_key = "AKIDEXAMPLE", .region = "eu-west-1", .service = "s3"}, kKeys.begin()->second, kThen);
  judge(locked.facade().handle(head, text), input);
  return 0;
}
