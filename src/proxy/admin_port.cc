#include "proxy/admin_port.h"

#include <sys/socket.h>

#include <array>

#include "http/message.h"
#include "net/socket.h"
#include "net/timer.h"
#include "proxy/limits.h"

namespace weir::proxy {

class AdminPort::Visitor final : public net::FdHandler {
 public:
  Visitor(AdminPort& port, net::Fd socket)
      : port_(port), loop_(port.loop_), fd_(std::move(socket)), limit_(loop_, [this] { port_.forget(*this); }) {
    loop_.watch(fd_.get(), net::kReadable, *this);
    limit_.arm(loop_.now() + kAdminTime);
  }
  ~Visitor() override { loop_.unwatch(fd_.get()); }

  void on_ready(std::uint32_t events) override {
    if (events & net::kReadable) {
      std::array<char, 4096> buffer;
      const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return port_.forget(*this);
      in_.append(buffer.data(), static_cast<std::size_t>(size));
      if (in_.size() > kMaxAdminRequest) return port_.forget(*this);
      if (out_.empty() && in_.find("\r\n\r\n") != std::string::npos) answer();
    }
    write();
  }

 private:
  void answer() {
    const std::string_view line = std::string_view(in_).substr(0, in_.find("\r\n"));
    const std::size_t first = line.find(' ');
    const std::string_view method = line.substr(0, first);
    const std::string_view rest = first == std::string_view::npos ? "" : line.substr(first + 1);
    const std::string_view path = rest.substr(0, rest.find_first_of(" ?"));
    const bool known = method == "GET" || method == "HEAD";
    const AdminAnswer answer = known ? port_.answer_(path) : AdminAnswer{405, "GET is what is served here.\n"};
    out_ = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(http::reason_of(answer.status)) +
           "\r\ncontent-type: " + answer.type +
           "\r\nconnection: close\r\ncontent-length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
    if (method != "HEAD") out_ += answer.body;
  }
  void write() {
    if (out_.empty()) return;
    const ssize_t sent = send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
    if (out_.empty()) return port_.forget(*this);
    loop_.change(fd_.get(), net::kWritable);
  }

  AdminPort& port_;
  net::Loop& loop_;  // outlives the port, as this may
  net::Fd fd_;
  net::Timer limit_;
  std::string in_, out_;
};

Result<std::unique_ptr<AdminPort>> AdminPort::open(net::Loop& loop, const std::string& address,
                                                   std::function<AdminAnswer(std::string_view)> answer) {
  const net::SocketAddress parsed = TRY(net::SocketAddress::parse(address));
  net::Fd socket = TRY(net::listen_stream(parsed));
  return take(loop, std::make_shared<const net::Fd>(std::move(socket)), std::move(answer));
}

std::unique_ptr<AdminPort> AdminPort::take(net::Loop& loop, SharedFd socket,
                                           std::function<AdminAnswer(std::string_view)> answer) {
  return std::unique_ptr<AdminPort>(new AdminPort(loop, std::move(socket), std::move(answer)));
}

AdminPort::AdminPort(net::Loop& loop, SharedFd socket, std::function<AdminAnswer(std::string_view)> answer)
    : loop_(loop), fd_(std::move(socket)), answer_(std::move(answer)) {
  loop_.watch(fd_->get(), net::kReadable, *this);
}

AdminPort::~AdminPort() { loop_.unwatch(fd_->get()); }

void AdminPort::on_ready(std::uint32_t) {
  std::optional<net::Fd> socket = net::accept_stream(fd_->get());
  if (!socket) return;
  auto visitor = std::make_shared<Visitor>(*this, std::move(*socket));
  visitors_.emplace(visitor.get(), visitor);
}

// The visitor may be on the stack: it goes in the next turn.
void AdminPort::forget(Visitor& visitor) {
  const auto found = visitors_.find(&visitor);
  if (found == visitors_.end()) return;
  loop_.post([gone = std::move(found->second)] {});
  visitors_.erase(found);
}

}  // namespace weir::proxy
