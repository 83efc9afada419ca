#include "base/result.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weir {

std::unexpected<Error> fail_errno(std::string what, int error_number) {
  return fail("Io", std::move(what) + ": " + std::strerror(error_number));
}

void must_failed(const char* expression, const Error& error) {
  std::fprintf(stderr, "weir: bug: %s failed: %s: %s\n", expression, error.code.c_str(), error.message.c_str());
  std::abort();
}

}  // namespace weir
