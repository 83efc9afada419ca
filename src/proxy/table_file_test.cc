#include "proxy/table_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace weir::proxy {
namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/weir-table-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

TEST(TableFileTest, gives_back_what_was_written_last_and_leaves_nothing_beside_it) {
  const Folder folder;
  const std::string path = folder.path + "/table.json";
  const auto none = read_table_file(path);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  for (std::int64_t version = 1; version <= 3; ++version) {
    route::RouteTable table{.version = version, .pools = {route::Pool{.id = "p"}}};
    ASSERT_TRUE(write_table_file(path, table));
    const auto back = read_table_file(path);
    ASSERT_TRUE(back && *back);
    EXPECT_EQ(**back, table);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1);
}

TEST(TableFileTest, says_what_is_wrong_with_a_file) {
  const Folder folder;
  const std::string path = folder.path + "/table.json";
  std::ofstream(path) << R"({"version":1,"nonsense":2})";
  const auto table = read_table_file(path);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message, "nonsense: is not known");
}

TEST(TableFileTest, says_that_a_folder_is_missing) {
  const Folder folder;
  const auto written = write_table_file(folder.path + "/no/table.json", route::RouteTable{.version = 1});
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace weir::proxy
