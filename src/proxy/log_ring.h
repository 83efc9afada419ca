// LogRing: lines on their way from one worker to the thread that writes them. Appending is a copy, or a refusal where
// there is no room: it never waits. One appending thread, one reading thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace weir::proxy {

class LogRing {
 public:
  // `size` is a power of two; memory that is never reached is never touched.
  explicit LogRing(std::size_t size) : size_(size), bytes_(new char[size]) {}
  LogRing(const LogRing&) = delete;
  LogRing& operator=(const LogRing&) = delete;

  // All of `line`, or nothing where there is no room. The appending thread.
  bool append(std::string_view line) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (size_ - (head - tail_.load(std::memory_order_acquire)) < line.size()) return false;
    const std::size_t at = head & (size_ - 1);
    const std::size_t first = std::min(line.size(), size_ - at);
    std::memcpy(bytes_.get() + at, line.data(), first);
    std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
    head_.store(head + line.size(), std::memory_order_release);
    return true;
  }

  // Where the last whole line ends, as a count of bytes since the beginning. The reading thread.
  std::uint64_t end() const { return head_.load(std::memory_order_acquire); }
  std::uint64_t begin() const { return tail_.load(std::memory_order_relaxed); }
  bool empty() const { return begin() == end(); }
  // What can be read in one piece up to `end`.
  std::string_view piece(std::uint64_t end) const {
    const std::uint64_t tail = begin();
    const std::size_t at = tail & (size_ - 1);
    return {bytes_.get() + at, std::min<std::size_t>(end - tail, size_ - at)};
  }
  void consume(std::size_t size) { tail_.store(begin() + size, std::memory_order_release); }

 private:
  const std::size_t size_;
  std::unique_ptr<char[]> bytes_;
  alignas(64) std::atomic<std::uint64_t> head_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
};

using LogRings = std::map<std::string, std::shared_ptr<LogRing>, std::less<>>;  // by path

}  // namespace weir::proxy
