#include "cli/client.h"

#include <errno.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "base/json.h"
#include "cli/limits.h"
#include "http/h1_parser.h"
#include "net/fd.h"
#include "net/socket.h"
#include "net/socket_address.h"
#include "sign/sigv4.h"

namespace weir::cli {

namespace {

using std::chrono::milliseconds;
using Take = std::function<bool(std::string_view)>;
constexpr milliseconds kForever{-1};

Result<> wait_for(int fd, short events, milliseconds timeout) {
  pollfd waiting{fd, events, 0};
  for (;;) {
    const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
    if (ready > 0) return {};
    if (ready == 0) return fail("Io", "no answer in time", ErrorSource::network);
    if (errno != EINTR) return fail_errno("poll", errno);
  }
}

Result<std::vector<net::SocketAddress>> resolve(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(endpoint.host.c_str(), nullptr, &hints, &found); error != 0)
    return fail("Unreachable", fmt::format("{}: {}", endpoint.host, ::gai_strerror(error)), ErrorSource::network);
  std::vector<net::SocketAddress> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char literal[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, literal, sizeof literal, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (auto address = net::SocketAddress::ip(literal, endpoint.port)) addresses.push_back(*address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

Result<net::Fd> connect_to(const Endpoint& endpoint) {
  std::string why = "no address";
  for (const auto& address : TRY(resolve(endpoint))) {
    auto socket = net::connect_stream(address);
    if (!socket) {
      why = socket.error().message;
      continue;
    }
    if (auto ready = wait_for(socket->get(), POLLOUT, kConnectTimeout); !ready) {
      why = ready.error().message;
    } else if (const int error = net::connect_error(socket->get()); error != 0) {
      why = fail_errno("connect", error).error().message;
    } else {
      return std::move(*socket);
    }
  }
  return fail(
      "Unreachable",
      fmt::format("no Weir answers at http://{}:{} ({}); is `weir serve` running?", endpoint.host, endpoint.port, why),
      ErrorSource::network);
}

// ECONNRESET and EPIPE are no end here: an answer may have come before the peer lost interest in our body.
Result<bool> send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      TRY(wait_for(fd, POLLOUT, kSilenceTimeout));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return false;
    } else if (errno != EINTR) {
      return fail_errno("send", errno);
    }
  }
  return true;
}

// Up to `buffer`'s size; empty at the end.
Result<std::string_view> receive(int fd, std::span<char> buffer, milliseconds timeout) {
  for (;;) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got >= 0) return std::string_view(buffer.data(), static_cast<std::size_t>(got));
    if (errno == EAGAIN) {
      TRY(wait_for(fd, POLLIN, timeout));
    } else if (errno != EINTR) {
      return fail_errno("receive", errno);
    }
  }
}

// Reads one answer, handing its body to `take`; returns its status.
Result<unsigned> read_answer(int fd, http::Method method, milliseconds timeout,
                             const std::function<bool(unsigned status, std::string_view)>& take) {
  http::H1Parser parser(http::H1Parser::Role::response);
  parser.expect(method);
  http::ResponseHead head;
  std::vector<char> buffer(kPiece);
  unsigned status = 0;
  for (;;) {
    std::string_view in = TRY(receive(fd, buffer, timeout));
    const bool ended = in.empty();
    for (;;) {
      const http::H1Step step = ended ? parser.end_of_input() : parser.next(in, head);
      if (!ended) in.remove_prefix(step.consumed);
      if (step.event == http::H1Event::head && !head.informational()) status = head.status;
      if (step.event == http::H1Event::body && !take(status, step.bytes)) return status;
      if (step.event == http::H1Event::complete && status != 0) return status;
      if (step.event == http::H1Event::error) return fail("Http", step.reason, ErrorSource::network);
      if (ended) return fail("Http", "the connection ended before the answer did", ErrorSource::network);
      if (step.event == http::H1Event::need_more) break;
    }
  }
}

// What AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say, as the aws CLI has it; empty where they say nothing.
struct Credentials {
  std::string access_key;
  std::string secret;
};
std::optional<Credentials> credentials() {
  const char* key = ::getenv("AWS_ACCESS_KEY_ID");
  const char* secret = ::getenv("AWS_SECRET_ACCESS_KEY");
  if (key == nullptr || secret == nullptr || *key == 0 || *secret == 0) return std::nullopt;
  return Credentials{key, secret};
}

// A server with keys of its own answers only what is signed; any other reads no signature.
void sign_request(http::RequestHead& head, Timestamp now) {
  const auto known = credentials();
  if (!known) return;
  const sign::Caller caller{known->access_key, sign::to_basic_iso8601(now).substr(0, 8), "us-east-1", "weir"};
  sign::sign(head, sign::kUnsignedPayload, caller, known->secret, now);
}

