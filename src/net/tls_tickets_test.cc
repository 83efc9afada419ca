#include "net/tls_tickets.h"

#include <gtest/gtest.h>

#include "net/limits.h"

namespace weir::net {
namespace {

TEST(TicketKeysTest, the_newest_seals_and_as_many_as_the_limit_open) {
  const TicketKeys first = TicketKeys::fresh();
  TicketKeys keys = first;
  for (std::size_t i = 1; i < kTicketKeys; ++i) {
    const TicketKeys next = keys.rotated();
    EXPECT_NE(next.newest().name, keys.newest().name);
    EXPECT_EQ(next.find(keys.newest().name.data())->mac, keys.newest().mac);
    ASSERT_NE(next.find(first.newest().name.data()), nullptr) << i;
    EXPECT_EQ(next.find(first.newest().name.data())->cipher, first.newest().cipher);
    keys = next;
  }
  EXPECT_EQ(keys.rotated().find(first.newest().name.data()), nullptr);
}

TEST(TicketKeysTest, come_back_from_their_text) {
  const TicketKeys keys = TicketKeys::fresh().rotated();
  const auto back = TicketKeys::from_text(keys.text());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, keys);
  const std::string text = keys.text();
  for (const std::string& bad : {std::string(), text.substr(1), text + text + "0", text + text, 'g' + text.substr(1)}) {
    EXPECT_FALSE(TicketKeys::from_text(bad)) << bad.size();
  }
}

}  // namespace
}  // namespace weir::net
