// bench_paced PORT RATE SECONDS CONNECTIONS: HTTP/1.1 requests to 127.0.0.1:PORT at instants that are fixed before the
// first is sent: RATE a second, for SECONDS, over kept connections. Each latency counts from the instant that was
// meant, so that a server that stops makes all that was due wait, as users would. Prints one line of JSON; times are
// in microseconds. One thread.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the timerfd's
using std::chrono::duration;
using std::chrono::nanoseconds;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
constexpr std::size_t kBody = 13;  // of the answer that the backend gives
constexpr std::size_t kBuffer = 64 * 1024;
constexpr int kEvents = 256;
constexpr std::chrono::seconds kPatience{5};  // for answers after the last request

struct Connection {
  int fd = -1;
  Clock::time_point meant{};  // of the request that is under way
  std::string head;           // of its answer, while it is not whole
  std::size_t body = 0;       // bytes that are still owed
};

class Load {
 public:
  Load(std::uint16_t port, double rate, double seconds, std::size_t connections)
      : gap_(static_cast<std::int64_t>(1e9 / rate)), count_(static_cast<std::size_t>(rate * seconds)) {
    latencies_.reserve(count_);
    connections_.resize(connections);
    for (Connection& each : connections_) connect(each, port);
    epoll_event event{EPOLLIN | EPOLLET, {.ptr = nullptr}};  // it is never read: each alarm is told once
    epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
  }

  void run() {
    start_ = Clock::now() + std::chrono::milliseconds(5);
    const Clock::time_point end = due(count_) + kPatience;
    while (latencies_.size() + failed_ < count_ && Clock::now() < end && living_ > 0) {
      send_due();
      epoll_event events[kEvents];
      const int count = epoll_wait(epoll_, events, kEvents, 100);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr != nullptr) read(*static_cast<Connection*>(events[i].data.ptr));
      }
    }
  }

  void report() {
    std::ranges::sort(latencies_);
    const auto at = [this](double share) {
      if (latencies_.empty()) return 0.0;
      const auto place = static_cast<std::size_t>(share * static_cast<double>(latencies_.size()));
      return duration<double, std::micro>(latencies_[std::min(place, latencies_.size() - 1)]).count();
    };
    std::printf(
        "{\"requests\": %zu, \"failed\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": "
        "%.1f}\n",
        latencies_.size(), count_ - latencies_.size(), at(0.5), at(0.99), at(0.999), at(1));
  }

 private:
  Clock::time_point due(std::size_t request) const { return start_ + gap_ * static_cast<std::int64_t>(request); }

  void connect(Connection& connection, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    connection.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("bench_paced: cannot connect");
      std::exit(1);
    }
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{EPOLLIN, {.ptr = &connection}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
    idle_.push_back(&connection);
    ++living_;
  }

  // Sends what is due as far as there are idle connections, and sets the alarm for what comes next.
  void send_due() {
    const Clock::time_point now = Clock::now();
    while (next_ < count_ && due(next_) <= now && !idle_.empty()) {
      Connection& connection = *idle_.back();
      idle_.pop_back();
      connection.meant = due(next_++);
      if (send(connection.fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) lose(connection);
    }
    if (next_ == count_ || due(next_) <= now) return;
    const auto since = due(next_).time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    itimerspec alarm{};
    alarm.it_value = {seconds.count(), nanoseconds(since - seconds).count()};
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &alarm, nullptr);
  }

  void read(Connection& connection) {
    char buffer[kBuffer];
    const ssize_t size = recv(connection.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return lose(connection);
    std::string_view in(buffer, static_cast<std::size_t>(size));
    if (connection.body == 0) {
      connection.head.append(in);
      const std::size_t end = connection.head.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const std::size_t length = body_length(std::string_view(connection.head).substr(0, end + 2));
      in.remove_prefix(in.size() - (connection.head.size() - end - 4));
      connection.body = length;
      if (!connection.head.starts_with("HTTP/1.1 200 ") || length != kBody) return lose(connection);
      connection.head.clear();
    }
    connection.body -= std::min(connection.body, in.size());
    if (connection.body > 0) return;
    latencies_.push_back(Clock::now() - connection.meant);
    idle_.push_back(&connection);
  }

  static std::size_t body_length(std::string_view head) {
    constexpr std::string_view kName = "\r\ncontent-length:";
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    const auto found = std::ranges::search(head, kName, same);
    std::size_t length = 0;
    const char* at = found.end();
    while (at != head.end() && *at == ' ') ++at;
    std::from_chars(at, head.data() + head.size(), length);
    return length;
  }

  void lose(Connection& connection) {
    ++failed_;
    --living_;
    close(connection.fd);
  }

  int epoll_ = epoll_create1(0);
  int timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  nanoseconds gap_;
  std::size_t count_;
  std::size_t next_ = 0, failed_ = 0, living_ = 0;
  Clock::time_point start_{};
  std::vector<Connection> connections_;
  std::vector<Connection*> idle_;
  std::vector<nanoseconds> latencies_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 || std::atof(argv[2]) <= 0 || std::atoi(argv[4]) <= 0) {
    return std::fprintf(stderr, "usage: bench_paced PORT RATE SECONDS CONNECTIONS\n"), 2;
  }
  prctl(PR_SET_TIMERSLACK, 1);
  Load load(static_cast<std::uint16_t>(std::atoi(argv[1])), std::atof(argv[2]), std::atof(argv[3]),
            static_cast<std::size_t>(std::atoi(argv[4])));
  load.run();
  load.report();
}
