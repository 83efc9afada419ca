// H2Wire: an HTTP/2 session on its socket, the same for both sides of the proxy: reads feed the session, what the
// session has to say leaves once per loop turn. One thread; base of ClientH2 and BackendH2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/h2_session.h"
#include "net/loop.h"
#include "proxy/lane.h"
#include "proxy/out_queue.h"

namespace weir::proxy {

// The outgoing body of one stream: gathered by the exchange, taken by the session as windows allow.
class H2Outgoing {
 public:
  void append(std::string_view bytes);
  void end(const http::HeaderBlock* trailers);
  // The next piece, at most `max` bytes; the views hold until append() is called.
  http::H2BodyPart next(std::size_t max);
  std::size_t unsent() const { return bytes_.size() - taken_; }
  std::uint64_t total_taken() const { return total_taken_; }  // since it was made
  bool has_trailers() const { return has_trailers_; }
  const http::HeaderBlock& trailers() const { return trailers_; }
  void reset();

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
  std::uint64_t total_taken_ = 0;
  bool ended_ = false;
  bool has_trailers_ = false;
  http::HeaderBlock trailers_;
};

class H2Wire : public http::H2Events, private net::TurnTask {
 public:
  H2Wire(Lane& lane, net::Fd socket, TlsPointer tls, http::H2Session::Side side);
  ~H2Wire() override;

 protected:
  // The socket or the session is beyond use. Streams that have not had on_closed will not get it.
  virtual void wire_broken() = 0;
  // After each drain: streams may be told that their bodies have left.
  virtual void wire_drained() {}
  // Both sides have said everything.
  virtual void wire_finished() { wire_broken(); }

  http::H2Session& session() { return session_; }
  // The session has something to say: at the end of the turn.
  void wake() { lane_.loop().at_turn_end(*this); }
  void wire_ready(std::uint32_t events);  // the socket is readable or writable
  void feed(std::string_view bytes);
  void close_socket();
  // Says that nothing follows. What still comes is read and dropped, lest a reset overtake what has been said.
  void end_sending();
  bool open() const { return fd_.valid(); }
  int fd() const { return fd_.get(); }
  // A number that grows while the peer takes this stream's bytes: those that the session has taken, and where it has
  // room for more (the socket is what is full) those of the connection.
  std::uint64_t progress_of(http::StreamId stream, const H2Outgoing& out) const;
  std::uint64_t total_sent() const { return out_.total_sent(); }
  // Bytes that the session has said and the socket has not taken yet.
  std::size_t queued() const { return out_.size(); }
  void set_connected(bool connected) { connected_ = connected; }

  net::TlsSession* tls() { return tls_.get(); }

  Lane& lane_;

 private:
  void at_turn_end() override;
  void read();

  net::Fd fd_;
  TlsPointer tls_;
  http::H2Session session_;
  OutQueue out_;
  bool connected_ = true;
  bool dead_ = false;      // the session has failed: what is queued still leaves
  bool said_all_ = false;  // end_sending()
};

}  // namespace weir::proxy
