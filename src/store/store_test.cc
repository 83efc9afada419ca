// One suite over every store; the durable one has more of its own in sqlite_store_test.cc.
#include "store/store.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "store/fault_store.h"
#include "store/limits.h"
#include "store/memory_store.h"
#include "store/sqlite_store.h"

namespace weir::store {
namespace {

enum class Kind { memory, sqlite };

class StoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-store-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    if (GetParam() == Kind::memory) {
      store_ = std::make_unique<MemoryStore>();
    } else {
      store_ = MUST(SqliteStore::open(directory_));
    }
  }
  // The same documents, as the next process finds them.
  void reopen() {
    if (GetParam() == Kind::memory) return;
    store_.reset();
    open();
  }

  Result<std::int64_t> write(std::vector<Write> writes) { return store_->commit(writes); }
  std::string body(const char* kind, const char* name) {
    const auto found = MUST(store_->get({kind, name}));
    return found ? found->body->text() : "(none)";
  }
  std::string names(const char* kind, const char* prefix) {
    std::string all;
    for (const auto& document : MUST(store_->list(kind, prefix))) all += document.key.name + " ";
    return all;
  }
  std::string feed(std::int64_t after) {
    std::string all;
    for (const auto& change : MUST(store_->changes(after))) {
      all += std::to_string(change.revision) + (change.deleted ? "-" : "+") + change.key.name + " ";
    }
    return all;
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreTest, an_empty_store_has_revision_0_and_nothing_in_it) {
  EXPECT_EQ(store_->revision(), 0);
  EXPECT_EQ(body("a", "x"), "(none)");
  EXPECT_EQ(names("a", ""), "");
  EXPECT_EQ(feed(0), "");
}

TEST_P(StoreTest, a_commit_is_read_back_with_the_revision_that_wrote_it) {
  EXPECT_EQ(MUST(write({{{"a", "x"}, "1"}, {{"a", "y"}, std::string("n\0l", 3)}})), 1);
  EXPECT_EQ(MUST(write({{{"b", "x"}, ""}})), 2);
  reopen();
  EXPECT_EQ(store_->revision(), 2);
  EXPECT_EQ(body("a", "x"), "1");
  EXPECT_EQ(body("a", "y"), std::string("n\0l", 3));
  EXPECT_EQ(body("b", "x"), "");
  EXPECT_EQ(MUST(store_->get({"a", "x"}))->revision, 1);
  EXPECT_EQ(MUST(write({{{"b", "y"}, "3"}})), 3);
}

TEST_P(StoreTest, a_write_that_expects_another_revision_is_a_conflict) {
  MUST(write({{{"a", "x"}, "1"}}));
  struct Row {
    const char* name;
    std::int64_t expected;
    bool written;
  };
  for (const Row& row : {Row{"x", Expect::kAbsent, false}, Row{"x", 2, false}, Row{"y", 1, false},
                         Row{"y", Expect::kAbsent, true}, Row{"x", 1, true}, Row{"x", Expect::kAny, true}}) {
    const auto written = write({{{"a", row.name}, "2", row.expected}});
    ASSERT_EQ(written.has_value(), row.written) << row.name << row.expected;
    if (written) continue;
    EXPECT_EQ(written.error().code, "Conflict");
    EXPECT_EQ(written.error().retry, Retry::safe);
  }
}

TEST_P(StoreTest, a_batch_is_written_whole_or_not_at_all) {
  MUST(write({{{"a", "x"}, "1"}}));
  EXPECT_FALSE(write({{{"a", "x"}, "2"}, {{"a", "y"}, "2"}, {{"a", "x2"}, std::nullopt, 7}}));
  EXPECT_FALSE(write({{{"a", "x"}, "2"}, {{"a", "x"}, "3"}}));
  reopen();
  EXPECT_EQ(store_->revision(), 1);
  EXPECT_EQ(body("a", "x"), "1");
  EXPECT_EQ(names("a", ""), "x ");
  EXPECT_EQ(MUST(write({})), 1);
}

TEST_P(StoreTest, lists_by_kind_and_prefix_in_the_order_of_names) {
  MUST(write({{{"a", "p/2"}, ""}, {{"a", "p/10"}, ""}, {{"a", "q/1"}, ""}, {{"b", "p/3"}, ""}, {{"a", "p"}, ""}}));
  reopen();
  EXPECT_EQ(names("a", "p/"), "p/10 p/2 ");
  EXPECT_EQ(names("a", ""), "p p/10 p/2 q/1 ");
  EXPECT_EQ(names("b", "p"), "p/3 ");
  EXPECT_EQ(names("c", ""), "");
}

TEST_P(StoreTest, the_change_feed_replays_from_every_revision) {
  MUST(write({{{"a", "x"}, "1"}, {{"a", "y"}, "1"}}));
  MUST(write({{{"a", "x"}, "2"}}));
  MUST(write({{{"a", "y"}, std::nullopt}}));
  MUST(write({{{"a", "z"}, "4"}, {{"a", "never"}, std::nullopt}}));
  MUST(write({{{"a", "y"}, "5", Expect::kAbsent}}));
  MUST(write({{{"a", "z"}, std::nullopt, 4}}));
  for (int round = 0; round < 2; ++round, reopen()) {
    EXPECT_EQ(feed(0), "2+x 5+y ");
    EXPECT_EQ(feed(1), "2+x 5+y 6-z ");
    EXPECT_EQ(feed(2), "5+y 6-z ");
    EXPECT_EQ(feed(5), "6-z ");
    EXPECT_EQ(feed(6), "");
    EXPECT_EQ(store_->revision(), 6);
  }
}

TEST_P(StoreTest, forgets_old_deletions_and_says_so_to_a_reader_too_far_behind) {
  std::vector<Write> make, erase;
  for (std::size_t i = 0; i < 2 * kTombstonesKept - 1; ++i) {
    make.push_back({{"a", std::to_string(i)}, "x"});
    erase.push_back({{"a", std::to_string(i)}, std::nullopt});
  }
  MUST(write({{{"a", "first"}, "x"}}));
  MUST(write(make));
  MUST(write({{{"a", "first"}, std::nullopt}}));
  EXPECT_EQ(feed(2), "3-first ");
  MUST(write({{{"a", "last"}, "x"}}));
  MUST(write(erase));
  MUST(write({{{"a", "last"}, std::nullopt}}));
  for (int round = 0; round < 2; ++round, reopen()) {
    const auto changes = store_->changes(2);
    ASSERT_FALSE(changes);
    EXPECT_EQ(changes.error().code, "Trimmed");
    EXPECT_EQ(feed(0), "");
    EXPECT_EQ(feed(5), "6-last ");
  }
}

TEST_P(StoreTest, tells_its_listener_after_each_commit_and_lets_it_commit_itself) {
  int told = 0;
  store_->on_commit([&] {
    ++told;
    if (told == 1) MUST(write({{{"a", "y"}, "2"}}));
  });
  EXPECT_EQ(MUST(write({{{"a", "x"}, "1"}})), 1);
  EXPECT_FALSE(write({{{"a", "x"}, "1", Expect::kAbsent}}));
  EXPECT_EQ(told, 2);
  EXPECT_EQ(store_->revision(), 2);
}

TEST_P(StoreTest, a_fault_store_dies_before_or_after_the_commit_it_is_told) {
  for (const auto death : {FaultStore::Death::before_commit, FaultStore::Death::after_commit}) {
    FaultStore faulty(*store_);
    const std::int64_t before = store_->revision();
    const std::vector<Write> writes{{{"a", "x"}, "1"}};
    faulty.die_at(2, death);
    EXPECT_TRUE(faulty.commit(writes));
    const auto killed = faulty.commit(writes);
    ASSERT_FALSE(killed);
    EXPECT_EQ(killed.error().code, "Killed");
    EXPECT_EQ(store_->revision(), before + (death == FaultStore::Death::after_commit ? 2 : 1));
    EXPECT_FALSE(faulty.get({"a", "x"}));
    EXPECT_FALSE(faulty.commit(writes));
    EXPECT_TRUE(faulty.dead());
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreTest, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& kind) { return kind.param == Kind::memory ? "memory" : "sqlite"; });

}  // namespace
}  // namespace weir::store
