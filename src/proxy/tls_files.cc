#include "proxy/tls_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "net/fd.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

Result<std::string> read_pem(const std::string& path) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("cannot read " + path, errno);
  std::string text(kMaxPemFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read " + path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxPemFile) return fail("Io", path + " is too large for a PEM file");
  text.resize(size);
  return text;
}

constexpr net::AskClient kAsk[] = {net::AskClient::nothing, net::AskClient::any_certificate,
                                   net::AskClient::trusted_certificate, net::AskClient::trusted_if_any};

Result<std::shared_ptr<const net::TlsClient>> load_tls_client(const route::PoolTls& tls, route::PoolProtocol protocol,
                                                              const std::shared_ptr<const net::TlsClient>& before) {
  using enum route::PoolProtocol;
  net::TlsClientOptions options{
      .verify = tls.verify, .name = tls.sni, .http2 = protocol == http2 || protocol == grpc, .http = protocol != tcp};
  if (!tls.ca.empty()) options.ca = TRY(read_pem(tls.ca));
  if (before && before->options() == options) return before;
  return net::TlsClient::create(std::move(options));
}

}  // namespace

Result<std::shared_ptr<const net::TlsServer>> load_tls_server(const route::Listener& listener,
                                                              const std::shared_ptr<const net::TicketKeys>& tickets,
                                                              const std::shared_ptr<const net::TlsServer>& before) {
  const route::ListenerTls& tls = *listener.tls;
  net::TlsServerOptions options{.ask = kAsk[static_cast<std::size_t>(tls.client_certificates)],
                                .client_names = tls.client_names,
                                .partial_chains = tls.as_envoy,
                                .http = listener.protocol == route::ListenerProtocol::https,
                                .http1_first = tls.http1_first,
                                .tickets = tickets};
  for (const route::Certificate& each : tls.certificates) {
    auto chain = TRY(read_pem(each.certificate));
    auto key = TRY(read_pem(each.key));
    options.certificates.push_back({.chain = std::move(chain), .key = std::move(key)});
  }
  if (!tls.client_ca.empty()) options.client_ca = TRY(read_pem(tls.client_ca));
  if (before && before->options() == options) return before;
  auto made = net::TlsServer::create(std::move(options));
  if (!made) return fail("Tls", "with " + tls.certificates.front().certificate + ": " + made.error().message);
  return made;
}

PoolClients load_pool_clients(const route::RouteTable& table, const PoolClients& before, Log& log) {
  PoolClients clients;
  for (const route::Pool& pool : table.pools) {
    if (!pool.tls && pool.health.protocol != route::HealthProtocol::https) continue;
    const auto known = before.find(pool.id);
    const auto last = known == before.end() ? nullptr : known->second;
    auto client = load_tls_client(pool.tls.value_or(route::PoolTls{}), pool.protocol, last);
    if (!client) log.error("no TLS to the backends of pool " + pool.id + ": " + client.error().message);
    clients.emplace(pool.id, client ? std::move(*client) : nullptr);
  }
  return clients;
}

}  // namespace weir::proxy
