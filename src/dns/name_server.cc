#include "dns/name_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "dns/limits.h"
#include "dns/reply.h"
#include "net/socket.h"

namespace weir::dns {

namespace {

// Transfers of whole zones, RFC 5936 and 1995: nobody gets them here, and forwarded they would be more than one reply.
bool is_transfer(Type type) { return type == static_cast<Type>(251) || type == static_cast<Type>(252); }

}  // namespace

NameServer::NameServer(net::Loop& loop, NameSockets sockets, const NameTable& names, Forwarder& forwarder, Cidr tasks,
                       Random& random)
    : loop_(loop),
      sockets_(std::move(sockets)),
      names_(names),
      forwarder_(forwarder),
      tasks_(std::move(tasks)),
      random_(random) {
  loop_.watch(sockets_.datagrams.get(), net::kReadable, *this);
  loop_.watch(sockets_.streams.get(), net::kReadable, acceptor_);
}

NameServer::~NameServer() { close(); }

void NameServer::close() {
  if (std::exchange(closed_, true)) return;
  loop_.unwatch(sockets_.datagrams.get());
  loop_.unwatch(sockets_.streams.get());
  sockets_.streams.reset();
  while (receive()) continue;
}

Asker NameServer::asker(const net::SocketAddress& peer) const {
  return tasks_.contains(peer.host()) ? Asker::task : Asker::host;
}

// --- datagrams --------------------------------------------------------------------------------------------------

void NameServer::on_ready(std::uint32_t) {
  for (std::size_t left = kDatagramsPerTurn; left > 0 && receive(); --left) continue;
}

// False where none waits.
bool NameServer::receive() {
  static thread_local std::array<char, kLargestQuery> buffer;
  net::SocketAddress peer;
  socklen_t size = net::SocketAddress::capacity();
  const int socket = sockets_.datagrams.get();
  const ssize_t count = recvfrom(socket, buffer.data(), buffer.size(), 0, peer.data(), &size);
  if (count < 0) return errno == EINTR || errno == ECONNREFUSED;  // the latter: that somebody is gone who was answered
  peer.set_size(size);
  const std::string_view message(buffer.data(), static_cast<std::size_t>(count));
  answer(message, asker(peer), Transport::datagram, [socket, peer](const std::string& reply) {
    if (reply.empty()) return;
    // What the kernel does not take now is lost as any datagram may be; the client asks again.
    [[maybe_unused]] const auto sent =
        sendto(socket, reply.data(), reply.size(), MSG_NOSIGNAL, peer.data(), peer.size());
  });
  return true;
}

// --- streams ----------------------------------------------------------------------------------------------------

void NameServer::accept() {
  net::SocketAddress peer;
  while (auto socket = net::accept_stream(sockets_.streams.get(), &peer)) {
    if (streams_.size() >= kMostStreams) make_room();
    const std::uint64_t id = next_stream_++;
    const Asker who = asker(peer);
    NameStreamCalls calls{.ask =
                              [this, id, who](std::string_view message) {
                                answer(message, who, Transport::stream, [this, id](std::string reply) {
                                  if (const auto found = streams_.find(id); found != streams_.end())
                                    found->second->say(std::move(reply));
                                });
                              },
                          .ended =
                              [this, id] {
                                const std::uint64_t gone = id;  // this function goes with it
                                streams_.erase(gone);
                              }};
    streams_.emplace(id, std::make_unique<NameStream>(loop_, std::move(*socket), std::move(calls)));
  }
}

// The one that has been silent for longest goes.
void NameServer::make_room() {
  streams_.erase(std::ranges::min_element(streams_, {}, [](const auto& one) { return one.second->deadline(); }));
}

// --- answers ----------------------------------------------------------------------------------------------------

void NameServer::answer(std::string_view message, Asker asker, Transport transport, Say say) {
  const auto query = parse_query(message);
  if (!query) return say(write_failure(query.error()).value_or(""));
  const std::size_t limit = transport == Transport::stream ? kLargestMessage : datagram_limit(*query);
  if (is_transfer(query->type)) return say(write_failure(*query, Code::refused));
  auto reply = names_.answer(*query, asker, random_);
  if (!reply) return forward(message, *query, transport, std::move(say));
  reply->recursion_available = true;
  const auto* last = reply->answers.empty() ? nullptr : std::get_if<std::string>(&reply->answers.back().data);
  if (last && query->type != Type::cname && query->recursion_desired && !names_.knows(*last)) {
    return follow(*query, std::move(*reply), limit, std::move(say));
  }
  say(write_reply(*query, *reply, limit));
}

void NameServer::forward(std::string_view message, const Query& query, Transport transport, Say say) {
  forwarder_.ask(message, transport, [query, say = std::move(say)](std::optional<std::string> reply) {
    say(reply ? std::move(*reply) : write_failure(query, Code::server_failure));
  });
}

// The alias leads elsewhere: what is there is asked of others, and told with it. By a stream, so that it is whole.
void NameServer::follow(const Query& query, Reply reply, std::size_t limit, Say say) {
  const std::string& target = std::get<std::string>(reply.answers.back().data);
  const Query further{.id = query.id, .recursion_desired = true, .name = target, .type = query.type};
  forwarder_.ask(write_question(further), Transport::stream,
                 [query, reply, limit, say = std::move(say)](std::optional<std::string> told) mutable {
                   auto answers = told ? answers_of_reply(*told) : std::nullopt;
                   if (!answers) return say(write_failure(query, Code::server_failure));
                   reply.code = code_in(*told);
                   reply.answers.insert(reply.answers.end(), answers->begin(), answers->end());
                   say(write_reply(query, reply, limit));
                 });
}

}  // namespace weir::dns
