#include "proxy/ports.h"

#include <gtest/gtest.h>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

struct PortsTest : ::testing::Test {
  ManualClock clock;
  net::Loop loop{clock};
  NoLog log;
  std::vector<std::unique_ptr<Worker>> workers;
  Ports ports{loop, log, workers, [] {}};

  void pass(Duration time) {
    clock.advance(time);
    loop.run_once(Duration(0));
  }
};

TEST_F(PortsTest, ticket_keys_change_in_time_and_the_one_before_still_opens) {
  const auto first = ports.tickets().keys;
  pass(kTicketKeyTime - Duration(1));
  EXPECT_EQ(ports.tickets().keys, first);
  pass(Duration(1));
  const auto second = ports.tickets().keys;
  EXPECT_NE(second->newest().name, first->newest().name);
  EXPECT_NE(second->find(first->newest().name.data()), nullptr);
  EXPECT_EQ(ports.tickets().left, kTicketKeyTime);
}

TEST_F(PortsTest, inherited_ticket_keys_change_when_they_would_have) {
  const auto keys = std::make_shared<const net::TicketKeys>(net::TicketKeys::fresh());
  ports.inherit(Ports::Tickets{keys, milliseconds(1000)});
  EXPECT_EQ(ports.tickets().keys, keys);
  pass(milliseconds(1000));
  EXPECT_NE(ports.tickets().keys->newest().name, keys->newest().name);
  EXPECT_NE(ports.tickets().keys->find(keys->newest().name.data()), nullptr);
}

}  // namespace
}  // namespace weir::proxy
