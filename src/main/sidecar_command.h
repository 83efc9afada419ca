// `weir sidecar`: stands in for the Envoy that App Mesh wants beside each task. Weir's proxy carries the mesh's
// traffic, so that what is left of Envoy is what others look at: its admin port, which says that it lives. `weir shim`
// starts it.
#pragma once

#include <span>
#include <string>

namespace weir {

// "--check": asks the one that runs, and ends with 0 where it lives.
int sidecar_command(std::span<const std::string> arguments);

}  // namespace weir
