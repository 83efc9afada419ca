// check(condition, "sentence"): always on, for our own mistakes; never for input from outside.
#pragma once

#include <source_location>

namespace weir {

[[noreturn]] void check_failed(const char* sentence, std::source_location where);

inline void check(bool condition, const char* sentence, std::source_location where = std::source_location::current()) {
  if (!condition) [[unlikely]]
    check_failed(sentence, where);
}

}  // namespace weir
