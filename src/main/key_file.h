// The key that seals secrets at rest: a file of the state folder that only its owner can read. Control thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weir {

// The key in the file, which is made where there is none. Errors: "Io", also where the file is no key or others could
// read it: then what it has sealed is not secret.
Result<std::string> read_or_make_key(const std::string& path);

}  // namespace weir
