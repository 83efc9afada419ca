// TLS contexts from the PEM files that a RouteTable names. Reads files: the main thread only.
#pragma once

#include <memory>

#include "net/tls.h"
#include "route/route_table.h"

namespace weir::proxy {

// `before` itself where the files say the same as then. Errors: "Io", "Tls", naming the file.
Result<std::shared_ptr<const net::TlsServer>> load_tls_server(const route::ListenerTls& tls,
                                                              const std::shared_ptr<const net::TlsServer>& before);
Result<std::shared_ptr<const net::TlsClient>> load_tls_client(const route::PoolTls& tls, route::PoolProtocol protocol,
                                                              const std::shared_ptr<const net::TlsClient>& before);

}  // namespace weir::proxy
