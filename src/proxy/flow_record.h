// FlowRecord: counts and logs bytes that are passed on as they come: one connection of a listener for bytes, from when
// it came, or what follows a 101 (Switching Protocols), whose exchange it ends. One thread; owned by the TcpClient,
// then by the Tunnel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/loop.h"
#include "proxy/client_connection.h"
#include "proxy/exchange_meter.h"
#include "proxy/live_pool.h"

namespace weir::proxy {

// What the access log says of a connection of a listener for bytes.
struct FlowFacts {
  std::string pool, target, rule;
  int rule_place = -1;     // as AccessFacts has it
  std::string_view error;  // a cause, see name_of()
  unsigned retries = 0;
  bool left = false;  // the client did not wait for a backend
  std::uint64_t bytes_in = 0, bytes_out = 0;
  Duration time{};  // after the handshake, where there is one
};
// The entrance has a log.
void log_flow(const Entrance& entrance, const ClientOrigin& origin, const FlowFacts& facts, const net::Loop& loop);

class FlowRecord {
 public:
  // A connection for bytes: one request of its listener, and of the pool that is chosen.
  FlowRecord(const net::Loop& loop, const Entrance& entrance);
  // What follows a 101. The exchange `began` then and is not finished; `line`: null where there is no access log.
  FlowRecord(const net::Loop& loop, const Entrance& entrance, LivePool& pool, LiveBackend& backend, Instant began,
             std::unique_ptr<SwitchedLine> line);
  FlowRecord(const FlowRecord&) = delete;
  FlowRecord& operator=(const FlowRecord&) = delete;

  void matched(const LiveRule& rule);
  void chose(LivePool& pool);
  // Each backend in turn; the last one has the bytes.
  void tried(LiveBackend& backend);
  void failed(FailureCause cause);
  // The client, before there was a backend.
  void client_left();
  void from_client(std::size_t size);
  void from_backend(std::size_t size);
  // Once; pool and backend live until here.
  void end(const ClientOrigin& origin);

 private:
  void count(Count what, std::uint64_t by = 1);

  const net::Loop& loop_;
  const Entrance& entrance_;
  LivePool* pool_ = nullptr;        // null: none chosen yet
  LiveBackend* backend_ = nullptr;  // null: none tried yet
  Instant began_;
  bool logged_ = false;                 // it has a line of its own: there was an access log as it began
  FlowFacts facts_;                     // its texts only where there is an access log
  std::unique_ptr<SwitchedLine> line_;  // null: not of a 101, or no access log
};

}  // namespace weir::proxy
