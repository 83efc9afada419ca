// BackendH2: one HTTP/2 connection to a backend, shared by many exchanges of one worker. One thread; owned by its
// BackendLink.
#pragma once

#include <memory>
#include <vector>

#include "net/timer.h"
#include "proxy/backend_link.h"
#include "proxy/h2_wire.h"
#include "proxy/streams.h"

namespace weir::proxy {

class BackendH2 final : public net::FdHandler, private H2Wire {
 public:
  BackendH2(Lane& lane, BackendLink& link, net::Fd socket, TlsPointer tls);
  ~BackendH2() override;

  bool closing() const { return closing_; }
  bool takes() { return !closing_ && session().can_open(); }
  // A stream for `exchange`; null where this connection takes no more.
  BackendStream* begin(Exchange& exchange);
  // Takes no new stream; closes when the last one has ended.
  void close_when_idle();
  // Its time is up: every exchange fails.
  void end();

 private:
  struct Stream;

  void on_ready(std::uint32_t events) override;
  void connected();
  void on_response(http::StreamId, void* user, http::ResponseHead& head, bool end) override;
  void on_data(http::StreamId id, void* user, std::string_view bytes) override;
  void on_trailers(http::StreamId, void* user, http::HeaderBlock& trailers) override;
  void on_end(http::StreamId, void* user) override;
  void on_closed(http::StreamId, void* user, http::H2Code code) override;
  http::H2BodyPart next_body(http::StreamId id, void* user, std::size_t max) override;
  void on_goaway(http::StreamId, http::H2Code) override { closing_ = true; }
  void on_settings() override;
  void wire_broken() override;
  void wire_drained() override;

  Exchange* detach(Stream& stream);
  void release(Stream& stream);
  void close(FailureCause cause);

  BackendLink& link_;
  net::Timer connect_timer_;
  bool connecting_ = true;  // or in the TLS handshake
  Instant since_;           // when it was begun
  bool heard_ = false;      // the backend's SETTINGS: requests leave from now on
  bool closing_ = false;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<std::unique_ptr<Stream>> free_;
  std::vector<Stream*> relieved_;  // their bodies have fallen to the low mark during a drain
};

}  // namespace weir::proxy
