// bench_handshakes PORT SECONDS CONNECTIONS: full TLS 1.3 handshakes with 127.0.0.1:PORT: each connection shakes hands
// without an earlier session, asks for one thing over HTTP/1.1, reads the answer and closes; CONNECTIONS at a time,
// one thread each. The answer has to be the backend's. The certificate is not verified: its cost is the client's.
// Prints one line of JSON; times are in microseconds, from connect to the end of the answer.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr char kRequest[] = "GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";

struct Tally {
  std::vector<double> times;
  std::size_t failed = 0;
};

bool converse(SSL* ssl) {
  if (SSL_connect(ssl) != 1 || SSL_session_reused(ssl) || SSL_version(ssl) != TLS1_3_VERSION) return false;
  if (SSL_write(ssl, kRequest, sizeof kRequest - 1) <= 0) return false;
  std::string answer;
  char buffer[4096];
  for (int size; (size = SSL_read(ssl, buffer, sizeof buffer)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(size));
  return answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("Hello, world!");
}

bool one(SSL_CTX* context, const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  const linger at_once{.l_onoff = 1, .l_linger = 0};  // no port is kept waiting: there are many connections
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bool good = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (good) {
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    good = converse(ssl);
    SSL_free(ssl);
  }
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
  return good;
}

void work(SSL_CTX* context, const sockaddr_in& address, Clock::time_point end, Tally& tally) {
  for (Clock::time_point now = Clock::now(); now < end;) {
    const bool good = one(context, address);
    const Clock::time_point then = Clock::now();
    if (good) {
      tally.times.push_back(std::chrono::duration<double, std::micro>(then - now).count());
    } else {
      ++tally.failed;
    }
    now = then;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: bench_handshakes PORT SECONDS CONNECTIONS\n"), 2;
  std::signal(SIGPIPE, SIG_IGN);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const auto length = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::atof(argv[2])));
  const Clock::time_point end = Clock::now() + length;
  std::vector<Tally> tallies(static_cast<std::size_t>(std::max(1, std::atoi(argv[3]))));
  std::vector<std::thread> threads;
  for (Tally& tally : tallies) threads.emplace_back([&] { work(context, address, end, tally); });
  for (std::thread& thread : threads) thread.join();
  std::vector<double> times;
  std::size_t failed = 0;
  for (const Tally& tally : tallies) {
    times.insert(times.end(), tally.times.begin(), tally.times.end());
    failed += tally.failed;
  }
  std::ranges::sort(times);
  const double p99 = times.empty() ? 0 : times[std::min(times.size() - 1, times.size() * 99 / 100)];
  std::printf("{\"requests\": %zu, \"failed\": %zu, \"p99_us\": %.1f}\n", times.size(), failed, p99);
  SSL_CTX_free(context);
}
