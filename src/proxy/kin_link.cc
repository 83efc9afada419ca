#include "proxy/kin_link.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kControlRoom = CMSG_SPACE(sizeof(int) * kMaxDescriptors);

}  // namespace

Result<std::pair<net::Fd, net::Fd>> KinLink::pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return fail_errno("cannot open a pair of sockets", errno);
  }
  return std::pair(net::Fd(ends[0]), net::Fd(ends[1]));
}

KinLink::KinLink(net::Loop& loop, net::Fd socket, Calls calls)
    : loop_(loop), fd_(std::move(socket)), calls_(std::move(calls)) {
  loop_.watch(fd_.get(), net::kReadable, *this);
}

KinLink::~KinLink() {
  if (fd_) loop_.unwatch(fd_.get());
}

void KinLink::send(std::string message, std::span<const SharedFd> descriptors) {
  check(descriptors.size() <= kMaxDescriptors, "descriptors travel in bundles that the kernel takes");
  if (!fd_) return;
  out_.push_back({std::move(message) + "\n", {descriptors.begin(), descriptors.end()}});
  flush();
}

void KinLink::flush() {
  while (fd_ && !out_.empty()) {
    const ssize_t sent = send_front();
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) break;  // a dead peer is told by the read
    Outgoing& front = out_.front();
    front.bytes.erase(0, static_cast<std::size_t>(sent));
    front.descriptors.clear();
    if (front.bytes.empty()) out_.pop_front();
  }
  if (fd_) loop_.change(fd_.get(), net::kReadable | (out_.empty() ? net::kNothing : net::kWritable));
}

ssize_t KinLink::send_front() {
  Outgoing& front = out_.front();
  iovec bytes{front.bytes.data(), front.bytes.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char room[kControlRoom];
  if (!front.descriptors.empty()) {
    std::memset(room, 0, sizeof room);
    message.msg_control = room;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * front.descriptors.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * front.descriptors.size());
    int* place = reinterpret_cast<int*>(CMSG_DATA(header));
    for (const SharedFd& each : front.descriptors) *place++ = each->get();
  }
  return sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
}

void KinLink::on_ready(std::uint32_t events) {
  if (events & net::kWritable) flush();
  if (fd_ && (events & (net::kReadable | net::kError | net::kHangUp))) read();
}

void KinLink::read() {
  char buffer[kKinBuffer];
  alignas(cmsghdr) char room[kControlRoom];
  iovec bytes{buffer, sizeof buffer};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  const ssize_t size = recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return close();
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      received_.push_back(std::make_shared<const net::Fd>(fd));
    }
  }
  if (message.msg_flags & MSG_CTRUNC) return close();  // a descriptor is missing: out of them
  const std::size_t seen = in_.size();
  in_.append(buffer, static_cast<std::size_t>(size));
  take_lines(seen);
}

void KinLink::take_lines(std::size_t seen) {
  std::size_t start = 0;
  for (std::size_t end = in_.find('\n', seen); end != std::string::npos; end = in_.find('\n', start)) {
    const auto json = Json::parse(std::string_view(in_).substr(start, end - start));
    if (!json) return close();
    calls_.message(*json);
    if (!fd_) return;
    start = end + 1;
  }
  in_.erase(0, start);
  if (in_.size() > kMaxMessage) close();
}

std::vector<SharedFd> KinLink::take(std::size_t count) {
  count = std::min(count, received_.size());
  const auto end = received_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<SharedFd> taken(received_.begin(), end);
  received_.erase(received_.begin(), end);
  return taken;
}

void KinLink::close() {
  loop_.unwatch(fd_.get());
  fd_.reset();
  out_.clear();
  calls_.closed();
}

}  // namespace weir::proxy
