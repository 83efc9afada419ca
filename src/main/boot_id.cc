#include "main/boot_id.h"

#include <cstddef>

#include "runtime/files.h"

namespace weir {

namespace {

constexpr std::size_t kUuid = 36;        // characters
constexpr std::size_t kLongestId = 256;  // bytes

}  // namespace

std::string boot_id() {
  const auto text = runtime::read_file("/proc/sys/kernel/random/boot_id", kLongestId);
  return text ? text->substr(0, kUuid) : std::string();
}

}  // namespace weir
