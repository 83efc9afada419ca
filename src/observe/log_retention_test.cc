#include "observe/log_retention.h"

#include <gtest/gtest.h>

#include "model/log_documents.h"
#include "store/memory_store.h"

namespace weir::observe {
namespace {

TEST(LogRetention, ForgetsWhatIsOverTheDaysOfItsGroupAndNothingElse) {
  store::MemoryStore store;
  LogKeep keep("");
  const model::Scope scope{"000000000000", "eu-west-1"};
  const model::LogGroup day{.scope = scope, .name = "day", .retention_days = 1};
  const model::LogGroup ever{.scope = scope, .name = "ever"};
  const model::LogStream short_lived{.scope = scope, .group = "day", .name = "s", .id = "a"};
  const model::LogStream kept{.scope = scope, .group = "ever", .name = "s", .id = "b"};
  const std::vector<store::Write> writes{store::put(day, 0), store::put(ever, 0), store::put(short_lived, 0),
                                         store::put(kept, 0)};
  (void)MUST(store.commit(writes));
  const NewLogEvent event{1000, "x"};
  for (const char* id : {"a", "b"}) MUST(keep.append(id, {&event, 1}, 1000));
  const std::int64_t day_millis = 24 * 3600 * 1000;
  MUST(expire_events(store, keep, {1000 + day_millis}));
  EXPECT_EQ(MUST(keep.figures("a")).events, 1);
  MUST(expire_events(store, keep, {1001 + day_millis}));
  EXPECT_EQ(MUST(keep.figures("a")).events, 0);
  EXPECT_EQ(MUST(keep.figures("b")).events, 1);
  MUST(remove_orphans(store, keep));
  EXPECT_EQ(MUST(keep.figures("b")).events, 1);
}

}  // namespace
}  // namespace weir::observe
