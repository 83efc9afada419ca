// The TLS of virtual gateways' listeners. Their callers come from outside, so that the proxy really speaks it (decision
// 0025). Pure; any thread.
#pragma once

#include <optional>

#include "control/mesh_tls.h"
#include "route/tls.h"

namespace weir::control {

// Of a listener with `tls` that is not DISABLED. None: its certificate is not there, and nothing can be shown.
std::optional<route::ListenerTls> gateway_tls(const model::VirtualGateway& gateway,
                                              const model::appmesh::VirtualGatewayListener& listener,
                                              const MeshTls& tls);

}  // namespace weir::control
