// OutQueue: bytes on their way to one socket, in chunks that a worker's connections share, so that an idle connection
// holds no buffer. One thread; owned by a connection; the ChunkPool is owned by the worker's Lane and outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/tls.h"
#include "proxy/limits.h"

namespace weir::proxy {

struct Chunk {
  Chunk* next;
  std::uint32_t begin, end, capacity;
  char* data() { return reinterpret_cast<char*>(this + 1); }
};

class ChunkPool {
 public:
  ChunkPool() = default;
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  Chunk* take(std::size_t capacity);
  void give(Chunk* chunk);

 private:
  Chunk* free_ = nullptr;
  std::size_t free_count_ = 0;
};

class OutQueue {
 public:
  explicit OutQueue(ChunkPool& pool) : pool_(pool) {}
  // Takes what `other` holds, which is empty afterwards.
  OutQueue(OutQueue&& other) noexcept;
  ~OutQueue() { clear(); }
  OutQueue(const OutQueue&) = delete;
  OutQueue& operator=(const OutQueue&) = delete;

  // From now on bytes leave through `tls` (null: as they are), which outlives the queue's use.
  void send_through(net::TlsSession* tls) { tls_ = tls; }

  // Room for at least `size` bytes in one piece; say how many were written with commit().
  std::span<char> reserve(std::size_t size);
  void commit(std::size_t size);
  void append(std::string_view bytes);

  // Bytes that the kernel has not taken.
  std::size_t size() const { return size_ + (tls_ != nullptr ? tls_->unsent() : 0); }
  bool empty() const { return size() == 0; }
  void clear();

  enum class Sent { all, blocked, broken };
  // Sends what the socket takes.
  Sent send(int fd);
  // Sends what is queued, then `bytes` from where they lie; what the socket does not take of them is queued.
  Sent send_with(int fd, std::string_view bytes);
  // Bytes that the kernel has taken so far; over TLS those that were encrypted for it.
  std::uint64_t total_sent() const { return tls_ != nullptr ? tls_->produced() : total_sent_; }

 private:
  void drop(std::size_t size);
  Sent send_encrypted();

  ChunkPool& pool_;
  net::TlsSession* tls_ = nullptr;
  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t total_sent_ = 0;
};

}  // namespace weir::proxy
