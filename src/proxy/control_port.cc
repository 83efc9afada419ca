#include "proxy/control_port.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "net/socket.h"
#include "proxy/limits.h"

namespace weir::proxy {

class ControlPort::Peer final : public net::FdHandler {
 public:
  Peer(ControlPort& port, net::Fd socket) : port_(port), loop_(port.loop_), fd_(std::move(socket)) {
    loop_.watch(fd_.get(), net::kReadable, *this);
  }
  ~Peer() override { loop_.unwatch(fd_.get()); }

  void send(std::string line) {
    if (out_.size() > kMaxUnsentFeedback) return;
    if (out_.empty()) {
      out_ = std::move(line);
    } else {
      out_ += line;
    }
    flush();
  }

 private:
  void on_ready(std::uint32_t events) override {
    if (events & net::kWritable) flush();
    if (events & (net::kReadable | net::kError | net::kHangUp)) read();
  }
  void flush() {
    std::size_t gone = 0;
    while (gone < out_.size()) {
      const ssize_t sent = ::send(fd_.get(), out_.data() + gone, out_.size() - gone, MSG_NOSIGNAL);
      if (sent < 0) break;  // a dead peer is told by the read
      gone += static_cast<std::size_t>(sent);
    }
    out_.erase(0, gone);
    loop_.change(fd_.get(), net::kReadable | (out_.empty() ? net::kNothing : net::kWritable));
  }
  void read() {
    std::array<char, kReadBuffer> buffer;
    const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return port_.drop_peer();
    const std::size_t seen = in_.size();
    in_.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t start = 0;
    for (std::size_t end = in_.find('\n', seen); end != std::string::npos; end = in_.find('\n', start)) {
      if (!take_line(std::string_view(in_).substr(start, end - start))) return port_.drop_peer();
      start = end + 1;
    }
    in_.erase(0, start);
    if (in_.size() > kMaxMessage) refuse("the message is longer than the limit");
  }
  bool take_line(std::string_view line) {
    const auto json = Json::parse(line);
    if (!json) return complain(json.error().message);
    const auto taken = port_.calls_.message(*json);
    return taken.has_value() || complain(taken.error().message);
  }
  bool complain(const std::string& why) {
    port_.log_.error("control sent a bad message, its connection is closed: " + why);
    return false;
  }
  void refuse(const std::string& why) {
    complain(why);
    port_.drop_peer();
  }

  ControlPort& port_;
  net::Loop& loop_;  // outlives the port, as this may
  net::Fd fd_;
  std::string in_, out_;
};

Result<std::unique_ptr<ControlPort>> ControlPort::open(net::Loop& loop, Log& log, const std::string& path,
                                                       Calls calls) {
  const net::SocketAddress address = TRY(net::SocketAddress::unix_path(path));
  struct stat existing;
  if (lstat(path.c_str(), &existing) == 0 && S_ISSOCK(existing.st_mode)) {
    // A socket whose owner has died refuses; one whose owner lives is not ours to take.
    if (net::connect_stream(address)) return fail("ControlSocket", "another process listens on " + path);
    unlink(path.c_str());
  }
  net::Fd socket = TRY(net::listen_stream(address));
  chmod(path.c_str(), 0600);
  return take(loop, log, path, std::make_shared<const net::Fd>(std::move(socket)), std::move(calls));
}

std::unique_ptr<ControlPort> ControlPort::take(net::Loop& loop, Log& log, const std::string& path, SharedFd socket,
                                               Calls calls) {
  return std::unique_ptr<ControlPort>(new ControlPort(loop, log, path, std::move(socket), std::move(calls)));
}

ControlPort::ControlPort(net::Loop& loop, Log& log, std::string path, SharedFd socket, Calls calls)
    : loop_(loop), log_(log), path_(std::move(path)), fd_(std::move(socket)), calls_(std::move(calls)) {
  loop_.watch(fd_->get(), net::kReadable, *this);
}

ControlPort::~ControlPort() {
  loop_.unwatch(fd_->get());
  if (!left_) unlink(path_.c_str());
}

void ControlPort::pause() {
  drop_peer();
  loop_.change(fd_->get(), net::kNothing);
}

void ControlPort::resume() { loop_.change(fd_->get(), net::kReadable); }

void ControlPort::on_ready(std::uint32_t) {
  std::optional<net::Fd> socket = net::accept_stream(fd_->get());
  if (!socket) return;
  peer_ = std::make_shared<Peer>(*this, std::move(*socket));
  calls_.connected();
}

// The peer may be on the stack: it goes in the next turn.
void ControlPort::drop_peer() {
  loop_.post([peer = std::exchange(peer_, nullptr)] {});
}

void ControlPort::send(std::string message) {
  if (peer_) peer_->send(std::move(message) + "\n");
}

}  // namespace weir::proxy
