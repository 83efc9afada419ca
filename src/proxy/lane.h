// Lane: what the connections of one worker share: its loop, table, buffers, pools of reusable objects, and the order
// in which writes leave. One thread; owned by the Worker; outlives every connection.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "net/loop.h"
#include "net/tls.h"
#include "proxy/drain_watch.h"
#include "proxy/gates.h"
#include "proxy/live_table.h"
#include "proxy/log_ring.h"
#include "proxy/out_queue.h"
#include "proxy/traffic_logs.h"
#include "proxy/waiting_lines.h"

namespace weir::proxy {

class Exchange;
class ClientConnection;
class BackendLink;

using TlsPointer = std::unique_ptr<net::TlsSession>;
using PoolClients = std::map<std::string, std::shared_ptr<const net::TlsClient>, std::less<>>;  // by pool

// As recv(), through `tls` unless that is null.
ssize_t receive_from(int fd, net::TlsSession* tls, std::span<char> buffer);

// A connection with bytes to write. Writes gathered while one event is handled leave together.
class Flushable {
 public:
  virtual ~Flushable() = default;
  virtual void flush() = 0;

 private:
  friend class Lane;
  bool touched_ = false;
};

class Lane final : private net::TurnTask {
 public:
  // `seed`: of everything that is left to chance. `shared`: as LiveTable has it.
  Lane(net::Loop& loop, Log& log, std::uint64_t seed, SharedLoads& shared);
  ~Lane() override;

  net::Loop& loop() { return loop_; }
  Log& log() { return log_; }
  Random& random() { return random_; }
  WaitingLines& lines() { return lines_; }
  Gates& gates() { return gates_; }
  LiveTable& table() { return table_; }
  DrainWatch& drains() { return drains_; }
  ChunkPool& chunks() { return chunks_; }
  // Scratch for one read, or for serialising one write; free again when the call that filled it returns.
  std::span<char> read_buffer() { return read_buffer_; }
  std::span<char> write_buffer() { return write_buffer_; }

  // `connection` has bytes to write: its flush() comes with the next flush(), at the latest at the end of the turn.
  void touch(Flushable& connection);
  void untouch(Flushable& connection);
  void flush();

  // Keeps a closed connection until nothing on the stack can refer to it any more.
  void bury(std::unique_ptr<net::FdHandler> connection);

  Exchange* take_exchange();
  void give_exchange(Exchange* exchange);

  ClientConnection& adopt(std::unique_ptr<ClientConnection> client);
  // Closed by itself: forget and bury it.
  void leave(ClientConnection& client);
  const std::vector<std::unique_ptr<ClientConnection>>& clients() const { return clients_; }

  // How the backends of pools with TLS, or with HTTPS health checks, are spoken to; null: its files could not be used.
  const PoolClients& pool_clients() const { return pool_clients_; }
  void set_pool_clients(PoolClients clients);
  // Another number after each change of pool_clients().
  std::uint64_t clients_generation() const { return clients_generation_; }

  ListenerTallies listener_tallies;
  LogRings logs;                                    // where access logs go
  std::shared_ptr<const TrafficLogs> traffic_logs;  // of the table in force; null: none
  // Clients' connections in their TLS handshake.
  std::size_t handshakes = 0;

  // The connections to `backend`.
  BackendLink& link(LiveBackend& backend);
  // Called when an exchange on a backend that does not serve (any more) has ended.
  std::function<void()> drained;

 private:
  void at_turn_end() override;

  net::Loop& loop_;
  Log& log_;
  Random random_;
  ChunkPool chunks_;
  std::vector<char> read_buffer_, write_buffer_;
  std::vector<std::unique_ptr<net::FdHandler>> graveyard_;
  std::vector<Flushable*> touched_;
  std::vector<std::unique_ptr<Exchange>> free_exchanges_;
  PoolClients pool_clients_;
  std::uint64_t clients_generation_ = 0;
  DrainWatch drains_;
  WaitingLines lines_;
  Gates gates_;
  LiveTable table_;
  std::vector<std::unique_ptr<ClientConnection>> clients_;
};

}  // namespace weir::proxy
