#include "proxy/access_logs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "proxy/limits.h"

namespace weir::proxy {
namespace {

namespace fs = std::filesystem;

TEST(LogRingTest, gives_back_what_was_put_in_across_its_end) {
  LogRing ring(16);
  std::string in, out;
  for (int i = 0; i < 100; ++i) {
    const std::string line = std::string(static_cast<std::size_t>(i % 7 + 1), static_cast<char>('a' + i % 26)) + "\n";
    ASSERT_TRUE(ring.append(line));
    in += line;
    while (!ring.empty()) {
      const std::string_view piece = ring.piece(ring.end());
      out += piece;
      ring.consume(piece.size());
    }
  }
  EXPECT_EQ(out, in);
}

TEST(LogRingTest, takes_a_line_as_a_whole_or_not_at_all) {
  LogRing ring(16);
  EXPECT_TRUE(ring.append("0123456789\n"));
  EXPECT_FALSE(ring.append("123456\n"));
  EXPECT_TRUE(ring.append("1234\n"));
  EXPECT_FALSE(ring.append("\n"));
  EXPECT_EQ(ring.piece(ring.end()), "0123456789\n1234\n");
}

class AccessLogsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("access_logs_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    path_ = folder_ / "log";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void open(std::size_t workers, std::vector<std::string> paths) {
    if (!logs_) logs_ = std::make_unique<AccessLogs>(clock_, log_, workers, [this] { ++changes_; });
    route::RouteTable table;
    for (const std::string& path : paths) {
      table.listeners.emplace_back();
      table.listeners.back().access_log = route::AccessLog{path, route::AccessLog::Format::alb};
    }
    logs_->take_table(table);
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // False: not within ten seconds.
  static bool until(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      usleep(10'000);
    }
    return false;
  }

  SystemClock clock_;
  NoLog log_;
  fs::path folder_, path_;
  std::atomic<int> changes_{0};
  std::unique_ptr<AccessLogs> logs_;
};

TEST_F(AccessLogsTest, lines_of_several_workers_arrive_whole) {
  open(3, {path_, path_});
  for (int i = 0; i < 1000; ++i) {
    for (std::size_t worker = 0; worker < 3; ++worker) {
      const auto& ring = logs_->rings(worker).at(path_);
      const std::string line = std::string(50, static_cast<char>('a' + worker)) + "\n";
      ASSERT_TRUE(ring->append(line));
    }
  }
  logs_.reset();
  std::istringstream text(read(path_));
  std::map<std::string, int> lines;
  for (std::string line; std::getline(text, line);) ++lines[line];
  EXPECT_EQ(lines.size(), 3u);
  for (const auto& [line, count] : lines) EXPECT_EQ(count, 1000) << line;
}

TEST_F(AccessLogsTest, a_file_that_is_moved_away_is_opened_anew) {
  open(1, {path_});
  const auto ring = logs_->rings(0).at(path_);
  ASSERT_TRUE(ring->append("one\n"));
  ASSERT_TRUE(until([&] { return read(path_) == "one\n"; }));
  fs::rename(path_, folder_ / "old");
  ASSERT_TRUE(until([&] { return fs::exists(path_); }));
  ASSERT_TRUE(ring->append("two\n"));
  ASSERT_TRUE(until([&] { return read(path_) == "two\n"; }));
  EXPECT_EQ(read(folder_ / "old"), "one\n");
}

TEST_F(AccessLogsTest, is_opened_anew_when_asked) {
  open(1, {path_});
  ASSERT_TRUE(until([&] { return fs::exists(path_); }));
  fs::rename(path_, folder_ / "old");
  const auto before = clock_.now();
  logs_->reopen();
  ASSERT_TRUE(until([&] { return fs::exists(path_); }));
  EXPECT_LT(clock_.now() - before, kLogRetry);
}

TEST_F(AccessLogsTest, a_path_that_cannot_be_written_is_told_and_heals) {
  const fs::path path = folder_ / "missing" / "log";
  open(1, {path});
  ASSERT_TRUE(until([&] { return logs_->error(path.string()) == "No such file or directory"; }));
  EXPECT_EQ(changes_, 1);
  const auto ring = logs_->rings(0).at(path);
  ASSERT_TRUE(ring->append("kept\n"));
  fs::create_directory(folder_ / "missing");
  ASSERT_TRUE(until([&] { return read(path) == "kept\n"; }));
  ASSERT_TRUE(until([&] { return logs_->error(path.string()).empty(); }));
}

TEST_F(AccessLogsTest, a_pipe_that_nobody_reads_fills_the_ring_and_no_more) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  open(1, {path_});
  const auto ring = logs_->rings(0).at(path_);
  const std::string line = std::string(999, 'x') + "\n";
  std::size_t taken = 0;
  ASSERT_TRUE(until([&] {
    while (ring->append(line)) ++taken;
    return taken * line.size() > kLogRing + 60'000;  // the pipe is full, too
  }));
  EXPECT_LT(taken * line.size(), kLogRing * 2);
  std::string seen;
  std::array<char, 65536> buffer;
  ASSERT_TRUE(until([&] {
    const ssize_t size = ::read(reader, buffer.data(), buffer.size());
    if (size > 0) seen.append(buffer.data(), static_cast<std::size_t>(size));
    return seen.size() == taken * line.size();
  })) << seen.size();
  for (std::size_t i = 0; i < taken; ++i) ASSERT_EQ(seen.compare(i * line.size(), line.size(), line), 0) << i;
  close(reader);
}

TEST_F(AccessLogsTest, a_path_that_leaves_the_table_is_written_to_the_end) {
  open(1, {path_});
  auto ring = logs_->rings(0).at(path_);
  open(1, {});
  ASSERT_TRUE(ring->append("late\n"));
  ring.reset();
  EXPECT_TRUE(until([&] { return read(path_) == "late\n"; }));
  EXPECT_TRUE(logs_->rings(0).empty());
}

}  // namespace
}  // namespace weir::proxy
