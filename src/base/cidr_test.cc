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

TEST(CidrTest, a_set_of_ranges_holds_what_one_of_them_holds) {
  CidrSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.contains("10.0.0.1"));
  for (const char* range : {"192.0.2.7/32", "10.0.0.0/8", "192.0.2.3/32", "2001:db8::5/128", "192.0.2.7/32"}) {
    set.add(*Cidr::parse(range));
  }
  EXPECT_FALSE(set.empty());
  for (const char* within : {"192.0.2.7", "192.0.2.3", "::ffff:192.0.2.3", "10.200.0.1", "2001:db8::5"}) {
    EXPECT_TRUE(set.contains(within)) << within;
  }
  for (const char* outside : {"192.0.2.6", "192.0.2.8", "11.0.0.1", "2001:db8::6", "::", "", "ten"}) {
    EXPECT_FALSE(set.contains(outside)) << outside;
  }
}

TEST(CidrTest, holds_other_ranges_and_overlaps_with_them) {
  struct Row {
    const char *a, *b;
    bool contains, overlaps;
  };
  const Row rows[] = {
      {"10.0.0.0/16", "10.0.3.0/24", true, true},       {"10.0.3.0/24", "10.0.0.0/16", false, true},
      {"10.0.0.0/16", "10.1.0.0/24", false, false},     {"10.0.0.0/20", "10.0.15.0/24", true, true},
      {"10.0.0.0/20", "10.0.16.0/24", false, false},    {"0.0.0.0/0", "::/0", false, false},
      {"2001:db8::/32", "2001:db8:1::/48", true, true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Cidr::parse(row.a)->contains(*Cidr::parse(row.b)), row.contains) << row.a << " " << row.b;
    EXPECT_EQ(Cidr::parse(row.a)->overlaps(*Cidr::parse(row.b)), row.overlaps) << row.a << " " << row.b;
  }
}

TEST(CidrTest, is_written_without_the_bits_after_its_prefix) {
  EXPECT_EQ(Cidr::parse("10.0.3.9/16")->text(), "10.0.0.0/16");
  EXPECT_EQ(Cidr::parse("10.255.255.255/12")->text(), "10.240.0.0/12");
  EXPECT_EQ(Cidr::parse("2001:db8::1/32")->text(), "2001:db8::/32");
  EXPECT_EQ(Cidr::parse("10.0.3.9/16")->address(260), "10.0.1.4");
}

TEST(CidrTest, is_an_address_and_a_number_of_bits) {
  for (const char* text :
       {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "::/-1", "10.0.0.0/8x"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
}

}  // namespace
}  // namespace weir
