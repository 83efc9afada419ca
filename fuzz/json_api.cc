// A JSON call's body into a struct, and out again: what was read is written the same and read the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/ecs/shapes.h"
#include "wire/json_protocol.h"

namespace ecs = weir::model::ecs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto& shape = weir::shape_of<ecs::RegisterTaskDefinitionRequest>();
  ecs::RegisterTaskDefinitionRequest first;
  if (!weir::wire::decode_json(shape, text, &first)) return 0;
  const std::string written = weir::wire::json_reply(ecs::kService, shape, &first).body;
  ecs::RegisterTaskDefinitionRequest second;
  if (!weir::wire::decode_json(shape, written, &second)) __builtin_trap();
  if (weir::wire::json_reply(ecs::kService, shape, &second).body != written) __builtin_trap();
  return 0;
}
