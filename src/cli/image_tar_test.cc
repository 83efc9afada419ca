#include "cli/image_tar.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

// A folder of its own that is gone afterwards.
class ImageTar : public ::testing::Test {
 protected:
  ImageTar() {
    std::string path = (fs::temp_directory_path() / "weir-tar-XXXXXX").string();
    folder_ = ::mkdtemp(path.data());
  }
  ~ImageTar() override { fs::remove_all(folder_); }

  void write(const fs::path& root, const std::string& name, const std::string& content, fs::perms mode) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << content;
    fs::permissions(root / name, mode);
  }
  static std::string bytes_of(const Tar& tar) {
    std::string bytes(tar.size, 0);
    EXPECT_EQ(::pread(tar.file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(tar.size));
    return bytes;
  }

  fs::path folder_;
};

TEST_F(ImageTar, TheSameContentIsTheSameTarWhateverTheTimesAndTheOrder) {
  using enum fs::perms;
  for (const char* root : {"one", "two"}) {
    const fs::path at = folder_ / root;
    if (root == std::string("one")) write(at, "bin/server", "x", owner_all);
    write(at, "etc/settings", std::string(100'000, 's'), owner_read | owner_write | group_write);
    if (root == std::string("two")) write(at, "bin/server", "x", owner_all | others_read | others_exec);
    fs::create_symlink("server", at / "bin/alias");
  }
  fs::last_write_time(folder_ / "two/bin/server", fs::file_time_type::clock::now() - std::chrono::hours(5));
  const auto one = pack_folder((folder_ / "one").string());
  const auto two = pack_folder((folder_ / "two").string());
  ASSERT_TRUE(one) << one.error().message;
  ASSERT_TRUE(two) << two.error().message;
  const std::string bytes = bytes_of(*one);
  EXPECT_TRUE(bytes == bytes_of(*two));
  EXPECT_LT(bytes.find("bin/alias"), bytes.find("bin/server"));
  EXPECT_LT(bytes.find("bin/server"), bytes.find("etc/settings"));
  EXPECT_EQ(bytes.size() % 512, 0u);
}

TEST_F(ImageTar, WhatCannotBePackedIsNamed) {
  const auto missing = pack_folder((folder_ / "nothing").string());
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().message.contains("nothing")) << missing.error().message;
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const auto pipe = pack_folder(folder_.string());
  ASSERT_FALSE(pipe);
  EXPECT_TRUE(pipe.error().message.contains("neither file")) << pipe.error().message;
}

}  // namespace
}  // namespace weir::cli
