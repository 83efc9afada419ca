#include "http/h2_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "http/limits.h"

namespace weir::http {

H2Memory::~H2Memory() {
  for (Head* head : free_) {
    while (head != nullptr) std::free(std::exchange(head, head->next));
  }
}

void* H2Memory::take(std::size_t size) {
  const std::size_t slot = size == 0 ? 0 : (size - 1) / kStep;
  if (slot < kClasses) {
    size = (slot + 1) * kStep;
    if (Head* head = free_[slot]) {
      free_[slot] = head->next;
      kept_ -= size;
      return head + 1;
    }
  }
  auto* head = static_cast<Head*>(std::malloc(sizeof(Head) + size));
  if (head == nullptr) return nullptr;
  head->room = size;
  return head + 1;
}

void H2Memory::give(void* piece) {
  if (piece == nullptr) return;
  Head* head = static_cast<Head*>(piece) - 1;
  if (!kKeeps || head->room > kClasses * kStep || kept_ + head->room > kH2KeptMemory) return std::free(head);
  Head*& first = free_[head->room / kStep - 1];
  head->next = std::exchange(first, head);
  kept_ += head->room;
}

void* H2Memory::resize(void* piece, std::size_t size) {
  if (piece == nullptr) return take(size);
  const std::size_t room = (static_cast<Head*>(piece) - 1)->room;
  if (size <= room) return piece;
  void* larger = take(size);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, piece, room);
  give(piece);
  return larger;
}

}  // namespace weir::http
