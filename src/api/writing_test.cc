#include "api/writing.h"

#include <gtest/gtest.h>

namespace weir::api {
namespace {

struct Attempts {
  int made = 0;
  int conflicts = 0;
  Result<int> operator()() {
    if (made++ < conflicts) return fail("Conflict", "somebody else wrote it", ErrorSource::store, Retry::safe);
    return made;
  }
};

TEST(Writing, IsTriedAgainWhereSomebodyElseWroteInBetween) {
  Attempts attempts{.conflicts = 3};
  const auto reply = writing("ServerException", [&] { return attempts(); });
  ASSERT_TRUE(reply);
  EXPECT_EQ(*reply, 4);
}

TEST(Writing, IsGivenUpInTheEndWithTheServicesWordForIt) {
  Attempts attempts{.conflicts = 1000};
  const auto reply = writing("ServerException", [&] { return attempts(); });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "ServerException");
  EXPECT_EQ(attempts.made, kMaxConflictRetries + 1);
}

TEST(Writing, SaysWhatTheStoreSaid) {
  const auto full = [] { return Result<int>(fail("Full", "the disk is full", ErrorSource::store)); };
  const auto reply = writing("InternalFailure", full);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "InternalFailure");
  EXPECT_EQ(reply.error().message, "the disk is full");
  EXPECT_EQ(reply.error().source, ErrorSource::store);
}

TEST(Writing, HandsTheCallersFaultOnAsItIs) {
  const auto refused = [] { return Result<int>(fail("ClientException", "no", ErrorSource::client)); };
  EXPECT_EQ(writing("ServerException", refused).error().code, "ClientException");
}

}  // namespace
}  // namespace weir::api
