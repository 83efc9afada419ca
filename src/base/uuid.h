// Identifiers in the form of RFC 9562's UUIDs, drawn by lot; their version and variant say nothing. One thread, the
// Random's.
#pragma once

#include <string>

#include "base/random.h"

namespace weir {

inline std::string uuid(Random& random) {
  return random.hex(8) + "-" + random.hex(4) + "-" + random.hex(4) + "-" + random.hex(4) + "-" + random.hex(12);
}

}  // namespace weir
