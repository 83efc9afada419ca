// Peer: one runtime that watches a shim: it is sent the newest state and may say "stop". In the shim, on its loop and
// thread.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "net/fd.h"
#include "net/loop.h"

namespace weir::runtime {

class Peer final : public net::FdHandler {
 public:
  Peer(net::Loop& loop, net::Fd fd, std::function<void()> stop)
      : loop_(loop), fd_(std::move(fd)), stop_(std::move(stop)) {
    loop_.watch(fd_.get(), net::kReadable, *this);
  }
  ~Peer() override { close(); }

  bool gone() const { return !fd_; }
  void send(const std::string& state) {
    if (!fd_) return;
    unsent_ = state;
    flush();
  }

 private:
  void on_ready(std::uint32_t events) override {
    if (events & net::kWritable) flush();
    if (fd_ && (events & ~std::uint32_t{net::kWritable})) receive();
  }
  void flush() {
    if (unsent_.empty()) return;
    const ssize_t count = ::send(fd_.get(), unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)) {
      loop_.change(fd_.get(), net::kReadable | net::kWritable);
      return;
    }
    unsent_.clear();
    if (count < 0) return close();
    loop_.change(fd_.get(), net::kReadable);
  }
  void receive() {
    char message[64];
    const ssize_t count = recv(fd_.get(), message, sizeof message, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return close();
    if (std::string_view(message, static_cast<std::size_t>(count)) == "stop") stop_();
  }
  void close() {
    if (!fd_) return;
    loop_.unwatch(fd_.get());
    fd_.reset();
  }

  net::Loop& loop_;
  net::Fd fd_;
  std::function<void()> stop_;
  std::string unsent_;
};

}  // namespace weir::runtime
