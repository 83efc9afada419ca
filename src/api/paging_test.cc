#include "api/paging.h"

#include <gtest/gtest.h>

namespace weir::api {
namespace {

std::vector<Positioned<int>> numbers(int count) {
  std::vector<Positioned<int>> all;
  for (int i = count; i > 0; --i) all.push_back({position_number(i), i});
  return all;
}

TEST(Page, FollowsTheOrderToTheLastItem) {
  auto first = page_of(numbers(5), "", 2);
  ASSERT_TRUE(first && first->next);
  EXPECT_EQ(first->items, (std::vector{1, 2}));
  auto second = page_of(numbers(5), *first->next, 2);
  ASSERT_TRUE(second && second->next);
  EXPECT_EQ(second->items, (std::vector{3, 4}));
  auto third = page_of(numbers(5), *second->next, 2);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->items, (std::vector{5}));
  EXPECT_FALSE(third->next);
}

TEST(Page, GoesOnAfterAnItemThatIsGone) {
  const auto first = page_of(numbers(5), "", 2, Order::descending);
  EXPECT_EQ(first->items, (std::vector{5, 4}));
  auto rest = numbers(5);
  std::erase_if(rest, [](const auto& one) { return one.item == 4; });
  EXPECT_EQ(page_of(rest, *first->next, 9, Order::descending)->items, (std::vector{3, 2, 1}));
}

TEST(Page, HasNoNextWhereTheSizeFitsExactly) {
  EXPECT_FALSE(page_of(numbers(2), "", 2)->next);
  EXPECT_TRUE(page_of(numbers(0), "", 2)->items.empty());
}

TEST(Page, KnowsATokenThatItDidNotMake) {
  for (const char* token : {"x", "AAAA", "0011223344", "zz00112233445566", "00000000"}) {
    EXPECT_FALSE(page_of(numbers(3), token, 2)) << token;
  }
}

}  // namespace
}  // namespace weir::api
