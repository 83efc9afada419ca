#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weir {

void check_failed(const char* sentence, std::source_location where) {
  std::fprintf(stderr, "weir: bug: %s (%s:%u)\n", sentence, where.file_name(), static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace weir
