#include "runtime/mesh_range.h"

#include <utility>

#include "runtime/name_claim.h"
#include "runtime/sha256.h"

namespace weir::runtime {

namespace {

constexpr std::uint32_t kFirst = 0x7f400000;  // 127.64.0.0
constexpr std::uint32_t kSize = ~kMeshMask + 1;
constexpr std::uint32_t kRanges = 4096;

}  // namespace

MeshRange take_mesh_range(const std::string& state_directory) {
  const auto start = static_cast<std::uint32_t>(std::stoul(digest_of(state_directory).substr(7, 6), nullptr, 16));
  for (std::uint32_t i = 0; i < kRanges; ++i) {
    const std::uint32_t number = (start + i) % kRanges;
    net::Fd claim = claim_name("weir-mesh-" + std::to_string(number));
    if (claim) return {kFirst + number * kSize, std::move(claim)};
  }
  return {};
}

}  // namespace weir::runtime
