// Where an instance's virtual services are on this machine (docs/decisions/0020): on the host at addresses of a range
// of loopback, for tasks with networks of their own at the same place of a range of link-local ones, which is the same
// for every instance, since each leads its own tasks to its own range. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "net/fd.h"

namespace weir::runtime {

inline constexpr std::uint32_t kMeshTwins = 0xa9feb000;  // 169.254.176.0
inline constexpr std::uint32_t kMeshMask = 0xfffffc00;

struct MeshRange {
  std::uint32_t first = 0;  // its first address; 0 where every range is taken
  net::Fd claim;            // held while the range is in use
};

// Of the 4096 ranges in 127.64.0.0/10 the one that `state_directory`, by which an instance is known, comes to first and
// that nobody else has: after a restart the same one.
MeshRange take_mesh_range(const std::string& state_directory);

}  // namespace weir::runtime
