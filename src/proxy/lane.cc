#include "proxy/lane.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "proxy/backend_link.h"
#include "proxy/client_connection.h"
#include "proxy/exchange.h"

namespace weir::proxy {

ssize_t receive_from(int fd, net::TlsSession* tls, std::span<char> buffer) {
  if (tls != nullptr) return tls->receive(buffer);
  // recv() is a cancellation point, for which the C library does more than for the call itself.
  return syscall(SYS_recvfrom, fd, buffer.data(), buffer.size(), 0, nullptr, nullptr);
}

Lane::Lane(net::Loop& loop, Log& log, std::uint64_t seed, SharedLoads& shared)
    : loop_(loop),
      log_(log),
      random_(seed),
      read_buffer_(kReadBuffer),
      write_buffer_(kReadBuffer),
      drains_(loop),
      lines_(*this),
      gates_(&shared, lines_),
      table_(&shared, &lines_) {}

Lane::~Lane() = default;

void Lane::touch(Flushable& connection) {
  if (connection.touched_) return;
  connection.touched_ = true;
  if (touched_.empty()) loop_.at_turn_end(*this);
  touched_.push_back(&connection);
}

void Lane::untouch(Flushable& connection) {
  if (!connection.touched_) return;
  connection.touched_ = false;
  std::ranges::replace(touched_, &connection, nullptr);
}

void Lane::flush() {
  for (std::size_t i = 0; i < touched_.size(); ++i) {  // flushing may touch further ones
    Flushable* connection = touched_[i];
    if (connection == nullptr) continue;
    connection->touched_ = false;
    connection->flush();
  }
  touched_.clear();
}

void Lane::bury(std::unique_ptr<net::FdHandler> connection) {
  loop_.at_turn_end(*this);
  graveyard_.push_back(std::move(connection));
}

void Lane::at_turn_end() {
  flush();
  std::vector<std::unique_ptr<net::FdHandler>> dead;  // burying goes on while these go
  dead.swap(graveyard_);
}

Exchange* Lane::take_exchange() {
  if (free_exchanges_.empty()) return new Exchange(*this);
  Exchange* exchange = free_exchanges_.back().release();
  free_exchanges_.pop_back();
  return exchange;
}

void Lane::give_exchange(Exchange* exchange) {
  std::unique_ptr<Exchange> owned(exchange);
  owned->reset();
  if (free_exchanges_.size() < kFreeExchanges) free_exchanges_.push_back(std::move(owned));
}

ClientConnection& Lane::adopt(std::unique_ptr<ClientConnection> client) {
  client->slot_ = clients_.size();
  clients_.push_back(std::move(client));
  return *clients_.back();
}

void Lane::leave(ClientConnection& client) {
  const std::size_t slot = client.slot_;
  std::unique_ptr<ClientConnection> owned = std::move(clients_[slot]);
  if (slot + 1 != clients_.size()) {
    clients_[slot] = std::move(clients_.back());
    clients_[slot]->slot_ = slot;
  }
  clients_.pop_back();
  bury(std::move(owned));
}

void Lane::set_pool_clients(PoolClients clients) {
  if (clients == pool_clients_) return;
  pool_clients_ = std::move(clients);
  ++clients_generation_;
}

BackendLink& Lane::link(LiveBackend& backend) {
  if (!backend.attachment) backend.attachment = std::make_unique<BackendLink>(*this, backend);
  return static_cast<BackendLink&>(*backend.attachment);
}

}  // namespace weir::proxy
