#include "observe/log_keep.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "observe/limits.h"

namespace weir::observe {
namespace {

namespace fs = std::filesystem;

class LogKeeping : public ::testing::TestWithParam<bool> {
 protected:
  LogKeeping() {
    char pattern[] = "/tmp/weir-log-keep-XXXXXX";
    folder = ::mkdtemp(pattern);
    reopen();
  }
  ~LogKeeping() override { fs::remove_all(folder); }
  bool on_disk() const { return GetParam(); }
  void reopen() {
    if (on_disk() || !keep) keep = std::make_unique<LogKeep>(on_disk() ? folder + "/logs" : "");
  }
  void add(std::int64_t timestamp, std::string_view message, std::int64_t source = 0) {
    const NewLogEvent event{timestamp, message, source};
    MUST(keep->append("s", {&event, 1}, 5000));
  }
  std::string read(const LogRange& range) {
    std::string all;
    for (const auto& event : MUST(keep->read("s", range))) all += event.message + " ";
    return all;
  }
  std::vector<fs::path> files() {
    std::vector<fs::path> found;
    for (const auto& file : fs::directory_iterator(folder + "/logs/s")) found.push_back(file.path());
    std::sort(found.begin(), found.end());
    return found;
  }
  std::string folder;
  std::unique_ptr<LogKeep> keep;
};

TEST_P(LogKeeping, ReadsInTheOrderOfTimeWhateverTheOrderOfComing) {
  for (const auto& [at, text] : {std::pair{30, "c"}, {10, "a"}, {20, "b1"}, {20, "b2"}, {40, "d"}}) add(at, text);
  reopen();
  EXPECT_EQ(read({}), "a b1 b2 c d ");
  EXPECT_EQ(read({.from = {20, 0}, .to = {40, 0}}), "b1 b2 c ");
  EXPECT_EQ(read({.most = 2}), "a b1 ");
  EXPECT_EQ(read({.most = 2, .newest = true}), "c d ");
  EXPECT_EQ(read({.from = {20, 3}}), "b2 c d ") << "b2 came as the fourth";
  EXPECT_EQ(read({.most_bytes = 1}), "a ") << "one event is always given";
  EXPECT_EQ(*MUST(keep->earliest("s", {.from = {15, 0}})), 15);
  EXPECT_FALSE(MUST(keep->earliest("s", {.from = {41, 0}})));
}

TEST_P(LogKeeping, KeepsAnyTextWhole) {
  using std::string_literals::operator""s;
  const std::string text = "two\nlines, a \"quote\", a \\ and a \0 byte \xc3\xbc"s;
  add(1, text);
  reopen();
  EXPECT_EQ(MUST(keep->read("s", {})).at(0).message, text);
}

TEST_P(LogKeeping, ManySegmentsAreOneStream) {
  const std::string text(64 << 10, 'x');
  for (int i = 0; i < 40; ++i) add(1000 - i, text + std::to_string(i));  // backwards, so that segments are too
  reopen();
  const auto figures = MUST(keep->figures("s"));
  EXPECT_EQ(figures.events, 40);
  EXPECT_EQ(figures.first, 961);
  EXPECT_EQ(figures.last, 1000);
  EXPECT_EQ(figures.ingested, 5000);
  const auto first = MUST(keep->read("s", {.most = 3, .most_bytes = 1 << 30}));
  ASSERT_EQ(first.size(), 3u);
  EXPECT_TRUE(first[0].message.ends_with("x39"));
  EXPECT_EQ(first[0].sequence, 39);
  const auto last = MUST(keep->read("s", {.most = 2, .most_bytes = 1 << 30, .newest = true}));
  EXPECT_TRUE(last.at(1).message.ends_with("x0"));
  EXPECT_TRUE(last.at(0).message.ends_with("x1"));
  if (on_disk()) {
    EXPECT_GT(files().size(), 2u);
  }
}

TEST_P(LogKeeping, ExpiryForgetsWholeSegmentsAndNothingOfTheCounting) {
  add(10, "old", 77);
  keep->expire("s", 10);
  EXPECT_EQ(read({}), "old ") << "it is not older than that";
  keep->expire("s", 11);
  reopen();
  EXPECT_EQ(read({}), "");
  EXPECT_EQ(MUST(keep->figures("s")).source, 77);
  add(20, "new");
  EXPECT_EQ(MUST(keep->read("s", {})).at(0).sequence, 1);
}

TEST_P(LogKeeping, TheOldestGoesWhenThereIsTooMuch) {
  keep = std::make_unique<LogKeep>(on_disk() ? folder + "/logs" : "", /*segments=*/3, /*segment_bytes=*/60);
  for (int i = 0; i < 20; ++i) add(i, "event " + std::to_string(i), i);
  const auto left = MUST(keep->read("s", {}));
  EXPECT_EQ(left.back().sequence, 19);
  EXPECT_GT(left.front().sequence, 10);
  EXPECT_LE(MUST(keep->figures("s")).bytes, 3 * 120);
}

TEST_P(LogKeeping, WhatIsRemovedIsGone) {
  add(1, "a");
  keep->remove("s");
  reopen();
  EXPECT_EQ(read({}), "");
  add(1, "b");
  keep->keep_only({"s"});
  EXPECT_EQ(read({}), "b ");
  if (on_disk()) {
    keep->keep_only({});
    EXPECT_FALSE(fs::exists(folder + "/logs/s"));
  }
}

INSTANTIATE_TEST_SUITE_P(Both, LogKeeping, testing::Bool(),
                         [](const auto& one) { return one.param ? "OnDisk" : "InMemory"; });

class LogCrash : public LogKeeping {};
INSTANTIATE_TEST_SUITE_P(Disk, LogCrash, ::testing::Values(true));

TEST_P(LogCrash, ATornLastLineIsDroppedAndItsSourceIsAskedAgain) {
  add(1, "a", 10);
  add(2, "b", 20);
  const auto size = fs::file_size(files().at(0));
  for (std::uintmax_t torn = size - 1; torn > size - 8; --torn) {
    fs::resize_file(files().at(0), torn);
    reopen();
    EXPECT_EQ(read({}), "a ");
    EXPECT_EQ(MUST(keep->figures("s")).source, 10);
  }
  add(2, "b", 20);
  reopen();
  EXPECT_EQ(read({}), "a b ");
}

TEST_P(LogCrash, ASegmentWhoseHeadIsTornNeverWas) {
  add(1, std::string(kLogSegmentBytes, 'x'), 10);
  std::ofstream(folder + "/logs/s/00000000000000000001.log") << "weir-l";
  reopen();
  EXPECT_EQ(MUST(keep->figures("s")).source, 10);
  add(2, "b", 20);
  EXPECT_EQ(MUST(keep->figures("s")).events, 2);
}

TEST_P(LogCrash, ALineOfNonsenseIsPassedOver) {
  add(1, "a");
  std::ofstream(files().at(0), std::ios::app) << std::string(10, '\0') << "\n3 3 0 \"c\"\n";
  reopen();
  EXPECT_EQ(read({}), "a c ");
  EXPECT_EQ(MUST(keep->read("s", {})).at(1).sequence, 2);
}

}  // namespace
}  // namespace weir::observe
