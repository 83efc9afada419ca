#include "proxy/tunnel.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "net/socket.h"
#include "proxy/backend_link.h"
#include "proxy/limits.h"
#include "proxy/streams.h"

namespace weir::proxy {

void ClientStream::send_switch(const http::ResponseHead&, std::string_view, TunnelPlace, TunnelSocket) {
  check(false, "only HTTP/1.1 switches protocols");
}

class Tunnel::End final : public net::FdHandler, private Flushable {
 public:
  End(Tunnel& tunnel, TunnelSocket socket)
      : tunnel_(tunnel),
        fd_(std::move(socket.fd)),
        tls_(std::move(socket.tls)),
        out_(std::move(socket.out)),
        received_(std::move(socket.received)),
        ending_(socket.ended) {}
  ~End() override { close(false); }

  void start(End& other);
  // Passes on what came before the tunnel began.
  void take_over();
  void close(bool reset);
  void reset_when_sent() { resetting_ = true; }

  // Nothing more will happen in either direction.
  bool over() const { return finished_ && ended_; }
  // The peer neither speaks nor listens any more, and not in an orderly way.
  bool gone() const { return broken_ && ended_; }
  // Told to reset, and there is nothing that should arrive before.
  bool may_reset() const { return resetting_ && (broken_ || out_.empty()); }

 private:
  void on_ready(std::uint32_t events) override;
  void flush() override;
  void read();
  void send(std::string_view bytes);
  void input_ended();
  void fail();
  void finish();
  void resume();
  void update_interest();
  void mute();
  bool reading() const { return !paused_ && !ended_; }

  Lane& lane() { return tunnel_.lane_; }

