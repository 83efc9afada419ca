#include "runtime/port_pool.h"

#include <gtest/gtest.h>

namespace weir::runtime {
namespace {

// A few ports that nothing else is likely to use, taken from the top of the range that tasks have.
constexpr std::uint16_t kFirst = 29990, kLast = 29999;

TEST(PortPool, gives_every_port_once_and_then_says_that_there_is_none) {
  PortPool pool(kFirst, kLast);
  std::set<std::uint16_t> given;
  std::vector<ReservedPort> kept;
  for (;;) {
    auto port = pool.take(0);
    if (!port) {
      EXPECT_EQ(port.error().message, "every host port from 29990 to 29999 is in use");
      break;
    }
    EXPECT_TRUE(given.insert(port->port).second);
    EXPECT_GE(port->port, kFirst);
    EXPECT_LE(port->port, kLast);
    kept.push_back(std::move(*port));
  }
  EXPECT_FALSE(kept.empty());
}

TEST(PortPool, lets_a_released_port_rest_while_there_are_others) {
  PortPool pool(kFirst, kLast);
  const std::uint16_t first = MUST(pool.take(0)).port;
  pool.release(first);
  EXPECT_NE(MUST(pool.take(0)).port, first);
  EXPECT_EQ(MUST(pool.take(first)).port, first);
}

TEST(PortPool, another_process_cannot_take_what_is_reserved) {
  PortPool ours(kFirst, kLast), theirs(kFirst, kLast);
  auto port = MUST(ours.take(0));
  const auto refused = theirs.take(port.port);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "host port " + std::to_string(port.port) + " is already in use");
  port.reservation.reset();
  EXPECT_TRUE(theirs.take(port.port));
  EXPECT_FALSE(ours.take(port.port));  // not released yet
}

}  // namespace
}  // namespace weir::runtime
