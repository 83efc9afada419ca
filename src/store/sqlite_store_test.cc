// What only the durable store has to stand: kills, a full disk, damage, other versions, other processes.
#include "store/sqlite_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/random.h"

namespace weir::store {
namespace {

class SqliteStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-sqlite-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string error_of_open() {
    const auto store = SqliteStore::open(directory_);
    return store ? "(none)" : store.error().code + ": " + store.error().message;
  }
  void set_file(const char* sql) const {
    const auto database = MUST(Database::open(file()));
    MUST(database->run(sql));
  }
  std::string file() const { return directory_ + "/weir.db"; }

  std::string directory_;
};

// Runs `work` in a child process; its exit code, or 128 + the signal that ended it.
int in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::int64_t put_number(Store& store, const std::string& name, std::int64_t number) {
  const std::vector<Write> writes{{{"n", name}, std::to_string(number)}, {{"copy", name}, std::to_string(number)}};
  return MUST(store.commit(writes));
}

std::string body_of(Store& store, const std::string& name) {
  const auto found = MUST(store.get({"n", name}));
  return found ? found->body->text() : "(none)";
}

TEST_F(SqliteStoreTest, what_was_answered_is_there_after_a_kill) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto store = MUST(SqliteStore::open(directory_));
    for (std::int64_t i = 1;; ++i) {
      put_number(*store, "x", i);
      if (write(ends[1], &i, sizeof i) != sizeof i) _exit(1);
    }
  }
  close(ends[1]);
  std::int64_t answered = 0;
  for (int i = 0; i < 50; ++i) ASSERT_EQ(read(ends[0], &answered, sizeof answered), ssize_t{sizeof answered});
  kill(child, SIGKILL);
  while (read(ends[0], &answered, sizeof answered) == sizeof answered) continue;
  close(ends[0]);
  waitpid(child, nullptr, 0);

  auto store = MUST(SqliteStore::open(directory_));
  // The kill may have come between the commit and the answer.
  EXPECT_GE(store->revision(), answered);
  EXPECT_LE(store->revision(), answered + 1);
  EXPECT_EQ(MUST(store->get({"n", "x"}))->body->text(), std::to_string(store->revision()));
  EXPECT_EQ(MUST(store->get({"copy", "x"}))->body->text(), std::to_string(store->revision()));
}

TEST_F(SqliteStoreTest, a_full_disk_refuses_the_commit_and_the_store_goes_on_when_there_is_room) {
  // A limit on the size of files stands for the disk: the kernel refuses the write in the same place.
  const int exit = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    auto store = MUST(SqliteStore::open(directory_));
    put_number(*store, "x", 1);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t room = limit.rlim_cur;
    limit.rlim_cur = std::filesystem::file_size(file() + "-wal") + 16384;
    setrlimit(RLIMIT_FSIZE, &limit);
    std::vector<Write> large{{{"n", "x"}, "2"}, {{"n", "large"}, std::string(1 << 20, 'x')}};
    const auto refused = store->commit(large);
    if (refused || refused.error().code != "Full") _exit(2);
    if (store->revision() != 1 || body_of(*store, "x") != "1") _exit(3);
    const auto large_one = MUST(store->get({"n", "large"}));
    if (large_one) _exit(4);
    limit.rlim_cur = room;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (MUST(store->commit(large)) != 2) _exit(5);
    put_number(*store, "x", 3);
  });
  EXPECT_EQ(exit, 0);
  auto store = MUST(SqliteStore::open(directory_));
  EXPECT_EQ(store->revision(), 3);
  EXPECT_EQ(body_of(*store, "x"), "3");
  EXPECT_EQ(body_of(*store, "large").size(), 1u << 20);
}

TEST_F(SqliteStoreTest, a_disk_that_is_full_at_the_start_is_an_error_too) {
  const int exit = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &none);
    const auto store = SqliteStore::open(directory_);
    if (store || store.error().code != "Full") _exit(2);
  });
  EXPECT_EQ(exit, 0);
  EXPECT_EQ(error_of_open(), "(none)");
}

TEST_F(SqliteStoreTest, a_store_of_a_newer_weir_is_refused_and_left_as_it_is) {
  {
    const auto store = MUST(SqliteStore::open(directory_));
    put_number(*store, "x", 1);
  }
  set_file("PRAGMA user_version=99");
  EXPECT_EQ(error_of_open(),
            "Newer: the store " + file() + " was written by a newer Weir (version 99, this one knows 1)");
  const auto database = MUST(Database::open(file()));
  EXPECT_EQ(MUST(database->number("PRAGMA user_version")), 99);
}

TEST_F(SqliteStoreTest, a_second_process_on_the_same_folder_is_refused) {
  auto store = MUST(SqliteStore::open(directory_));
  EXPECT_EQ(error_of_open(), "Locked: another weir serve uses the state folder " + directory_);
  store.reset();
  EXPECT_EQ(error_of_open(), "(none)");
}

TEST_F(SqliteStoreTest, a_damaged_file_is_a_clear_error) {
  { std::ofstream(file()) << std::string(8192, 'z'); }
  EXPECT_EQ(error_of_open().rfind("Corrupt: the store in " + directory_ + " is damaged (", 0), 0u) << error_of_open();
}

TEST_F(SqliteStoreTest, damage_in_the_middle_of_the_file_is_found_at_the_start) {
  {
    auto store = MUST(SqliteStore::open(directory_));
    for (int i = 0; i < 200; ++i) {
      const std::vector<Write> writes{{{"n", std::to_string(i)}, std::string(500, 'x')}};
      MUST(store->commit(writes));
    }
  }
  const auto size = std::filesystem::file_size(file());
  ASSERT_GT(size, 40960u);
  std::fstream damage(file(), std::ios::in | std::ios::out | std::ios::binary);
  damage.seekp(8192);
  damage << std::string(8192, '\xff');
  damage.close();
  EXPECT_EQ(error_of_open().rfind("Corrupt: ", 0), 0u) << error_of_open();
}

TEST_F(SqliteStoreTest, a_database_of_another_program_is_refused) {
  set_file("CREATE TABLE theirs (x)");
  EXPECT_NE(error_of_open().find("is a database of another program"), std::string::npos) << error_of_open();
}

TEST_F(SqliteStoreTest, a_folder_that_cannot_be_made_is_named) {
  { std::ofstream(directory_ + "/file") << "x"; }
  directory_ += "/file";
  EXPECT_EQ(error_of_open().rfind("Io: cannot make the state folder " + directory_, 0), 0u) << error_of_open();
  directory_.resize(directory_.size() - 5);
}

TEST_F(SqliteStoreTest, random_work_with_reopens_agrees_with_a_plain_map) {
  Random random(7);
  std::map<std::string, std::string> expected;
  auto store = MUST(SqliteStore::open(directory_));
  for (int round = 0; round < 300; ++round) {
    if (random.chance(5)) {
      store.reset();
      store = MUST(SqliteStore::open(directory_));
    }
    const std::string name = std::to_string(random.below(20));
    if (random.chance(30)) {
      MUST(store->commit(std::vector<Write>{{{"n", name}, std::nullopt}}));
      expected.erase(name);
    } else {
      const std::string body = random.hex(8);
      MUST(store->commit(std::vector<Write>{{{"n", name}, body}}));
      expected[name] = body;
    }
    ASSERT_EQ(store->revision(), round + 1);
  }
  std::map<std::string, std::string> found;
  for (const auto& document : MUST(store->list("n", ""))) found[document.key.name] = document.body->text();
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace weir::store
