// The durable store where the power fails: its journal is cut at every place of every write, and what the next process
// finds is what had been answered before that place, whole batches and no other.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/random.h"
#include "store/sqlite_store.h"

namespace weir::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFrame = 24 + 4096;  // of the journal: a header and a page

using Contents = std::map<std::string, std::string>;

// What had been answered, and how long the journal was then.
struct Answered {
  std::uintmax_t journal = 0;
  std::int64_t revision = 0;
  Contents contents;
};

class CutTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-cut-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string live() const { return root_ + "/live"; }
  std::string copy() const { return root_ + "/copy"; }
  std::string journal() const { return live() + "/weir.db-wal"; }

  // Puts some and takes some away in one batch.
  void commit(Store& store, std::size_t body) {
    std::vector<Write> writes;
    for (std::int64_t i = random_.between(1, 3); i > 0; --i) {
      const std::string name = std::to_string(random_.below(8)) + "-" + std::to_string(i);
      if (random_.chance(30)) {
        writes.push_back({{"n", name}, std::nullopt});
        contents_.erase(name);
      } else {
        writes.push_back({{"n", name}, random_.hex(static_cast<unsigned>(body))});
        contents_[name] = *writes.back().body;
      }
    }
    MUST(store.commit(writes));
  }
  Answered answered(const Store& store) const { return {fs::file_size(journal()), store.revision(), contents_}; }

  // The disk as it is at this moment.
  void take_copy() const {
    fs::remove_all(copy());
    fs::copy(live(), copy());
  }
  void expect_found(const Answered& wished, const std::string& where) const {
    const auto store = SqliteStore::open(copy());
    ASSERT_TRUE(store) << where << ": " << store.error().message;
    EXPECT_EQ((*store)->revision(), wished.revision) << where;
    Contents found;
    for (const auto& document : MUST((*store)->list("n", ""))) found[document.key.name] = document.body->text();
    EXPECT_EQ(found, wished.contents) << where;
  }

  std::string root_;
  Random random_{11};
  Contents contents_;
};

TEST_F(CutTest, a_journal_that_is_cut_anywhere_holds_all_that_was_answered_before) {
  const auto store = MUST(SqliteStore::open(live()));
  std::vector<Answered> answers;
  for (int i = 0; i < 12; ++i) {
    commit(*store, 3000);
    answers.push_back(answered(*store));
  }
  std::size_t last = 0;
  for (std::uintmax_t at = answers[0].journal; at <= answers.back().journal; at += kFrame / 2) {
    while (last + 1 < answers.size() && answers[last + 1].journal <= at) ++last;
    for (const bool torn : {false, true}) {
      take_copy();
      fs::resize_file(copy() + "/weir.db-wal", at);
      if (torn) std::ofstream(copy() + "/weir.db-wal", std::ios::app | std::ios::binary) << random_.hex(700);
      expect_found(answers[last], "cut at " + std::to_string(at) + (torn ? ", torn" : ""));
    }
  }
  EXPECT_EQ(last, answers.size() - 1);
}

TEST_F(CutTest, what_was_answered_is_there_at_each_moment_also_while_the_journal_goes_into_the_file) {
  const auto store = MUST(SqliteStore::open(live()));
  std::uintmax_t longest = 0;
  bool began_anew = false;
  for (int i = 0; i < 60; ++i) {
    commit(*store, 100'000);
    const Answered now = answered(*store);
    began_anew |= now.journal <= longest;
    longest = std::max(longest, now.journal);
    take_copy();
    expect_found(now, "after batch " + std::to_string(i));
  }
  EXPECT_TRUE(began_anew) << "the journal was never carried over: there was nothing to see";
}

}  // namespace
}  // namespace weir::store
