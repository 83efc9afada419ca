// BackendH1: one HTTP/1.1 connection to a backend: connecting, idle in its BackendLink, or busy with one exchange.
// One thread; owned by its BackendLink.
#pragma once

#include <string>

#include "http/h1_parser.h"
#include "net/loop.h"
#include "net/timer.h"
#include "proxy/backend_link.h"
#include "proxy/out_queue.h"
#include "proxy/streams.h"

namespace weir::proxy {

class BackendH1 final : public net::FdHandler, public BackendStream, private Flushable {
 public:
  // `tls`: a session that begins with the connection, or null.
  BackendH1(Lane& lane, BackendLink& link, net::Fd socket, TlsPointer tls);
  ~BackendH1() override;

  // Takes an exchange; send_head comes next.
  void begin(Exchange& exchange);
  void close();
  // Its time is up: the exchange, if there is one, fails.
  void end() { fail(FailureCause::drained); }
  Instant idle_since() const { return idle_since_; }

  bool send_head(const http::RequestHead& head, std::string_view forwarded, bool end) override;
  void send_body(std::string_view bytes) override;
  void send_end(const http::HeaderBlock* trailers) override;
  std::size_t unsent() const override { return out_.size(); }
  std::uint64_t progress() const override;
  void body_taken(std::size_t size) override;
  void cancel() override;
  void discard() override;

 private:
  void on_ready(std::uint32_t events) override;
  void flush() override;
  void connected();
  void read();
  void process(std::string_view in);
  bool take_head(std::string_view& in);
  void take_body(std::string_view bytes);
  void switch_protocols(std::string_view rest);
  void complete(std::string_view rest);
  void read_away(std::string_view in);
  void end_of_input();
  void fail(FailureCause cause);
  bool surely_unprocessed() const;
  void update_interest();
  void mute();

  Lane& lane_;
  BackendLink& link_;
  net::Fd fd_;
  TlsPointer tls_;
  Exchange* exchange_ = nullptr;
  http::H1Parser parser_{http::H1Parser::Role::response};
  OutQueue out_;
  net::Timer connect_timer_;
  bool connecting_ = true;     // or in the TLS handshake
  bool request_sent_ = false;  // as far as the queue: the whole request is in it
  bool chunked_ = false;       // the request's body
  bool reused_ = false;
  bool paused_ = false;            // the client side cannot keep up
  bool blocked_ = false;           // the socket takes no more
  bool broken_ = false;            // a send has failed
  bool stop_reading_ = false;      // told to epoll
  bool muted_ = false;             // not watched
  std::size_t discards_ = 0;       // bytes of a body that nobody wants which may still come
  std::size_t body_debt_ = 0;      // bytes given to the exchange and not taken yet
  std::uint64_t sent_before_ = 0;  // bytes of earlier requests
  Instant idle_since_{};
  std::string pending_;  // read, but not yet parsed
};

}  // namespace weir::proxy
