#include "wire/api_server.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "http/h1_writer.h"
#include "net/socket.h"
#include "wire/connection.h"

namespace weir::wire {
namespace {

constexpr Duration kAcceptAgain = std::chrono::milliseconds(100);

}  // namespace

ApiServer::ApiServer(net::Loop& loop, net::Fd listening, Facade& facade, std::vector<Route> routes,
                     ApiServerOptions options, Log& log)
    : loop_(loop),
      listening_(std::move(listening)),
      facade_(facade),
      routes_(std::move(routes)),
      options_(std::move(options)),
      log_(log),
      accept_again_(loop, [this] { loop_.change(listening_.get(), net::kReadable); }) {
  loop_.watch(listening_.get(), net::kReadable, *this);
}

ApiServer::~ApiServer() {
  connections_.clear();
  loop_.unwatch(listening_.get());
}

void ApiServer::on_ready(std::uint32_t) { accept_all(); }

void ApiServer::accept_all() {
  while (true) {
    errno = 0;
    auto socket = net::accept_stream(listening_.get());
    if (!socket) {
      if (errno == EMFILE || errno == ENFILE) {
        // The waiting client would be told of again at once, for ever.
        log_.warning("no descriptor is left for a connection to the API");
        loop_.change(listening_.get(), net::kNothing);
        accept_again_.arm(loop_.now() + kAcceptAgain);
      }
      return;
    }
    if (connections_.size() >= options_.max_connections && !make_room()) {
      refuse_connection(socket->get());
      continue;
    }
    net::set_no_delay(socket->get());
    auto connection = std::make_unique<Connection>(*this, std::move(*socket));
    connections_.emplace(connection.get(), std::move(connection));
  }
}

// So that slow clients, however many, cannot lock the others out: the one that has kept us waiting longest goes, those
// in the midst of a request after those that rest. Who takes its answer bit by bit keeps nobody waiting.
bool ApiServer::make_room() {
  const Instant latest = loop_.now() - options_.patience;
  Connection* slowest = nullptr;
  const auto order = [](const Connection& one) { return std::pair(one.half_read_, one.waiting_since_); };
  for (const auto& [connection, owner] : connections_) {
    if (connection->state_ != Connection::State::reading || connection->waiting_since_ > latest) continue;
    connection->note_progress();
    if (connection->waiting_since_ > latest) continue;
    if (!slowest || order(*connection) < order(*slowest)) slowest = connection;
  }
  if (!slowest) return false;
  if (slowest->half_read_) refuse_connection(slowest->socket_.get());
  slowest->close();
  return true;
}

void ApiServer::refuse_connection(int fd) {
  std::array<char, 512> text;
  const std::size_t size = http::write_simple_response(text, 503, "Too many connections\n", true);
  (void)!::send(fd, text.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void ApiServer::retire(Connection& connection) {
  const auto found = connections_.find(&connection);
  if (found == connections_.end()) return;
  retired_.push_back(std::move(found->second));
  connections_.erase(found);
  loop_.at_turn_end(*this);
}

void ApiServer::at_turn_end() { retired_.clear(); }

}  // namespace weir::wire
