// ClientH2: one HTTP/2 connection from a client; every stream is a ClientStream with an exchange of its own.
// One thread; owned by the Lane.
#pragma once

#include <memory>
#include <vector>

#include "net/timer.h"
#include "proxy/client_connection.h"
#include "proxy/h2_wire.h"
#include "proxy/streams.h"

namespace weir::proxy {

class ClientH2 final : public ClientConnection, private H2Wire {
 public:
  ClientH2(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, TlsPointer tls = nullptr);
  ~ClientH2() override;
  void finish_soon(Duration grace) override;
  void end() override;
  // Bytes read before the protocol was known.
  void receive(std::string_view in);
  // After a handshake: what came with its end lies in the session, and no event will tell of it.
  void take_over();

 private:
  struct Stream;

  void on_ready(std::uint32_t events) override;
  void* on_request(http::StreamId id, http::RequestHead& head, bool end) override;
  void on_refused(http::StreamId, http::H2Code code) override;
  void on_data(http::StreamId id, void* user, std::string_view bytes) override;
  void on_trailers(http::StreamId, void* user, http::HeaderBlock& trailers) override;
  void on_end(http::StreamId, void* user) override;
  void on_closed(http::StreamId, void* user, http::H2Code code) override;
  http::H2BodyPart next_body(http::StreamId id, void* user, std::size_t max) override;
  void on_pong(std::uint64_t payload) override;
  void wire_broken() override;
  void wire_finished() override;
  void wire_drained() override;

  void finish_exchange(Stream& stream);
  void release(Stream& stream);
  void end_refused();
  void go_on_finishing();
  void linger();
  void watch_lingering();
  void close();
  void on_timer();

  net::Timer timer_;  // idle, or the second step of a graceful end
  bool finishing_ = false;
  bool ping_due_ = false;    // once the first GOAWAY has left
  bool ended_ = false;       // its time is up: what does not leave soon is dropped
  bool lingering_ = false;   // all is said: until the client goes
  std::uint64_t taken_ = 0;  // bytes that it had acknowledged when that was last looked at ...
  Instant taken_at_{};       // ... and since when no more of them
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<std::unique_ptr<Stream>> free_;
  std::vector<Stream*> refusing_;  // the rest of their requests, once they are answered
  std::vector<Stream*> relieved_;  // their bodies have fallen to the low mark during a drain
};

}  // namespace weir::proxy
