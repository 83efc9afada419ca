#include "api/arn.h"

#include <gtest/gtest.h>

namespace weir::api {
namespace {

TEST(Arn, KeepsItsSixParts) {
  const auto arn = parse_arn("arn:aws:ecs:eu-central-1:000000000000:task-definition/web:3");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->service, "ecs");
  EXPECT_EQ(arn->region, "eu-central-1");
  EXPECT_EQ(arn->account, "000000000000");
  EXPECT_EQ(arn->resource, "task-definition/web:3");
  EXPECT_EQ(arn->part(0), "task-definition");
  EXPECT_EQ(arn->part(1), "web:3");
  EXPECT_EQ(arn->part(2), "");
}

TEST(Arn, IsNotAnyOtherText) {
  for (const char* text : {"", "web", "arn:aws:ecs", "arn:aws:ecs:r:a:", "nra:aws:ecs:r:a:b"}) {
    EXPECT_FALSE(parse_arn(text)) << text;
  }
}

TEST(StableHex, DependsOnTheTextAlone) {
  EXPECT_EQ(stable_hex("a", 16), stable_hex("a", 16));
  EXPECT_NE(stable_hex("a", 16), stable_hex("b", 16));
  EXPECT_EQ(stable_hex("a", 40).size(), 40u);
  EXPECT_EQ(stable_uuid("a").size(), 36u);
}

}  // namespace
}  // namespace weir::api
