// RecordedWorld: recorded services without a wire, for their tests: one account and region over a MemoryStore.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "api/recorded/service.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/memory_store.h"

namespace weir::api::recorded {

class RecordedWorld : public ::testing::Test {
 protected:
  explicit RecordedWorld(const Service& service) : service_(service) {}

  Result<Json> call(const char* name, std::string_view input, std::string account = "000000000000") {
    const Operation* operation = service_.operation(name);
    if (!operation) return fail("NoOperation", name);
    Context context{std::move(account), "eu-central-1", clock.wall(), random, store, "", ""};
    return perform(service_, *operation, context, MUST(Json::parse(input)));
  }
  // The reply; a failed call is a failed test.
  Json reply(const char* name, std::string_view input) {
    auto done = call(name, input);
    if (done) return std::move(*done);
    ADD_FAILURE() << name << " " << input << ": " << done.error().code << ": " << done.error().message;
    return {};
  }
  // That it is refused so, and that nothing was written.
  void refused(const char* name, std::string_view input, const char* code) {
    const auto before = store.revision();
    const auto done = call(name, input);
    ASSERT_FALSE(done) << name << " " << input;
    EXPECT_EQ(done.error().code, code) << name << " " << input << ": " << done.error().message;
    EXPECT_EQ(done.error().source, ErrorSource::client) << name << " " << input;
    EXPECT_EQ(store.revision(), before) << name << " " << input << " left something half-written";
  }

  store::MemoryStore store;
  Random random{1};
  ManualClock clock;

 private:
  const Service& service_;
};

}  // namespace weir::api::recorded
