// What the kernel knows of a TCP connection. Any thread.
#pragma once

#include <cstdint>
#include <optional>

namespace weir::proxy {

// Bytes that the peer's kernel has acknowledged; empty where it cannot be known. Of bytes beyond this the peer's
// program has certainly seen nothing once the connection is dead.
std::optional<std::uint64_t> acknowledged_bytes(int fd);

}  // namespace weir::proxy
