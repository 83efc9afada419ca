// Any bytes as a filter pattern, up to the first line's end, over the rest as a message: no crash, and an answer.
#include "observe/filter_pattern.h"

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto pattern = weir::observe::FilterPattern::parse(text.substr(0, end));
  if (pattern) (void)pattern->matches(text.substr(std::min(end + 1, text.size())));
  return 0;
}
