#include "net/loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <memory>
#include <thread>

#include "net/signal_watch.h"
#include "net/socket.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;

struct Calls : FdHandler {
  std::function<void(std::uint32_t)> ready;
  int count = 0;
  void on_ready(std::uint32_t events) override {
    ++count;
    if (ready) ready(events);
  }
};

struct Task : TurnTask {
  int runs = 0;
  void at_turn_end() override { ++runs; }
};

TEST(LoopTest, tells_a_handler_of_a_readable_descriptor_until_it_is_forgotten) {
  SystemClock clock;
  Loop loop(clock);
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const Fd one(ends[0]), other(ends[1]);
  Calls calls;
  loop.watch(one.get(), kReadable, calls);
  ASSERT_EQ(write(other.get(), "x", 1), 1);
  loop.run_once(milliseconds(100));
  loop.run_once(milliseconds(100));
  EXPECT_EQ(calls.count, 2);  // level-triggered
  loop.unwatch(one.get());
  loop.run_once(milliseconds(0));
  EXPECT_EQ(calls.count, 2);
}

TEST(LoopTest, drops_events_of_a_handler_destroyed_in_the_same_turn) {
  SystemClock clock;
  Loop loop(clock);
  int first[2], second[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, first), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, second), 0);
  auto a = std::make_unique<Calls>();
  auto b = std::make_unique<Calls>();
  int total = 0;
  a->ready = [&](std::uint32_t) { ++total, loop.unwatch(second[0]), b.reset(); };
  b->ready = [&](std::uint32_t) { ++total, loop.unwatch(first[0]), a.reset(); };
  loop.watch(first[0], kReadable, *a);
  loop.watch(second[0], kReadable, *b);
  ASSERT_EQ(write(first[1], "x", 1) + write(second[1], "x", 1), 2);
  loop.run_once(milliseconds(100));
  EXPECT_EQ(total, 1);
  if (a) loop.unwatch(first[0]);
  if (b) loop.unwatch(second[0]);
  for (const int fd : {first[0], first[1], second[0], second[1]}) close(fd);
}

TEST(LoopTest, runs_what_other_threads_post_in_order) {
  SystemClock clock;
  Loop loop(clock);
  std::vector<int> seen;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.stop();
  });
  loop.run();
  other.join();
  ASSERT_EQ(seen.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(LoopTest, runs_a_turn_task_once_and_forgets_a_destroyed_one) {
  SystemClock clock;
  Loop loop(clock);
  Task task;
  auto gone = std::make_unique<Task>();
  loop.at_turn_end(task);
  loop.at_turn_end(task);
  loop.at_turn_end(*gone);
  gone.reset();
  loop.run_once(milliseconds(0));
  loop.run_once(milliseconds(0));
  EXPECT_EQ(task.runs, 1);
}

TEST(LoopTest, fires_timers_in_order_and_not_the_cancelled) {
  ManualClock clock;
  Loop loop(clock);
  std::vector<int> fired;
  Timer late(loop, [&] { fired.push_back(3); });
  Timer early(loop, [&] { fired.push_back(1); });
  Timer cancelled(loop, [&] { fired.push_back(9); });
  Timer moved(loop, [&] { fired.push_back(2); });
  late.arm(clock.now() + milliseconds(30));
  early.arm(clock.now() + milliseconds(10));
  cancelled.arm(clock.now() + milliseconds(15));
  moved.arm(clock.now() + milliseconds(5));
  moved.arm(clock.now() + milliseconds(20));
  cancelled.cancel();
  clock.advance(milliseconds(12));
  loop.run_once(milliseconds(0));
  EXPECT_EQ(fired, (std::vector<int>{1}));
  clock.advance(milliseconds(30));
  loop.run_once(milliseconds(0));
  EXPECT_EQ(fired, (std::vector<int>{1, 2, 3}));
}

TEST(LoopTest, what_has_arrived_is_seen_before_anybody_is_told_that_it_is_late) {
  ManualClock clock;
  Loop loop(clock);
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const Fd one(ends[0]), other(ends[1]);
  bool late = false;
  Timer timer(loop, [&] { late = true; });
  Calls calls;
  calls.ready = [&](std::uint32_t) { timer.cancel(); };
  loop.watch(one.get(), kReadable, calls);
  timer.arm(clock.now() + milliseconds(3'000));
  ASSERT_EQ(write(other.get(), "x", 1), 1);
  clock.advance(milliseconds(4'000));  // a stall
  loop.run_once(milliseconds(0));
  EXPECT_EQ(calls.count, 1);
  EXPECT_FALSE(late);
  loop.unwatch(one.get());
}

TEST(LoopTest, a_timer_may_be_armed_or_destroyed_by_its_own_callback) {
  ManualClock clock;
  Loop loop(clock);
  int fired = 0;
  std::unique_ptr<Timer> self;
  self = std::make_unique<Timer>(loop, [&] {
    if (++fired == 2)
      self.reset();
    else
      self->arm(clock.now());
  });
  self->arm(clock.now());
  for (int i = 0; i < 3; ++i) loop.run_once(milliseconds(0));
  EXPECT_EQ(fired, 2);
}

TEST(LoopTest, hands_signals_to_the_watch) {
  SystemClock clock;
  Loop loop(clock);
  int seen = 0;
  SignalWatch watch(loop, {SIGUSR1}, [&](int signal) { seen = signal; });
  raise(SIGUSR1);
  loop.run_once(milliseconds(100));
  EXPECT_EQ(seen, SIGUSR1);
}

TEST(SocketTest, connects_and_accepts_on_every_family) {
  for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
    const SocketAddress any = MUST(SocketAddress::parse(text));
    auto listening = listen_stream(any);
    if (!listening && std::string_view(text).starts_with("[")) continue;  // a machine without IPv6
    ASSERT_TRUE(listening) << listening.error().message;
    const SocketAddress bound = SocketAddress::local(listening->get());
    EXPECT_NE(bound.port(), 0);
    const Fd client = MUST(connect_stream(bound));
    SocketAddress peer;
    std::optional<Fd> accepted;
    for (int i = 0; i < 1000 && !accepted; ++i) accepted = accept_stream(listening->get(), &peer);
    ASSERT_TRUE(accepted);
    EXPECT_EQ(connect_error(client.get()), 0);
    EXPECT_EQ(peer.text(), SocketAddress::local(client.get()).text());
  }
}

TEST(SocketTest, says_why_it_cannot_listen) {
  const SocketAddress any = MUST(SocketAddress::parse("127.0.0.1:0"));
  const Fd first = MUST(listen_stream(any));
  const auto second = listen_stream(SocketAddress::local(first.get()));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("Address already in use"), std::string::npos) << second.error().message;
}

TEST(SocketAddressTest, reads_and_writes_addresses) {
  struct Row {
    const char* text;
    const char* expected;  // null: refused
  };
  for (const Row& row : {Row{"127.0.0.1:80", "127.0.0.1:80"}, Row{"[::1]:8080", "[::1]:8080"}, Row{":1", "0.0.0.0:1"},
                         Row{"127.0.0.1", nullptr}, Row{"a:1", nullptr}, Row{"127.0.0.1:65536", nullptr},
                         Row{"127.0.0.1:", nullptr}, Row{"127.0.0.1:8x", nullptr}}) {
    const auto address = SocketAddress::parse(row.text);
    ASSERT_EQ(address.has_value(), row.expected != nullptr) << row.text;
    if (address) {
      EXPECT_EQ(address->text(), row.expected);
    }
  }
}

}  // namespace
}  // namespace weir::net