  Tunnel& tunnel_;
  End* other_ = nullptr;
  net::Fd fd_;
  TlsPointer tls_;
  OutQueue out_;
  std::string received_;  // before the tunnel began
  bool ending_ = false;   // ... and that was all
  bool watched_ = false;
  bool blocked_ = false;    // the socket takes no more
  bool broken_ = false;     // a send has failed
  bool paused_ = false;     // the other end cannot keep up
  bool ended_ = false;      // the peer sends nothing more
  bool finishing_ = false;  // once `out_` is sent, so is the end
  bool notified_ = false;   // ... as far as TLS goes
  bool finished_ = false;   // ... and it was
  bool resetting_ = false;  // once `out_` is sent, the connection is reset
};

void Tunnel::End::start(End& other) {
  other_ = &other;
  out_.send_through(tls_.get());
  watched_ = true;
  lane().loop().watch(fd_.get(), net::kReadable, *this);
  if (!out_.empty()) lane().touch(*this);
}

void Tunnel::End::take_over() {
  if (!received_.empty()) tunnel_.passed(*this, received_.size());
  other_->send(received_);
  std::string().swap(received_);
  if (ending_) return input_ended();
  if (tls_) read();  // what came with the end of a handshake lies in the session, and no event will tell of it
}

void Tunnel::End::close(bool reset) {
  if (!fd_) return;
  lane().untouch(*this);
  if (tls_ && !broken_ && !reset) tls_->close_notify();
  if (reset) net::reset_on_close(fd_.get());
  mute();
  fd_.reset();
  out_.clear();
}

void Tunnel::End::update_interest() {
  if (!fd_ || !watched_) return;
  if (over()) return mute();
  lane().loop().change(fd_.get(), (reading() ? net::kReadable : 0u) | (blocked_ ? net::kWritable : 0u));
}

// A hang-up is told whether one asks for it or not: while nobody may read, the descriptor is not watched at all.
void Tunnel::End::mute() {
  if (watched_) lane().loop().unwatch(fd_.get());
  watched_ = false;
}

void Tunnel::End::on_ready(std::uint32_t events) {
  const bool gone = (events & (net::kError | net::kHangUp)) != 0;
  if (events & net::kWritable) flush();
  if (fd_ && reading()) {
    read();
  } else if (fd_ && gone && ended_) {
    fail();  // it said its last long ago, and now it does not listen any more either
  } else if (fd_ && gone) {
    mute();  // what it said before it went is read first
  } else {
    update_interest();
  }
  tunnel_.moved();
  lane().flush();
}

void Tunnel::End::read() {
  const std::span<char> buffer = lane().read_buffer();
  const ssize_t size = receive_from(fd_.get(), tls_.get(), buffer);
  if (size > 0) {
    tunnel_.push_idle();
    tunnel_.passed(*this, static_cast<std::size_t>(size));
    other_->send({buffer.data(), static_cast<std::size_t>(size)});
    paused_ = other_->out_.size() > kHighMark;
    if (tls_ && tls_->ended()) input_ended();
    return;
  }
  if (size == 0) return input_ended();
  if (errno != EAGAIN && errno != EINTR) return fail();
  if (!out_.empty()) lane().touch(*this);  // TLS itself has something to say
}

void Tunnel::End::send(std::string_view bytes) {
  if (broken_ || bytes.empty()) return;
  if (bytes.size() > kCopyLimit && !blocked_) {
    const OutQueue::Sent sent = out_.send_with(fd_.get(), bytes);
    broken_ = sent == OutQueue::Sent::broken;
    blocked_ = sent == OutQueue::Sent::blocked;
    if (blocked_) update_interest();
  } else {
    out_.append(bytes);
  }
  lane().touch(*this);
}

void Tunnel::End::flush() {
  if (!fd_) return;
  if (!broken_ && !out_.empty()) {
    const std::size_t before = out_.size();
    const OutQueue::Sent sent = out_.send(fd_.get());
    broken_ = sent == OutQueue::Sent::broken;
    blocked_ = sent == OutQueue::Sent::blocked;
    if (out_.size() < before) tunnel_.push_idle();
    update_interest();
  }
  if (broken_) {
    out_.clear();  // the next read tells what has become of the peer
  } else {
    if (finishing_ && !finished_) finish();
    if (out_.size() <= kLowMark) other_->resume();
  }
  tunnel_.moved();
}

void Tunnel::End::resume() {
  if (!paused_ || !fd_) return;
  paused_ = false;
  if (!watched_) lane().loop().watch(fd_.get(), net::kReadable, *this);
  watched_ = true;
  update_interest();
}

void Tunnel::End::input_ended() {
  ended_ = true;
  other_->finishing_ = true;
  lane().touch(*other_);
  update_interest();
}

// Says that nothing follows, once everything that came before has been sent.
void Tunnel::End::finish() {
  if (out_.empty() && tls_ && !notified_) {
    notified_ = true;
    tls_->close_notify();
    blocked_ = !out_.empty();
    update_interest();
  }
  if (!out_.empty()) return;
  shutdown(fd_.get(), SHUT_WR);
  finished_ = true;
  update_interest();
}

void Tunnel::End::fail() {
  broken_ = ended_ = true;
  out_.clear();
  mute();
}

Tunnel::Tunnel(Lane& lane, Entrance& entrance, ClientOrigin origin, TunnelPlace place, TunnelSocket client,
               TunnelSocket backend)
    : ClientConnection(entrance, std::move(origin)),
      lane_(lane),
      place_(std::move(place)),
      idle_timer_(lane.loop(),
                  [this] {
                    close(false);
                    lane_.flush();
                  }),
      client_(std::make_unique<End>(*this, std::move(client))),
      backend_(std::make_unique<End>(*this, std::move(backend))) {
  lane_.link(place_.backend).joined(*this);
  push_idle();
}

Tunnel::~Tunnel() {
  if (open_) leave_backend();
}

void Tunnel::push_idle() { idle_timer_.arm(lane_.loop().now() + place_.patience); }

void Tunnel::start() {
  client_->start(*backend_);
  backend_->start(*client_);
  client_->take_over();
  backend_->take_over();
  moved();
}

void Tunnel::end() {
  if (open_) place_.record->failed(FailureCause::drained);
  close(false);
}

void Tunnel::passed(const End& from, std::size_t size) {
  if (&from == client_.get()) {
    place_.record->from_client(size);
  } else {
    place_.record->from_backend(size);
  }
}

// Looks at what has become of both ends.
void Tunnel::moved() {
  if (!open_) return;
  if (client_->gone()) backend_->reset_when_sent();
  if (backend_->gone()) client_->reset_when_sent();
  if (client_->may_reset() || backend_->may_reset()) return close(true);
  if (client_->over() && backend_->over()) close(false);
}

void Tunnel::close(bool reset) {
  if (!open_) return;
  open_ = false;
  idle_timer_.cancel();
  client_->close(reset);
  backend_->close(reset);
  leave_backend();
  lane_.leave(*this);
}

void Tunnel::leave_backend() {
  LiveBackend& backend = place_.backend;
  lane_.link(backend).left(*this);
  place_.record->end(origin_);
  place_.pool.end(backend);
  if (!backend.serving() && backend.active == 0 && lane_.drained) lane_.drained();
}

}  // namespace weir::proxy
