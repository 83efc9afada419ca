// H2Memory: where one HTTP/2 session has its small pieces from: nghttp2 takes and gives back about a dozen for each
// stream, of few sizes, so that they are kept by size for the next stream. Under AddressSanitizer nothing is kept, so
// that it sees a piece that is used after it was given back. One thread; owned by the H2Session, which it must outlive.
#pragma once

#include <array>
#include <cstddef>

namespace weir::http {

class H2Memory {
 public:
  H2Memory() = default;
  ~H2Memory();
  H2Memory(const H2Memory&) = delete;
  H2Memory& operator=(const H2Memory&) = delete;

  // At least `size` bytes, aligned for anything; null when there is no memory.
  void* take(std::size_t size);
  // `piece` was taken here, or is null.
  void give(void* piece);
  // As realloc() does.
  void* resize(void* piece, std::size_t size);

#ifdef __SANITIZE_ADDRESS__
  static constexpr bool kKeeps = false;
#else
  static constexpr bool kKeeps = true;
#endif
  // Bytes that wait for their next use.
  std::size_t kept() const { return kept_; }

 private:
  static constexpr std::size_t kStep = 64;     // sizes are multiples of this
  static constexpr std::size_t kClasses = 16;  // so that larger ones than 1 KiB are not kept

  struct alignas(std::max_align_t) Head {
    Head* next;        // while it is kept
    std::size_t room;  // bytes behind the head
  };

  std::array<Head*, kClasses> free_{};
  std::size_t kept_ = 0;
};

}  // namespace weir::http
