#include "dns/forwarder.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "dns/datagram.h"
#include "dns/limits.h"
#include "dns/reply.h"
#include "net/socket.h"
#include "net/timer.h"

namespace weir::dns {

namespace {

std::uint16_t id_of(std::string_view message) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(message[0]) << 8 | static_cast<std::uint8_t>(message[1]));
}

// Another server may know better.
bool is_failure(Code code) {
  return code == Code::server_failure || code == Code::not_implemented || code == Code::refused ||
         code == Code::form_error;
}

}  // namespace

// One query on its way: tries one server after another.
class Forwarder::Flight final : public net::FdHandler {
 public:
  Flight(Forwarder& owner, std::string_view query, Transport transport, std::vector<net::SocketAddress> servers,
         Told told)
      : owner_(owner),
        transport_(transport),
        servers_(std::move(servers)),
        client_id_(id_of(query)),
        message_(query),
        question_(question_of(query)),
        told_(std::move(told)),
        patience_(owner.loop_, [this] { try_next(); }) {}
  ~Flight() override { hang_up(); }

  // May destroy this.
  void try_next() {
    hang_up();
    while (tries_ < kMostForwardTries) {
      if (send_to(servers_[tries_++ % servers_.size()])) {
        patience_.arm(owner_.loop_.now() + kForwardPatience);
        return;
      }
    }
    owner_.ended(*this, std::move(failed_));
  }

  void tell(std::optional<std::string> reply) {
    if (reply) set_id(*reply, client_id_);
    told_(std::move(reply));
  }

 private:
  bool send_to(const net::SocketAddress& server) {
    auto socket = transport_ == Transport::datagram ? connect_datagram(server) : net::connect_stream(server);
    if (!socket) return false;
    id_ = static_cast<std::uint16_t>(owner_.secrets_());
    set_id(message_, id_);
    received_.clear();
    socket_ = std::move(*socket);
    if (transport_ == Transport::stream) {
      unsent_ = {static_cast<char>(message_.size() >> 8), static_cast<char>(message_.size() & 0xFF)};
      unsent_ += message_;
    } else if (send(socket_.get(), message_.data(), message_.size(), MSG_NOSIGNAL) < 0) {
      socket_.reset();
      return false;
    }
    owner_.loop_.watch(socket_.get(), transport_ == Transport::stream ? net::kWritable : net::kReadable, *this);
    return true;
  }

  void hang_up() {
    patience_.cancel();
    if (!socket_) return;
    owner_.loop_.unwatch(socket_.get());
    socket_.reset();
  }

  void on_ready(std::uint32_t) override {
    if (transport_ == Transport::datagram) return receive_datagram();
    if (unsent_.empty()) return receive_stream();
    const ssize_t sent = send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return try_next();
    unsent_.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    if (unsent_.empty()) owner_.loop_.change(socket_.get(), net::kReadable);
  }

  void receive_datagram() {
    static thread_local std::array<char, kLargestMessage> buffer;
    const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) return try_next();  // nobody listens there
    judge({buffer.data(), static_cast<std::size_t>(count)});
  }

  void receive_stream() {
    static thread_local std::array<char, kLargestMessage + 2> buffer;
    const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return try_next();
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    if (received_.size() < 2) return;
    const std::size_t size = id_of(received_);
    if (received_.size() < 2 + size) return;
    judge(std::string_view(received_).substr(2, size), true);
  }

  // A datagram that is no reply to this may be anybody's: it is passed over. On a stream it is the server's fault.
  void judge(std::string_view message, bool only_one = false) {
    const auto code = code_of_reply(message, id_, question_);
    if (!code) return only_one ? try_next() : void();
    if (!is_failure(*code)) return owner_.ended(*this, std::string(message));
    failed_ = std::string(message);
    if (servers_.size() == 1) tries_ = kMostForwardTries;  // it would say the same again
    try_next();
  }

  Forwarder& owner_;
  const Transport transport_;
  const std::vector<net::SocketAddress> servers_;
  const std::uint16_t client_id_;
  std::string message_;
  const std::string question_;
  Told told_;
  net::Timer patience_;
  net::Fd socket_;
  std::uint16_t id_ = 0;
  std::size_t tries_ = 0;
  std::string unsent_, received_;
  std::optional<std::string> failed_;  // what a server said that failed: better than nothing
};

Forwarder::Forwarder(net::Loop& loop, Resolvers& resolvers, Secrets secrets)
    : loop_(loop), resolvers_(resolvers), secrets_(std::move(secrets)) {}
Forwarder::~Forwarder() = default;

void Forwarder::ask(std::string_view query, Transport transport, Told told) {
  const auto& servers = resolvers_.at(loop_.now());
  if (servers.empty() || flights_.size() >= kMostForwarded) return told(std::nullopt);
  auto made = std::make_unique<Flight>(*this, query, transport, servers, std::move(told));
  Flight& flight = *made;
  flights_.emplace(&flight, std::move(made));
  flight.try_next();
}

void Forwarder::ended(Flight& flight, std::optional<std::string> reply) {
  const auto node = flights_.extract(&flight);
  node.mapped()->tell(std::move(reply));
}

}  // namespace weir::dns