std::string request_head(const Endpoint& endpoint, std::string_view method, std::string_view target,
                         std::optional<std::uint64_t> length, Timestamp now) {
  http::RequestHead head;
  head.set_method(method);
  head.set_target(target);
  head.fields.add("Host", fmt::format("{}:{}", endpoint.host, endpoint.port));
  head.fields.add("User-Agent", "weir");
  head.fields.add("Connection", "close");
  if (length) {
    head.fields.add("Content-Type", "application/x-tar");
    head.fields.add("Content-Length", std::to_string(*length));
  }
  sign_request(head, now);
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", method, target);
  for (const http::HeaderField field : head.fields) text += fmt::format("{}: {}\r\n", field.name, field.value);
  return text + "\r\n";
}

// What an answer of 400 and above says: {"message": "…"}, {"Message": …}, or its text.
std::unexpected<Error> refused(unsigned status, std::string_view body) {
  std::string message(body.substr(0, body.find('\n')));
  if (const auto json = Json::parse(body)) {
    for (const char* name : {"message", "Message"})
      if (const Json* said = json->find(name); said != nullptr && said->is_string()) message = said->as_string();
  }
  if (message.empty()) message = fmt::format("status {}", status);
  return fail("Refused", message, ErrorSource::client);
}

Result<Reply> read_whole(int fd, http::Method method) {
  Reply reply;
  bool too_long = false;
  reply.status = TRY(read_answer(fd, method, kSilenceTimeout, [&](unsigned, std::string_view bytes) {
    too_long = reply.body.size() + bytes.size() > kMaxReply;
    if (!too_long) reply.body += bytes;
    return !too_long;
  }));
  if (too_long) return fail("Http", "the answer is too long", ErrorSource::network);
  if (reply.status >= 400) return refused(reply.status, reply.body);
  return reply;
}

}  // namespace

Result<Endpoint> endpoint_from(std::string_view url) {
  const auto wrong = [&] {
    return fail("Usage", fmt::format("`{}` is no endpoint: it looks like http://127.0.0.1:4566", url),
                ErrorSource::client);
  };
  std::string_view rest = url;
  if (!rest.starts_with("http://")) return wrong();
  rest.remove_prefix(7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t colon = rest.ends_with(']') ? std::string_view::npos : rest.rfind(':');
  std::string_view host = rest.substr(0, colon);
  std::uint16_t port = 80;
  if (colon != std::string_view::npos) {
    const auto [end, error] = std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), port);
    if (error != std::errc() || end != rest.data() + rest.size() || port == 0) return wrong();
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) return wrong();
  return Endpoint{std::string(host), port};
}

Result<Endpoint> endpoint_of(const Arguments& arguments) {
  if (const auto given = arguments.value(kEndpointFlag.name)) return endpoint_from(*given);
  const char* environment = ::getenv("WEIR_ENDPOINT");
  return endpoint_from(environment != nullptr && *environment != 0 ? environment : "http://127.0.0.1:4566");
}

Result<Reply> Client::get(std::string_view target) {
  const net::Fd socket = TRY(connect_to(endpoint_));
  TRY(send_all(socket.get(), request_head(endpoint_, "GET", target, std::nullopt, clock_.wall())));
  return read_whole(socket.get(), http::Method::get);
}

Result<> Client::stream(std::string_view target, const Take& take) {
  const net::Fd socket = TRY(connect_to(endpoint_));
  TRY(send_all(socket.get(), request_head(endpoint_, "GET", target, std::nullopt, clock_.wall())));
  std::string said;
  const unsigned status =
      TRY(read_answer(socket.get(), http::Method::get, kForever, [&](unsigned so_far, std::string_view bytes) {
        if (so_far < 400) return take(bytes);
        said += bytes.substr(0, kPiece - std::min(kPiece, said.size()));
        return true;
      }));
  if (status >= 400) return refused(status, said);
  return {};
}

Result<Reply> Client::put_file(std::string_view target, int fd, std::uint64_t size) {
  const net::Fd socket = TRY(connect_to(endpoint_));
  bool listens = TRY(send_all(socket.get(), request_head(endpoint_, "PUT", target, size, clock_.wall())));
  std::vector<char> buffer(kPiece);
  for (std::uint64_t at = 0; listens && at < size;) {
    const ssize_t got =
        ::pread(fd, buffer.data(), std::min<std::uint64_t>(buffer.size(), size - at), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno("read", got < 0 ? errno : EIO);
    listens = TRY(send_all(socket.get(), {buffer.data(), static_cast<std::size_t>(got)}));
    at += static_cast<std::uint64_t>(got);
  }
  return read_whole(socket.get(), http::Method::put);
}

}  // namespace weir::cli
