// bench_relay PORT TARGET: the least that a proxy can do, to compare with: each connection to PORT has one of its own
// to TARGET (both on 127.0.0.1), and bytes go both ways unread. Level-triggered epoll, one recv and one send for what
// has arrived, no epoll_ctl while nobody is slow. One thread.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kBuffer = 64 * 1024;
constexpr int kEvents = 256;
constexpr int kBacklog = 4096;

struct End {
  int fd = -1;
  std::uint32_t events = EPOLLIN;
  bool ended = false;  // it will send no more
  std::string unsent;  // for it; while there is some, the other end is not read
  End* other = nullptr;
};

struct Relay {
  int epoll = epoll_create1(0);
  sockaddr_in target{};
  std::array<char, kBuffer> buffer;
  std::vector<std::array<End, 2>*> over;

  void watch(End& end, int operation) {
    epoll_event event{end.events, {.ptr = &end}};
    epoll_ctl(epoll, operation, end.fd, &event);
  }
  void change(End& end, std::uint32_t events) {
    if (end.events == events) return;
    end.events = events;
    watch(end, EPOLL_CTL_MOD);
  }

  void open(int client) {
    const int on = 1;
    const int backend = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(backend, reinterpret_cast<sockaddr*>(&target), sizeof target) != 0) {
      ::close(backend);
      ::close(client);
      return;
    }
    auto* pair = new std::array<End, 2>;
    (*pair)[0] = {.fd = client, .other = &(*pair)[1]};
    (*pair)[1] = {.fd = backend, .other = &(*pair)[0]};
    for (End& end : *pair) {
      setsockopt(end.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(end, EPOLL_CTL_ADD);
    }
  }

  void close(End& end) {
    if (end.fd < 0) return;
    End& first = end.other < &end ? *end.other : end;
    for (End* each : {&first, first.other}) {
      ::close(each->fd);
      each->fd = -1;
    }
    over.push_back(reinterpret_cast<std::array<End, 2>*>(&first));
  }

  void carry(End& from) {
    End& to = *from.other;
    const ssize_t size = recv(from.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN ? void() : close(from);
    if (size == 0) {
      from.ended = true;
      if (to.ended || !to.unsent.empty()) return close(from);
      shutdown(to.fd, SHUT_WR);
      return change(from, 0);
    }
    ssize_t sent = send(to.fd, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return close(from);
    sent = sent < 0 ? 0 : sent;
    if (sent == size) return;
    to.unsent.assign(buffer.data() + sent, static_cast<std::size_t>(size - sent));
    change(from, from.events & ~static_cast<std::uint32_t>(EPOLLIN));
    change(to, to.events | EPOLLOUT);
  }

  void go_on(End& to) {
    const ssize_t sent = send(to.fd, to.unsent.data(), to.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN ? void() : close(to);
    to.unsent.erase(0, static_cast<std::size_t>(sent));
    if (!to.unsent.empty()) return;
    change(to, to.events & ~static_cast<std::uint32_t>(EPOLLOUT));
    change(*to.other, to.other->events | EPOLLIN);
  }

  void run(int listening) {
    End door{.fd = listening};
    watch(door, EPOLL_CTL_ADD);
    while (true) {
      epoll_event events[kEvents];
      const int count = epoll_wait(epoll, events, kEvents, -1);
      for (int i = 0; i < count; ++i) {
        End& end = *static_cast<End*>(events[i].data.ptr);
        if (&end == &door) {
          open(accept(listening, nullptr, nullptr));
          continue;
        }
        if (end.fd >= 0 && (events[i].events & EPOLLOUT)) go_on(end);
        if (end.fd >= 0 && (events[i].events & EPOLLIN)) carry(end);
        if (end.fd >= 0 && (events[i].events & (EPOLLERR | EPOLLHUP)) && !(events[i].events & EPOLLIN)) close(end);
      }
      for (auto* pair : over) delete pair;
      over.clear();
    }
  }
};

sockaddr_in loopback(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  return address;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: bench_relay PORT TARGET\n"), 2;
  const int on = 1;
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(argv[1]);
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listening, kBacklog) != 0) {
    return std::perror("bench_relay: cannot listen"), 1;
  }
  const auto relay = std::make_unique<Relay>();
  relay->target = loopback(argv[2]);
  relay->run(listening);
}
