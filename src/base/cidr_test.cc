#include "base/cidr.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(CidrTest, holds_the_addresses_of_its_range) {
  struct Row {
    const char* range;
    const char* address;
    bool within;
  };
  const Row rows[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "::1", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.200", true},
      {"192.0.2.7/32", "192.0.2.7", true},
      {"192.0.2.7/32", "192.0.2.6", false},
      {"127.0.0.0/8", "::ffff:127.0.0.1", true},
      {"2001:db8::/32", "2001:db8:1::2", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"::/0", "2001:db9::", true},
      {"10.0.0.0/8", "ten", false},
  };
  for (const Row& row : rows) {
    const auto range = Cidr::parse(row.range);
    ASSERT_TRUE(range) << row.range;
    EXPECT_EQ(range->contains(row.address), row.within) << row.range << " " << row.address;
  }
}

TEST(CidrTest, is_an_address_and_a_number_of_bits) {
  for (const char* text :
       {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "::/-1", "10.0.0.0/8x"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
}

}  // namespace
}  // namespace weir
