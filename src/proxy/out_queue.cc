#include "proxy/out_queue.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"

namespace weir::proxy {
namespace {

constexpr int kPieces = 16;  // chunks per send

}  // namespace

ChunkPool::~ChunkPool() {
  while (free_ != nullptr) {
    Chunk* chunk = free_;
    free_ = chunk->next;
    std::free(chunk);
  }
}

Chunk* ChunkPool::take(std::size_t capacity) {
  Chunk* chunk;
  if (capacity <= kChunk && free_ != nullptr) {
    chunk = free_;
    free_ = chunk->next;
    --free_count_;
  } else {
    capacity = std::max(capacity, kChunk);
    chunk = static_cast<Chunk*>(std::malloc(sizeof(Chunk) + capacity));
    check(chunk != nullptr, "there is memory for a chunk");
    chunk->capacity = static_cast<std::uint32_t>(capacity);
  }
  chunk->next = nullptr;
  chunk->begin = chunk->end = 0;
  return chunk;
}

void ChunkPool::give(Chunk* chunk) {
  if (chunk->capacity != kChunk || free_count_ >= kFreeChunks) {
    std::free(chunk);
    return;
  }
  chunk->next = free_;
  free_ = chunk;
  ++free_count_;
}

OutQueue::OutQueue(OutQueue&& other) noexcept
    : pool_(other.pool_),
      tls_(other.tls_),
      first_(std::exchange(other.first_, nullptr)),
      last_(std::exchange(other.last_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      total_sent_(other.total_sent_) {
  other.tls_ = nullptr;
}

std::span<char> OutQueue::reserve(std::size_t size) {
  if (last_ == nullptr || last_->capacity - last_->end < size) {
    Chunk* chunk = pool_.take(size);
    (last_ == nullptr ? first_ : last_->next) = chunk;
    last_ = chunk;
  }
  return {last_->data() + last_->end, last_->capacity - last_->end};
}

void OutQueue::commit(std::size_t size) {
  last_->end += static_cast<std::uint32_t>(size);
  size_ += size;
}

void OutQueue::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = reserve(1);
    const std::size_t size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    commit(size);
    bytes.remove_prefix(size);
  }
}

void OutQueue::drop(std::size_t size) {
  size_ -= size;
  while (size > 0) {
    const std::size_t here = std::min<std::size_t>(size, first_->end - first_->begin);
    first_->begin += static_cast<std::uint32_t>(here);
    size -= here;
    if (first_->begin < first_->end) return;
    Chunk* done = first_;
    first_ = done->next;
    if (first_ == nullptr) last_ = nullptr;
    pool_.give(done);
  }
}

void OutQueue::clear() {
  while (first_ != nullptr) {
    Chunk* chunk = first_;
    first_ = chunk->next;
    pool_.give(chunk);
  }
  last_ = nullptr;
  size_ = 0;
}

// Chunk by chunk, so that what one record holds lies in one piece.
OutQueue::Sent OutQueue::send_encrypted() {
  while (size_ > 0) {
    const std::size_t offered = first_->end - first_->begin;
    const ssize_t taken = tls_->write({first_->data() + first_->begin, offered});
    if (taken < 0) return Sent::broken;
    drop(static_cast<std::size_t>(taken));
    if (static_cast<std::size_t>(taken) < offered) return Sent::blocked;
  }
  if (!tls_->flush()) return Sent::broken;
  return tls_->unsent() == 0 ? Sent::all : Sent::blocked;
}

OutQueue::Sent OutQueue::send(int fd) {
  if (tls_ != nullptr) return send_encrypted();
  while (size_ > 0) {
    ssize_t sent;
    std::size_t offered = 0;
    if (first_ == last_) {
      offered = size_;
      // Not send(): as in receive_from().
      sent = syscall(SYS_sendto, fd, first_->data() + first_->begin, offered, MSG_NOSIGNAL, nullptr, 0);
    } else {
      iovec pieces[kPieces];
      std::size_t count = 0;
      for (Chunk* chunk = first_; chunk != nullptr && count < kPieces; chunk = chunk->next) {
        pieces[count++] = {chunk->data() + chunk->begin, chunk->end - chunk->begin};
        offered += chunk->end - chunk->begin;
      }
      const msghdr message{.msg_iov = pieces, .msg_iovlen = count};
      sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    }
    if (sent < 0) return errno == EAGAIN || errno == EINTR ? Sent::blocked : Sent::broken;
    total_sent_ += static_cast<std::uint64_t>(sent);
    drop(static_cast<std::size_t>(sent));
    if (static_cast<std::size_t>(sent) < offered) return Sent::blocked;
  }
  return Sent::all;
}

OutQueue::Sent OutQueue::send_with(int fd, std::string_view bytes) {
  if (tls_ != nullptr) {
    append(bytes);
    return send_encrypted();
  }
  iovec pieces[kPieces];
  std::size_t count = 0;
  for (Chunk* chunk = first_; chunk != nullptr; chunk = chunk->next) {
    if (count == kPieces - 1) {  // more than one send could take: nothing is gained by going round the queue
      append(bytes);
      return send(fd);
    }
    pieces[count++] = {chunk->data() + chunk->begin, chunk->end - chunk->begin};
  }
  pieces[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
  const msghdr message{.msg_iov = pieces, .msg_iovlen = count};
  const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return Sent::broken;
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  total_sent_ += taken;
  const std::size_t of_queue = std::min(taken, size_);
  drop(of_queue);
  bytes.remove_prefix(taken - of_queue);
  append(bytes);
  return size_ == 0 ? Sent::all : Sent::blocked;
}

}  // namespace weir::proxy
