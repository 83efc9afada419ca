// A name that one process of this machine's network namespace may hold at a time: a socket in the abstract Unix
// namespace. It is free again exactly when the last process that has the descriptor is gone. Any thread.
#pragma once

#include <string>

#include "net/fd.h"

namespace weir::runtime {

// None where somebody else holds it.
net::Fd claim_name(const std::string& name);

}  // namespace weir::runtime
