#include "observe/log_deliveries.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "base/random.h"
#include "model/documents.h"
#include "observe/limits.h"
#include "observe/log_streams.h"
#include "store/memory_store.h"

namespace weir::observe {
namespace {

using std::chrono::seconds;

// The output of one container, in memory.
class FakeSource final : public LogSource {
 public:
  Result<Chunk> read(const std::string&, const std::string& container, std::int64_t offset) const override {
    if (broken) return fail("Io", "the disk is gone");
    if (!text || container != "app") return fail("NotFound", "nothing written");
    const auto from = static_cast<std::size_t>(std::max(offset, first));
    if (from >= text->size()) return Chunk{"", static_cast<std::int64_t>(from)};
    std::size_t end = std::min(from + most, text->size());
    end = text->rfind('\n', end - 1) + 1;
    return Chunk{text->substr(from, end - from), static_cast<std::int64_t>(end)};
  }
  std::optional<std::string> text;
  std::int64_t first = 0;   // what lies before is dropped
  std::size_t most = 1000;  // read at once
  bool broken = false;
};

class LogDeliveriesTest : public ::testing::Test {
 protected:
  LogDeliveriesTest() {
    std::string pattern = ::testing::TempDir() + "weir-deliveries-XXXXXX";
    root_ = mkdtemp(pattern.data());
    task_.scope = {"000000000000", "eu-west-1"};
    task_.cluster = "c";
    task_.id = "t1";
    task_.last_status = "RUNNING";
    put(task_);
    put(model::LogGroup{.scope = task_.scope, .name = "g"});
    restart();
  }
  ~LogDeliveriesTest() override { std::filesystem::remove_all(root_); }

  template <class D>
  void put(const D& document) {
    const auto write = store::put(document, store::Expect::kAny);
    (void)MUST(store_.commit({&write, 1}));
  }
  // As after a kill -9: all that is known is in the store and in the folder.
  void restart() {
    deliveries_.reset();
    keep_ = std::make_unique<LogKeep>(root_);
    deliveries_ = std::make_unique<LogDeliveries>(store_, *keep_, source_, log_);
    MUST(deliveries_->resume());
  }
  void begin(std::string event_start = "") {
    const AwslogsOptions options{
        .group = "g", .region = "eu-west-1", .stream_prefix = "p", .event_start = std::move(event_start)};
    opened_ = MUST(open_log_streams(store_, random_, clock_.wall(), task_, {{"app", "id", options}}));
    for (const auto& one : opened_) deliveries_->begin(one);
  }
  void write(const std::string& line) {
    if (!source_.text) source_.text.emplace();
    *source_.text += to_iso8601(clock_.wall()) + " stdout " + line + "\n";
  }
  LogDeliveries::Round deliver() {
    LogDeliveries::Round round;
    do {
      round = deliveries_->deliver("t1", clock_.wall());
    } while (round.more);
    return round;
  }
  std::string delivered() {
    std::string all;
    for (const auto& event : MUST(keep_->read(opened_.at(0).stream, {.most_bytes = 10 << 20}))) {
      all += (all.empty() ? "" : "|") + event.message;
    }
    return all;
  }

