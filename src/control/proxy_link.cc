#include "control/proxy_link.h"

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "control/limits.h"
#include "net/socket.h"

namespace weir::control {

ProxyLink::ProxyLink(net::Loop& loop, std::string socket_path, Log& log, ProxyLinkCalls calls)
    : loop_(loop), path_(std::move(socket_path)), log_(log), calls_(std::move(calls)), reconnect_(loop, [this] {
        connect();
      }) {
  reconnect_.arm(loop.now());
}

ProxyLink::~ProxyLink() {
  if (socket_) loop_.unwatch(socket_.get());
}

void ProxyLink::publish(route::RouteTablePointer table) {
  if (!connected_) return;
  waiting_ = std::move(table);
  write();
}

void ProxyLink::ask_to_be_followed(std::vector<std::string> command) {
  if (!connected_) return;
  Json::Array words(command.begin(), command.end());
  Json message;
  message.set("upgrade", Json::object().set("command", std::move(words)));
  outgoing_ += message.dump() + "\n";
  write();
}

void ProxyLink::connect() {
  const auto address = net::SocketAddress::unix_path(path_);
  auto socket = address ? net::connect_stream(*address) : Result<net::Fd>(std::unexpected(address.error()));
  if (!socket) {
    lose(socket.error().message);
    return;
  }
  socket_ = std::move(*socket);
  loop_.watch(socket_.get(), net::kWritable, *this);
}

// Closes what there is and tries again later. Told is the loss, and once an absence that lasts: a proxy that is just
// starting is no news.
void ProxyLink::lose(const std::string& why) {
  if (socket_) loop_.unwatch(socket_.get());
  socket_.reset();
  incoming_.clear();
  outgoing_.clear();
  sent_ = 0;
  waiting_ = nullptr;
  if (std::exchange(connected_, false) || ++failures_ == kFailuresToTellAbsence) {
    log_.warning("control: no proxy at " + path_ + " (" + why + "), trying again");
  }
  reconnect_.arm(loop_.now() + kReconnect);
}

void ProxyLink::on_ready(std::uint32_t events) {
  if (!connected_) {
    finish_connecting();
    return;
  }
  // What it said last is read even where it hung up after it.
  if (events & (net::kReadable | net::kHangUp | net::kError)) read();
  if (connected_ && (events & net::kWritable)) write();
}

void ProxyLink::finish_connecting() {
  if (const int error = net::connect_error(socket_.get()); error != 0) {
    lose(std::strerror(error));
    return;
  }
  connected_ = true;
  failures_ = 0;
  loop_.change(socket_.get(), net::kReadable);
  log_.info("control: connected to the proxy at " + path_);
  calls_.on_connected();
}

void ProxyLink::read() {
  std::vector<char> chunk(kReadChunk);
  const ssize_t size = ::read(socket_.get(), chunk.data(), chunk.size());
  if (size > 0) {
    take_lines({chunk.data(), static_cast<std::size_t>(size)});
  } else if (size == 0) {
    lose("it closed the connection");
  } else if (errno != EAGAIN && errno != EINTR) {
    lose(std::strerror(errno));
  }
}

void ProxyLink::take_lines(std::string_view chunk) {
  while (!chunk.empty()) {
    const auto end = chunk.find('\n');
    if (incoming_.size() + std::min(end, chunk.size()) > kLongestMessage) {
      lose("a message longer than " + std::to_string(kLongestMessage) + " bytes");
      return;
    }
    incoming_ += chunk.substr(0, end);
    if (end == std::string_view::npos) return;
    chunk.remove_prefix(end + 1);
    const std::string line = std::exchange(incoming_, {});
    if (!take_message(line) || !connected_) return;
  }
}

bool ProxyLink::take_message(std::string_view line) {
  const auto message = Json::parse(line);
  const Json* const body = message ? message->find("feedback") : nullptr;
  if (!body) {
    lose("a message that is no feedback");
    return false;
  }
  auto feedback = route::feedback_from_json(*body);
  if (!feedback) {
    lose("feedback that cannot be read: " + feedback.error().message);
    return false;
  }
  calls_.on_feedback(std::move(*feedback));
  return true;
}

void ProxyLink::write() {
  for (;;) {
    if (sent_ == outgoing_.size()) {
      if (!waiting_) break;
      Json message;
      message.set("table", route::to_json(*std::exchange(waiting_, nullptr)));
      outgoing_ = message.dump() + "\n";
      sent_ = 0;
    }
    const ssize_t size = ::send(socket_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      lose(std::strerror(errno));
      return;
    }
    sent_ += static_cast<std::size_t>(size);
  }
  const bool done = sent_ == outgoing_.size();
  if (done) {
    outgoing_.clear();
    sent_ = 0;
  }
  loop_.change(socket_.get(), done ? net::kReadable : net::kReadable | net::kWritable);
}

}  // namespace weir::control
