#include "http/h2_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "http/limits.h"

namespace weir::http {
namespace {

TEST(H2Memory, a_piece_given_back_is_the_next_one_of_its_size) {
  if (!H2Memory::kKeeps) GTEST_SKIP() << "nothing is kept under AddressSanitizer";
  H2Memory memory;
  void* piece = memory.take(100);
  memory.give(piece);
  EXPECT_EQ(memory.kept(), 128u);
  EXPECT_EQ(memory.take(120), piece);
  EXPECT_EQ(memory.kept(), 0u);
  memory.give(piece);
}

TEST(H2Memory, a_piece_that_grows_keeps_its_bytes) {
  H2Memory memory;
  auto* piece = static_cast<char*>(memory.resize(nullptr, 64));
  std::memset(piece, 'x', 64);
  for (const std::size_t size : {65u, 1024u, 1025u, 100'000u}) piece = static_cast<char*>(memory.resize(piece, size));
  for (int i = 0; i < 64; ++i) EXPECT_EQ(piece[i], 'x');
  EXPECT_EQ(memory.resize(piece, 10), piece);
  memory.give(piece);
}

TEST(H2Memory, no_more_is_kept_than_the_limit) {
  if (!H2Memory::kKeeps) GTEST_SKIP() << "nothing is kept under AddressSanitizer";
  H2Memory memory;
  std::vector<void*> pieces;
  for (int i = 0; i < 1000; ++i) pieces.push_back(memory.take(1000));
  pieces.push_back(memory.take(1'000'000));
  for (void* piece : pieces) memory.give(piece);
  memory.give(nullptr);
  EXPECT_LE(memory.kept(), kH2KeptMemory);
  EXPECT_GT(memory.kept(), 0u);
}

}  // namespace
}  // namespace weir::http
