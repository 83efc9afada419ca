#include "proxy/retry.h"

#include <gtest/gtest.h>

#include "route/action.h"

namespace weir::proxy {
namespace {

using route::RetryOn;

std::uint32_t events(std::initializer_list<RetryOn> of) {
  std::uint32_t bits = 0;
  for (const RetryOn event : of) bits |= static_cast<std::uint32_t>(event);
  return bits;
}

TEST(RetryTest, a_response_counts_by_its_status_and_its_grpc_status) {
  struct Row {
    unsigned status;
    const char* grpc;
    std::uint32_t events;
  };
  const Row rows[] = {
      {200, "", 0},
      {404, "", 0},
      {409, "", events({RetryOn::client_error})},
      {429, "", 0},
      {500, "", events({RetryOn::server_error})},
      {501, "", events({RetryOn::server_error})},
      {502, "", events({RetryOn::server_error, RetryOn::gateway_error})},
      {503, "", events({RetryOn::server_error, RetryOn::gateway_error})},
      {504, "", events({RetryOn::server_error, RetryOn::gateway_error})},
      {505, "", events({RetryOn::server_error})},
      {200, "0", 0},
      {200, "1", events({RetryOn::cancelled})},
      {200, "4", events({RetryOn::deadline_exceeded})},
      {200, "8", events({RetryOn::resource_exhausted})},
      {200, "13", events({RetryOn::internal})},
      {200, "14", events({RetryOn::unavailable})},
      {200, "140", 0},
      {200, "x", 0},
  };
  for (const Row& row : rows) {
    http::ResponseHead head;
    head.status = static_cast<std::uint16_t>(row.status);
    if (*row.grpc != 0) head.fields.add("grpc-status", row.grpc);
    EXPECT_EQ(retry_events(head), row.events) << row.status << " " << row.grpc;
  }
}

TEST(RetryTest, a_failure_counts_as_itself_and_as_the_status_it_would_be_answered_with) {
  const std::uint32_t own = events({RetryOn::server_error, RetryOn::gateway_error});
  EXPECT_EQ(retry_events(FailureCause::refused), own | events({RetryOn::connection_failure}));
  EXPECT_EQ(retry_events(FailureCause::connect_timeout), own | events({RetryOn::connection_failure}));
  EXPECT_EQ(retry_events(FailureCause::handshake), own | events({RetryOn::connection_failure}));
  EXPECT_EQ(retry_events(FailureCause::closed), own | events({RetryOn::reset}));
  EXPECT_EQ(retry_events(FailureCause::try_timeout), own | events({RetryOn::per_try_timeout}));
  EXPECT_EQ(retry_events(FailureCause::malformed), own);
  EXPECT_EQ(retry_events(FailureCause::response_timeout), 0u);
  EXPECT_EQ(retry_events(FailureCause::request_timeout), 0u);
  EXPECT_EQ(retry_events(FailureCause::client_silent), 0u);
  EXPECT_EQ(retry_events(FailureCause::none_in_service), 0u);
}

TEST(RetryTest, the_back_off_is_drawn_below_a_bound_that_grows_up_to_a_limit) {
  Random random(7);
  const Duration bounds[] = {milliseconds(25), milliseconds(75), milliseconds(175), kLongestBackOff, kLongestBackOff};
  for (unsigned retry = 1; retry <= std::size(bounds); ++retry) {
    Duration longest{};
    for (int i = 0; i < 1000; ++i) {
      const Duration drawn = back_off(retry, random);
      ASSERT_GE(drawn, Duration(0));
      ASSERT_LT(drawn, bounds[retry - 1]);
      longest = std::max(longest, drawn);
    }
    EXPECT_GT(longest, bounds[retry - 1] * 9 / 10) << retry;
  }
  EXPECT_LT(back_off(1000, random), kLongestBackOff);
}

TEST(RetryTest, three_retries_are_always_allowed_and_a_share_of_the_requests_in_flight) {
  RetryBudget budget;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take(0));
  EXPECT_FALSE(budget.take(0));
  EXPECT_FALSE(budget.take(20));
  for (int i = 0; i < 20; ++i) budget.begin_request();
  EXPECT_TRUE(budget.take(20));
  EXPECT_FALSE(budget.take(20));
  EXPECT_TRUE(budget.take(25));
  EXPECT_FALSE(budget.take(25));
  budget.give_back();
  EXPECT_TRUE(budget.take(25));
  for (int i = 0; i < 20; ++i) budget.end_request();
  EXPECT_FALSE(budget.take(100));
}

}  // namespace
}  // namespace weir::proxy
