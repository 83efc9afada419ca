#include "cli/prove.h"

#include <fmt/format.h>
#include <netdb.h>

#include <csignal>
#include <cstdio>

#include "cli/cli.h"
#include "cli/prove_run.h"
#include "net/signal_watch.h"

namespace weir::cli {

const char* const kProveDetails =
    "  -r, --rate N            requests per second (100) of each protocol, sent at times fixed beforehand\n"
    "  -d, --duration T        30s, 250ms, 2m; without it until Ctrl-C, SIGTERM or --until-file PATH\n"
    "  -c, --connections N     open from the start and used in turn (32; HTTP/2 and gRPC 4; at most so many at once\n"
    "                          where each request has its own, 256)\n"
    "      --streams N         at once on one HTTP/2 connection (100)\n"
    "  -p, --protocol P,…      h1, h1-close (a connection a request), h2 (cleartext, prior knowledge), grpc (unary),\n"
    "                          grpc-stream (bidirectional), ws (WebSocket); several at once with commas\n"
    "  -X, --method M, -H, --header 'Name: value', --data TEXT, --data-file PATH, --data-size BYTES\n"
    "      --grpc-method /package.Service/Method (or as the URL's path), --grpc-stream the same for streams\n"
    "      --grpc-message-hex HEX, or --name TEXT for a message whose field 1 is that string\n"
    "      --ws-path PATH      instead of the URL's, for WebSocket\n"
    "      --messages N        of a stream or WebSocket, each sent when the one before was answered (3)\n"
    "  -t, --timeout T         per request, from its intended time (5s)\n"
    "      --expect-status N   instead of any 2xx;  --expect TEXT, --expect-pattern REGEX: found in the body or the\n"
    "                          last message; without them a WebSocket has to echo\n"
    "      --version-pattern REGEX (first group), --version-header NAME: who answered\n"
    "      --mark T[=NAME],…   tells latencies before, during and after these times, and each SIGUSR1\n"
    "      --mark-window T     how long each of the three is (5s)\n"
    "      --json [FILE]       the account as JSON, on stdout without FILE;  -q, --quiet: no line per second\n"
    "Exit code 1 if a single request was not answered as expected. Nothing is ever repeated.\n";

namespace {

// Names below localhost are this machine, whatever the resolver thinks of them (RFC 6761).
Result<net::SocketAddress> resolve(const std::string& host, std::uint16_t port) {
  if (auto literal = net::SocketAddress::ip(host, port)) return *literal;
  if (host == "localhost" || host.ends_with(".localhost")) return net::SocketAddress::ip("127.0.0.1", port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return fail("Unreachable", fmt::format("{}: {}", host, ::gai_strerror(error)), ErrorSource::network);
  }
  char literal[NI_MAXHOST] = "";
  ::getnameinfo(found->ai_addr, found->ai_addrlen, literal, sizeof literal, nullptr, 0, NI_NUMERICHOST);
  ::freeaddrinfo(found);
  return net::SocketAddress::ip(literal, port);
}

int write_json(const ProveOptions& options, const ProveAccount& account, Duration lasted) {
  Json json = account.json(lasted);
  json.set("url", options.url).set("rate", options.loads.front().rate);
  std::FILE* file = options.json == "-" ? stdout : std::fopen(options.json.c_str(), "w");
  if (file == nullptr) return complain(fmt::format("cannot write {}", options.json));
  const std::string text = json.dump() + "\n";
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool flushed = (file == stdout ? std::fflush(file) : std::fclose(file)) == 0;
  return written && flushed ? kOk : complain(fmt::format("cannot write {}", options.json));
}

int report(const ProveOptions& options, const ProveAccount& account, Duration lasted) {
  const std::string table = account.table(lasted);
  std::fputs(table.c_str(), options.json == "-" ? stderr : stdout);
  std::fflush(stdout);
  const int written = options.json.empty() ? kOk : write_json(options, account, lasted);
  return account.failed() > 0 || account.open() > 0 ? kFailed : written;
}

}  // namespace

int prove(std::span<const std::string> words) {
  const auto options = parse_prove_options(words);
  if (!options) return complain(options.error().message, kUsage);
  const auto address = resolve(options->host, options->port);
  if (!address) return complain(address.error().message);
  const SystemClock clock;
  net::Loop loop(clock);
  ProveAccount account;
  ProveRun run(loop, *options, *address, account, [&](const std::string& line) {
    if (!options->quiet) std::fputs(line.c_str(), stderr);
  });
  net::SignalWatch signals(loop, {SIGINT, SIGTERM, SIGUSR1},
                           [&](int signal) { signal == SIGUSR1 ? run.mark() : run.end(); });
  run.run();
  return report(*options, account, run.lasted());
}

}  // namespace weir::cli
