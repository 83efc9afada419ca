// Any bytes as HTTP/1 requests: no crash, the same events however they are cut, and the first head is read as a second
// parser reads it.
#include <cstdint>

#include "base/check.h"
#include "h1_second.h"
#include "http/h1_transcript.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::string whole = weir::http::transcript_of_requests(text, size + 1);
  for (const std::size_t piece : {1, 3, 17}) {
    weir::check(weir::http::transcript_of_requests(text, piece) == whole, "the events depend on how the bytes are cut");
  }
  using namespace weir::http;
  H1Parser parser(H1Parser::Role::request);
  second::compare<RequestHead>(text, parser, true, [](const auto& head) { return second::request(head); });
  return 0;
}
