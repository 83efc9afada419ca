// What a request says of its signature: the lines of the input are the Authorization header, the date header, the
// target, and further fields.
#include "sign/sigv4.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

using weir::sign::authenticate;
using weir::sign::Keys;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find('\r') != std::string_view::npos || text.find('\0') != std::string_view::npos) return 0;
  static constexpr const char* kNames[] = {"authorization", "x-amz-date", "", "x-amz-content-sha256", "x-amz-other"};
  weir::http::RequestHead head;
  head.set_method("POST");
  head.set_target("/");
  head.fields.add("host", "localhost");
  for (const std::string_view name : kNames) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (name.empty()) {
      head.set_target(line);
    } else if (!line.empty()) {
      head.fields.add(name, line);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  static const Keys kKeys = {{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}};
  constexpr weir::Timestamp kNow{1'440'938'160'000};
  static constexpr std::string_view kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const auto verified = authenticate(head, kEmpty, kKeys, kNow);
  const auto scope = authenticate(head, kEmpty, {}, kNow);
  // What a signature proves, its scope says too.
  if (verified && (!scope || scope->service != verified->service || scope->region != verified->region))
    __builtin_trap();
  return 0;
}
