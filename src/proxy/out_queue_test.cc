#include "proxy/out_queue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "net/fd.h"

namespace weir::proxy {
namespace {

using Sent = OutQueue::Sent;

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    near = net::Fd(fds[0]);
    far = net::Fd(fds[1]);
  }
  std::string read_all() {
    std::string all;
    char buffer[4096];
    for (ssize_t n; (n = recv(far.get(), buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(n));
    return all;
  }
  net::Fd near, far;
};

// Text in which every place is told from every other.
std::string numbered(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

TEST(OutQueueTest, sends_in_order_what_the_socket_takes_now_and_later) {
  ChunkPool pool;
  OutQueue queue(pool);
  Pair pair;
  const std::string text = numbered(3'000'000);
  queue.append(std::string_view(text).substr(0, 100'000));
  queue.append(std::string_view(text).substr(100'000));
  std::string got;
  while (queue.send(pair.near.get()) == Sent::blocked) got += pair.read_all();
  got += pair.read_all();
  EXPECT_EQ(got, text);
  EXPECT_EQ(queue.total_sent(), text.size());
  EXPECT_TRUE(queue.empty());
}

TEST(OutQueueTest, keeps_what_a_send_from_elsewhere_leaves_over) {
  ChunkPool pool;
  OutQueue queue(pool);
  Pair pair;
  const std::string text = numbered(2'000'000);
  queue.append(std::string_view(text).substr(0, 10));
  EXPECT_EQ(queue.send_with(pair.near.get(), std::string_view(text).substr(10)), Sent::blocked);
  EXPECT_GT(queue.size(), 0u);
  std::string got;
  do got += pair.read_all();
  while (queue.send(pair.near.get()) == Sent::blocked);
  got += pair.read_all();
  EXPECT_EQ(got, text);
}

TEST(OutQueueTest, a_reserved_piece_is_larger_than_a_chunk_where_it_must_be) {
  ChunkPool pool;
  OutQueue queue(pool);
  Pair pair;
  queue.append("a");
  const std::span<char> room = queue.reserve(3 * kChunk);
  ASSERT_GE(room.size(), 3 * kChunk);
  std::fill_n(room.begin(), 3 * kChunk, 'b');
  queue.commit(3 * kChunk);
  EXPECT_EQ(queue.send(pair.near.get()), Sent::all);
  EXPECT_EQ(pair.read_all(), "a" + std::string(3 * kChunk, 'b'));
}

TEST(OutQueueTest, says_when_the_other_side_has_gone) {
  ChunkPool pool;
  OutQueue queue(pool);
  Pair pair;
  pair.far.reset();
  queue.append("a");
  EXPECT_EQ(queue.send(pair.near.get()), Sent::broken);
}

}  // namespace
}  // namespace weir::proxy