  store::MemoryStore store_;
  Random random_{1};
  ManualClock clock_;
  NoLog log_;
  std::string root_;
  FakeSource source_;
  model::Task task_;
  std::unique_ptr<LogKeep> keep_;
  std::unique_ptr<LogDeliveries> deliveries_;
  std::vector<model::LogDelivery> opened_;
};

TEST_F(LogDeliveriesTest, carry_lines_with_their_times_into_the_stream) {
  begin();
  EXPECT_EQ(opened_[0].stream_key, "000000000000/eu-west-1/g:p/app/t1");
  EXPECT_FALSE(deliver().failed) << "nothing is written yet";
  write("one");
  write("");
  write("two \"2\"");
  EXPECT_FALSE(deliver().until);
  EXPECT_EQ(delivered(), "one|two \"2\"");
  EXPECT_EQ(MUST(keep_->figures(opened_[0].stream)).first, clock_.wall().millis);
  deliver();
  EXPECT_EQ(delivered(), "one|two \"2\"");
}

TEST_F(LogDeliveriesTest, survive_a_restart_at_any_line_without_losing_or_doubling_one) {
  begin();
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    write(fmt::format("line {}", i));
    expected += fmt::format("{}line {}", i == 0 ? "" : "|", i);
    if (i % 7 == 0) restart();
    if (i % 3 == 0) deliveries_->deliver("t1", clock_.wall());
  }
  restart();
  deliver();
  EXPECT_EQ(delivered(), expected);
}

TEST_F(LogDeliveriesTest, repair_what_is_not_utf8) {
  begin();
  write("caf\xC3\xA9 \xFF \xE2\x82");
  deliver();
  EXPECT_EQ(delivered(), "caf\xC3\xA9 \xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_F(LogDeliveriesTest, say_how_much_was_dropped_before_it_could_be_delivered) {
  begin();
  write("one");
  const auto size = static_cast<std::int64_t>(source_.text->size());
  write("two");
  source_.first = size;
  deliver();
  EXPECT_EQ(delivered(), fmt::format("weir: {} bytes of this log were lost, they were not kept so long|two", size));
}

TEST_F(LogDeliveriesTest, end_with_their_task_once_everything_is_delivered) {
  begin();
  write("last words");
  task_.last_status = "STOPPED";
  put(task_);
  deliver();
  EXPECT_EQ(delivered(), "last words");
  EXPECT_TRUE(deliveries_->tasks().empty());
  restart();
  EXPECT_TRUE(deliveries_->tasks().empty());
}

TEST_F(LogDeliveriesTest, end_where_their_stream_was_deleted) {
  begin();
  write("one");
  const store::Write gone{{model::LogStream::kKind, opened_[0].stream_key}, std::nullopt};
  (void)MUST(store_.commit({&gone, 1}));
  deliver();
  EXPECT_TRUE(deliveries_->tasks().empty());
  EXPECT_EQ(delivered(), "");
}

TEST_F(LogDeliveriesTest, try_again_where_the_log_cannot_be_read) {
  begin();
  write("one");
  source_.broken = true;
  EXPECT_TRUE(deliver().failed);
  source_.broken = false;
  EXPECT_FALSE(deliver().failed);
  EXPECT_EQ(delivered(), "one");
}

TEST_F(LogDeliveriesTest, put_the_lines_of_one_event_together) {
  begin("^(INFO|ERROR)");
  write("INFO one");
  write("ERROR trace");
  write("  at f");
  write("");
  write("  at g");
  const auto round = deliver();
  EXPECT_EQ(round.until, clock_.wall() + kHoldEvent);
  EXPECT_EQ(delivered(), "INFO one");
  restart();
  clock_.advance(seconds(4));
  write("  at h");
  deliver();
  EXPECT_EQ(delivered(), "INFO one");
  clock_.advance(seconds(1));
  EXPECT_FALSE(deliver().until);
  EXPECT_EQ(delivered(), "INFO one|ERROR trace\n  at f\n\n  at g\n  at h");
  write("  too late");
  clock_.advance(seconds(5));
  deliver();
  EXPECT_EQ(delivered(), "INFO one|ERROR trace\n  at f\n\n  at g\n  at h|  too late");
}

TEST_F(LogDeliveriesTest, hold_nothing_back_until_a_calendar_that_was_set_back_comes_round) {
  begin("^(INFO|ERROR)");
  write("INFO one");
  clock_.advance(-std::chrono::hours(1));
  EXPECT_FALSE(deliver().until);
  EXPECT_EQ(delivered(), "INFO one");
}

TEST_F(LogDeliveriesTest, put_lines_together_that_were_read_in_parts) {
  begin("^E");
  std::string expected;
  for (int event = 0; event < 10; ++event) {
    write(fmt::format("E{}", event));
    expected += fmt::format("{}E{}", event == 0 ? "" : "|", event);
    for (int line = 0; line < 7; ++line) {
      write(" more");
      expected += "\n more";
    }
  }
  clock_.advance(seconds(60));
  deliver();
  EXPECT_EQ(delivered(), expected);
}

TEST_F(LogDeliveriesTest, hold_nothing_back_of_a_task_that_has_ended) {
  begin("^E");
  write("E1");
  write(" more");
  task_.last_status = "STOPPED";
  put(task_);
  deliver();
  EXPECT_EQ(delivered(), "E1\n more");
  EXPECT_TRUE(deliveries_->tasks().empty());
}

TEST_F(LogDeliveriesTest, do_not_begin_without_a_group_unless_it_may_be_made) {
  AwslogsOptions options{.group = "absent", .region = "us-east-1", .stream_prefix = "p"};
  const auto before = store_.revision();
  const auto refused = open_log_streams(store_, random_, clock_.wall(), task_, {{"app", "id", options}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "ResourceNotFoundException");
  EXPECT_EQ(store_.revision(), before);
  options.create_group = true;
  const auto made = MUST(
      open_log_streams(store_, random_, clock_.wall(), task_, {{"app", "id", options}, {"sidecar", "id2", options}}));
  EXPECT_EQ(store_.revision(), before + 1);
  EXPECT_TRUE(MUST(store::load<model::LogGroup>(store_, "000000000000/us-east-1/absent")));
  const auto again = MUST(open_log_streams(store_, random_, clock_.wall(), task_, {{"app", "id", options}}));
  EXPECT_EQ(again[0].stream, made[0].stream);
}

}  // namespace
}  // namespace weir::observe
