#include "runtime/task_log.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/limits.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

class TaskLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-log-XXXXXX";
    root_ = mkdtemp(pattern.data());
    fs::create_directories(root_ + "/t1");
  }
  void TearDown() override { fs::remove_all(root_); }

  LogWriter writer(const char* container = "web") { return LogWriter(root_ + "/t1", container, clock_); }
  // The texts of the lines from `offset`, without their times.
  std::string text(std::int64_t offset = 0) {
    std::string all;
    for (;;) {
      const auto chunk = MUST(log_().read("t1", "web", offset));
      if (chunk.text.empty()) return all;
      offset = chunk.next;
      for (std::size_t at = 0; at < chunk.text.size();) {
        const std::size_t end = chunk.text.find('\n', at);
        all += chunk.text.substr(at + 25, end - at - 24);
        at = end + 1;
      }
    }
  }
  TaskLog log_() { return TaskLog(root_); }

  ManualClock clock_;
  std::string root_;
};

TEST_F(TaskLogTest, keeps_lines_with_their_time_and_stream) {
  LogWriter log = writer();
  log.write(LogStream::out, "one\ntw");
  log.write(LogStream::error, "other\n");
  log.write(LogStream::out, "o\n\nunfinished");
  EXPECT_EQ(MUST(log_().read("t1", "web", 0)).text,
            "2023-11-14T22:13:20.000Z stdout one\n"
            "2023-11-14T22:13:20.000Z stderr other\n"
            "2023-11-14T22:13:20.000Z stdout two\n"
            "2023-11-14T22:13:20.000Z stdout \n");
  log.finish();
  EXPECT_EQ(text(), "stdout one\nstderr other\nstdout two\nstdout \nstdout unfinished\n");
}

TEST_F(TaskLogTest, splits_a_line_that_is_too_long) {
  LogWriter log = writer();
  log.write(LogStream::out, std::string(kLogLineBytes, 'a') + "\n" + std::string(2 * kLogLineBytes + 1, 'b') + "\n");
  EXPECT_EQ(text(), "stdout " + std::string(kLogLineBytes, 'a') + "\nstdout " + std::string(kLogLineBytes, 'b') +
                        "\nstdout " + std::string(kLogLineBytes, 'b') + "\nstdout b\n");
}

TEST_F(TaskLogTest, splits_no_character_of_a_line_that_is_too_long) {
  LogWriter log = writer();
  const std::string begun(kLogLineBytes - 1, 'a');
  log.write(LogStream::out, begun + "\xC3");
  log.write(LogStream::out, "\xA9 and more\n");
  EXPECT_EQ(text(), "stdout " + begun + "\nstdout \xC3\xA9 and more\n");
}

TEST_F(TaskLogTest, follows_from_an_offset_and_finds_the_last_lines) {
  LogWriter log = writer();
  log.write(LogStream::out, "1\n2\n3\n");
  const std::int64_t end = MUST(log_().read("t1", "web", 0)).next;
  EXPECT_EQ(text(end), "");
  log.write(LogStream::out, "4\n");
  EXPECT_EQ(text(end), "stdout 4\n");
  EXPECT_EQ(text(MUST(log_().tail("t1", "web", 2))), "stdout 3\nstdout 4\n");
  EXPECT_EQ(text(MUST(log_().tail("t1", "web", 0))), "");
  EXPECT_EQ(text(MUST(log_().tail("t1", "web", 4))), "stdout 1\nstdout 2\nstdout 3\nstdout 4\n");
  EXPECT_EQ(MUST(log_().tail("t1", "web", 99)), 0);
}

TEST_F(TaskLogTest, stays_within_its_bounds_and_reads_on_over_what_was_dropped) {
  LogWriter log = writer();
  const std::string line(1000, 'x');
  const std::size_t lines = (kLogSegments + 2) * kLogSegmentBytes / line.size();
  for (std::size_t i = 0; i < lines; ++i) log.write(LogStream::out, std::to_string(i) + line + "\n");
  std::uintmax_t kept = 0;
  for (const auto& file : fs::directory_iterator(root_ + "/t1")) kept += file.file_size();
  EXPECT_LE(kept, kLogSegments * (kLogSegmentBytes + 2 * line.size()));
  EXPECT_GE(kept, (kLogSegments - 1) * kLogSegmentBytes);
  std::int64_t offset = 0;
  std::size_t total = 0;
  for (;;) {
    const auto chunk = MUST(log_().read("t1", "web", offset));
    if (chunk.text.empty()) break;
    EXPECT_TRUE(chunk.text.ends_with('\n'));
    total += chunk.text.size();
    offset = chunk.next;
  }
  EXPECT_EQ(total, kept);
  EXPECT_EQ(text(MUST(log_().tail("t1", "web", 1))), "stdout " + std::to_string(lines - 1) + line + "\n");
}

TEST_F(TaskLogTest, drops_lines_where_there_is_no_room_and_says_how_much) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    LogWriter log = writer();
    log.write(LogStream::out, "before\n");
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t room = limit.rlim_cur;
    limit.rlim_cur = 40;
    setrlimit(RLIMIT_FSIZE, &limit);
    log.write(LogStream::out, "lost\n");
    limit.rlim_cur = room;
    setrlimit(RLIMIT_FSIZE, &limit);
    log.write(LogStream::out, "after\n");
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(text(), "stdout before\nstderr weir: 37 bytes of this log were lost, there was no room\nstdout after\n");
}

TEST_F(TaskLogTest, names_the_containers_and_what_is_not_there) {
  LogWriter web = writer(), side = writer("side-car_2");
  web.write(LogStream::out, "x\n");
  side.write(LogStream::out, "y\n");
  EXPECT_EQ(log_().containers("t1"), (std::vector<std::string>{"side-car_2", "web"}));
  EXPECT_TRUE(log_().containers("../t1").empty());
  EXPECT_EQ(log_().read("t1", "none", 0).error().code, "NotFound");
  EXPECT_EQ(log_().read("../t1", "web", 0).error().code, "NotFound");
  EXPECT_EQ(log_().tail("t2", "web", 1).error().code, "NotFound");
}

TEST_F(TaskLogTest, removes_the_oldest_logs_but_not_those_in_use) {
  for (int i = 1; i <= 5; ++i) {
    const std::string task = root_ + "/t" + std::to_string(i);
    fs::create_directories(task);
    fs::last_write_time(task, fs::file_time_type::clock::now() - std::chrono::hours(10 - i));
  }
  log_().trim(2, {"t1"});
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(fs::exists(root_ + "/t" + std::to_string(i)), i == 1 || i >= 4) << i;
}

}  // namespace
}  // namespace weir::runtime
