// BackendLink: the connections of one worker to one backend: idle and busy ones over HTTP/1.1, shared ones over
// HTTP/2. One thread; owned by the LiveBackend it belongs to.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/socket_address.h"
#include "proxy/lane.h"
#include "proxy/live_pool.h"
#include "proxy/streams.h"
#include "proxy/tunnel_socket.h"

namespace weir::proxy {

class BackendH1;
class BackendH2;
class Exchange;
class Tunnel;

class BackendLink final : public LiveBackend::Attachment {
 public:
  BackendLink(Lane& lane, LiveBackend& backend);
  ~BackendLink() override;

  // A stream for `exchange` on a kept or new connection; null where not even a connection could be begun.
  BackendStream* open(Exchange& exchange);

  // A connection for bytes as they come: begun, with its TLS session, which waits until it stands. Empty where not even
  // that could be done. Its tunnel joins, or it has failed.
  std::optional<TunnelSocket> connect();
  void dial_failed() { free_place(); }
  // A connection that was being opened will not be, unless that has another reason.
  void connect_failed(FailureCause cause);

  void backend_changed() override;
  bool idle() const override { return h1_.empty() && h2_.empty() && tunnels_.empty(); }
  bool has_room() const override;
  // Closes connections that have been idle for too long.
  void sweep(Instant now);

  // When its time to finish is over; only of one that drains or has left the table.
  Instant drained_at() const { return *leaving_since_ + backend_.pool->spec().drain_delay; }
  // Ends what still goes on.
  void end_all();
  // Other workers have so many requests waiting for a connection: closes idle ones, or begins to end a shared one.
  void give_way(std::size_t wanted);

  // From the connections.
  bool keep(BackendH1& connection);  // false: close it instead
  void left_idle(BackendH1& connection);
  void closed(BackendH1& connection);
  void switched(BackendH1& connection);  // a tunnel has its socket, and its place
  void closed(BackendH2& connection);
  // Whether a connection of many streams, begun at `since`, takes no more of them, because other workers wait for its
  // place: as soon as it is idle, or after a while, since it may never be idle while this worker has requests for it.
  bool passes_on(Instant since, bool idle);
  // From the tunnels over connections that were its own.
  void joined(Tunnel& tunnel);
  void left(Tunnel& tunnel);
  bool serving() const { return backend_.serving(); }

 private:
  void renew_tls();
  void close_unused();
  void watch_drain();
  TlsPointer session(int fd) const;
  net::Fd new_socket();
  void free_place();
  bool owes_room() const;
  BackendStream* open_h1(Exchange& exchange);
  BackendStream* open_h2(Exchange& exchange);

  Lane& lane_;
  LiveBackend& backend_;
  net::SocketAddress address_;
  std::uint64_t clients_generation_ = 0;       // of the Lane's clients, when `tls_` was taken from there
  std::shared_ptr<const net::TlsClient> tls_;  // null: cleartext, or nothing at all where `unusable_`
  bool unusable_ = false;                      // TLS is asked for, and its files could not be used
  std::optional<Instant> leaving_since_;       // drains, or has left the table; none: neither
  std::vector<std::unique_ptr<BackendH1>> h1_;
  std::vector<BackendH1*> idle_;  // the last used is used next
  std::vector<std::unique_ptr<BackendH2>> h2_;
  std::vector<Tunnel*> tunnels_;
};

}  // namespace weir::proxy
