// TLS contexts from the PEM files that a RouteTable names. Reads files: the main thread only.
#pragma once

#include <memory>

#include "net/tls.h"
#include "proxy/lane.h"
#include "route/route_table.h"

namespace weir::proxy {

// `listener` has TLS. `before` itself where the files say the same as then, and the keys of session tickets are the
// same. Errors: "Io", "Tls", naming the file.
Result<std::shared_ptr<const net::TlsServer>> load_tls_server(const route::Listener& listener,
                                                              const std::shared_ptr<const net::TicketKeys>& tickets,
                                                              const std::shared_ptr<const net::TlsServer>& before);

// The clients of every pool with TLS or HTTPS health checks, by its id; null where the files cannot be used, which is
// logged. `before`: of the last table.
PoolClients load_pool_clients(const route::RouteTable& table, const PoolClients& before, Log& log);

}  // namespace weir::proxy
