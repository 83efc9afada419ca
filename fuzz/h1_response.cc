// Any bytes as HTTP/1 responses, the first byte choosing the method answered: no crash, the same events however they
// are cut, and the first head is read as a second parser reads it.
#include <cstdint>

#include "base/check.h"
#include "h1_second.h"
#include "http/h1_transcript.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using weir::http::Method;
  if (size == 0) return 0;
  constexpr Method kMethods[] = {Method::get, Method::head, Method::connect};
  const Method method = kMethods[bytes[0] % 3];
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::string whole = weir::http::transcript_of_responses(text, size + 1, method);
  for (const std::size_t piece : {1, 3, 17}) {
    weir::check(weir::http::transcript_of_responses(text, piece, method) == whole,
                "the events depend on how the bytes are cut");
  }
  using namespace weir::http;
  H1Parser parser(H1Parser::Role::response);
  parser.expect(method);
  second::compare<ResponseHead>(text, parser, false, [&](const auto& head) { return second::response(head, method); });
  return 0;
}
