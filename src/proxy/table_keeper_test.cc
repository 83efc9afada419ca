#include "proxy/table_keeper.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "proxy/table_file.h"

namespace weir::proxy {
namespace {

route::RouteTablePointer table(std::int64_t version) {
  route::RouteTable made;
  made.version = version;
  return std::make_shared<const route::RouteTable>(std::move(made));
}

class TableKeeperTest : public ::testing::Test {
 protected:
  ~TableKeeperTest() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  TableKeeper::Kept note() {
    return
        [this](std::int64_t version, const Result<void>& written) { (written ? kept_ : not_kept_).push_back(version); };
  }

  std::filesystem::path folder_ = [] {
    std::string name = ::testing::TempDir() + "table-keeper-XXXXXX";
    return std::filesystem::path(mkdtemp(name.data()));
  }();
  std::vector<std::int64_t> kept_, not_kept_;  // the keeper's thread's, until it is done
};

TEST_F(TableKeeperTest, the_newest_table_is_on_disk_when_it_is_done) {
  TableKeeper keeper(path("table.json"), note());
  for (std::int64_t version = 1; version <= 20; ++version) keeper.keep(table(version));
  keeper.finish();
  EXPECT_EQ(MUST(read_table_file(path("table.json")))->version, 20);
  EXPECT_TRUE(std::ranges::is_sorted(kept_));
  EXPECT_EQ(kept_.back(), 20);
}

TEST_F(TableKeeperTest, what_it_was_given_is_on_disk_when_it_ends) {
  { TableKeeper(path("table.json"), note()).keep(table(3)); }
  EXPECT_EQ(MUST(read_table_file(path("table.json")))->version, 3);
}

TEST_F(TableKeeperTest, says_which_table_could_not_be_written) {
  TableKeeper keeper(path("no-folder/table.json"), note());
  keeper.keep(table(4));
  keeper.finish();
  EXPECT_TRUE(kept_.empty());
  EXPECT_EQ(not_kept_, std::vector<std::int64_t>{4});
}

}  // namespace
}  // namespace weir::proxy
