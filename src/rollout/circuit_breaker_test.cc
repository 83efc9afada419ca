#include "rollout/circuit_breaker.h"

#include <gtest/gtest.h>

namespace weir::rollout {
namespace {

TEST(CircuitBreakerTest, has_the_threshold_that_ecs_documents) {
  const struct {
    std::int32_t desired, threshold;
  } kRows[] = {{0, 3},     {1, 3},     {6, 3},      {7, 4},  {25, 13},         {100, 50},
               {399, 200}, {400, 200}, {5000, 200}, {-1, 3}, {2147483647, 200}};
  for (const auto& row : kRows) EXPECT_EQ(failure_threshold(row.desired), row.threshold) << row.desired;
}

}  // namespace
}  // namespace weir::rollout
