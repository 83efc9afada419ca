// Any bytes: an HTTP/1 request parser says the same however they are cut. The first byte is the size of the pieces.
#include <cstdint>

#include "base/check.h"
#include "http/h1_transcript.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = weir::http::transcript_of_requests(bytes, bytes.size() + 1);
  const auto pieces = weir::http::transcript_of_requests(bytes, data[0] % 17 + 1u);
  weir::check(whole == pieces, "the same bytes, cut in another way, say the same");
  return 0;
}
