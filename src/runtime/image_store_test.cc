#include "runtime/image_store.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/files.h"
#include "runtime/image_reference.h"
#include "runtime/layer.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

TEST(ImageReference, reads_what_oci_allows_and_says_why_not) {
  struct Row {
    const char* text;
    const char* expected;  // null: refused
  };
  for (const Row& row :
       {Row{"echo:0.9", "echo:0.9"},
        Row{"echo", "echo:latest"},
        Row{"a/b-c/d_e:X_1.2-3", "a/b-c/d_e:X_1.2-3"},
        Row{"localhost:5000/a", "localhost:5000/a:latest"},
        Row{"localhost:5000/a:b", "localhost:5000/a:b"},
        Row{"1.dkr.ecr.x.amazonaws.com/echo/server:latest", "1.dkr.ecr.x.amazonaws.com/echo/server:latest"},
        Row{"a__b:1", "a__b:1"},
        Row{"a---b:1", "a---b:1"},
        Row{"", nullptr},
        Row{":1", nullptr},
        Row{"Echo:1", nullptr},
        Row{"a//b", nullptr},
        Row{"/a", nullptr},
        Row{"a/", nullptr},
        Row{"a..b", nullptr},
        Row{"../a", nullptr},
        Row{"a___b", nullptr},
        Row{"a_-b", nullptr},
        Row{"-a", nullptr},
        Row{"a:", nullptr},
        Row{"a:.x", nullptr},
        Row{"a:b:c", nullptr},
        Row{"a:b c", nullptr},
        Row{"a@sha256:00", nullptr},
        Row{"a b", nullptr}}) {
    const auto reference = ImageReference::parse(row.text);
    ASSERT_EQ(reference.has_value(), row.expected != nullptr) << row.text;
    if (reference) {
      EXPECT_EQ(reference->text(), row.expected);
    } else {
      EXPECT_EQ(reference.error().code, "InvalidImageReference");
    }
  }
  EXPECT_FALSE(ImageReference::parse(std::string(256, 'a')));
  EXPECT_FALSE(ImageReference::parse("a:" + std::string(129, 'a')));
}

// An entry of a tar that a stranger made.
struct TarEntry {
  std::string path;
  unsigned type = AE_IFREG;
  std::string content;  // of a file; target of a link
  bool hard_link = false;
  unsigned mode = 0644;
  uid_t owner = 0;
};

class ImageStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-images-XXXXXX";
    root_ = mkdtemp(pattern.data());
    source_ = root_ + "/source";
    fs::create_directories(source_ + "/sub");
  }
  void TearDown() override { fs::remove_all(root_); }

  void add(const std::string& path, const std::string& content, fs::perms mode = fs::perms(0644)) {
    { std::ofstream(source_ + "/" + path) << content; }
    fs::permissions(source_ + "/" + path, mode);
  }
  std::string tar(const std::vector<TarEntry>& entries) {
    const std::string path = root_ + "/made.tar";
    archive* out = archive_write_new();
    archive_write_set_format_ustar(out);
    archive_write_open_filename(out, path.c_str());
    for (const auto& given : entries) {
      archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, given.path.c_str());
      archive_entry_set_perm(entry, given.mode);
      archive_entry_set_uid(entry, given.owner);
      archive_entry_set_gid(entry, given.owner);
      archive_entry_set_filetype(entry, given.type);
      const bool file = given.type == AE_IFREG && !given.hard_link;
      if (given.hard_link) archive_entry_set_hardlink(entry, given.content.c_str());
      if (given.type == AE_IFLNK) archive_entry_set_symlink(entry, given.content.c_str());
      if (file) archive_entry_set_size(entry, static_cast<la_int64_t>(given.content.size()));
      EXPECT_EQ(archive_write_header(out, entry), ARCHIVE_OK) << given.path;
      if (file) archive_write_data(out, given.content.data(), given.content.size());
      archive_entry_free(entry);
    }
    archive_write_free(out);
    return path;
  }
  std::string unpacked(const char* reference) {
    const Image image = MUST(images_().resolve(reference));
    return MUST(images_().unpack(image));
  }
  ImageStore images_() { return ImageStore(root_ + "/images"); }

  std::string root_;
  std::string source_;
};

TEST_F(ImageStoreTest, an_imported_folder_comes_back_as_it_was) {
  add("run", "#!/bin/sh\n", fs::perms(0755));
  add("sub/data", std::string("a\0b", 3), fs::perms(0640));
  fs::create_symlink("../run", source_ + "/sub/link");
  const ImageConfig config{{"/run"}, {"a", "b"}, {"X=1"}, "/sub"};
  auto images = images_();
  const std::string digest = MUST(images.import_directory("echo:0.9", source_, config));
  const Image image = MUST(images.resolve("echo:0.9"));
  EXPECT_EQ(image.digest, digest);
  EXPECT_EQ(image.config, config);
  const std::string path = MUST(images.unpack(image));
  EXPECT_EQ(MUST(read_file(path + "/sub/data", 100)), std::string("a\0b", 3));
  EXPECT_EQ(MUST(read_file(path + "/sub/link", 100)), "#!/bin/sh\n");
  EXPECT_EQ(fs::status(path + "/run").permissions(), fs::perms(0755));
  EXPECT_EQ(fs::status(path + "/sub/data").permissions(), fs::perms(0640));
  EXPECT_EQ(MUST(images.unpack(image)), path);
}

TEST_F(ImageStoreTest, the_same_content_has_the_same_digest_whenever_and_however_it_came) {
  add("a", "1");
  add("sub/b", "2", fs::perms(0755));
  const std::string first = MUST(images_().import_directory("x:1", source_));
  fs::last_write_time(source_ + "/a", fs::file_time_type::clock::now() - std::chrono::hours(9));
  EXPECT_EQ(MUST(images_().import_directory("x:2", source_)), first);
  const std::string packed =
      tar({{"./sub/", AE_IFDIR, "", false, 0755}, {"./sub/b", AE_IFREG, "2", false, 0755}, {"a", AE_IFREG, "1"}});
  EXPECT_EQ(MUST(images_().import_tar("x:3", packed)), first);
  add("a", "3");
  EXPECT_NE(MUST(images_().import_directory("x:4", source_)), first);
}

TEST_F(ImageStoreTest, a_name_moves_and_the_image_that_had_it_stays_usable) {
  add("a", "old");
  auto images = images_();
  const std::string old_digest = MUST(images.import_directory("x:1", source_));
  const Image old_image = MUST(images.resolve("x:1"));
  add("a", "new");
  EXPECT_NE(MUST(images.import_directory("x:1", source_)), old_digest);
  EXPECT_EQ(MUST(read_file(unpacked("x:1") + "/a", 10)), "new");
  const std::string old_path = MUST(images.unpack(old_image));
  EXPECT_EQ(MUST(read_file(old_path + "/a", 10)), "old");
  EXPECT_EQ(MUST(images.list()).size(), 1u);
}

TEST_F(ImageStoreTest, an_unknown_image_is_named_in_the_words_of_ecs) {
  for (const char* name : {"echo:9", "echo"}) {
    const auto image = images_().resolve(name);
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, "CannotPullContainerError");
    EXPECT_EQ(image.error().message, std::string("image ") + name + " not found");
  }
  EXPECT_EQ(images_().resolve("Echo:1").error().code, "CannotPullContainerError");
}

TEST_F(ImageStoreTest, reads_the_config_that_lies_in_the_folder) {
  add("weir-image.json", R"({"Entrypoint":["./run"],"Env":["A=b"],"WorkingDir":"sub","User":"app"})");
  MUST(images_().import_directory("x:1", source_));
  EXPECT_EQ(MUST(images_().resolve("x:1")).config, (ImageConfig{{"./run"}, {}, {"A=b"}, "sub", "app"}));
  MUST(images_().import_directory("x:2", source_, {.command = {"y"}}));
  EXPECT_EQ(MUST(images_().resolve("x:2")).config, (ImageConfig{{}, {"y"}, {}, "", ""}));
  add("weir-image.json", R"({"Entrypoint":"./run"})");
  EXPECT_EQ(images_().import_directory("x:3", source_).error().code, "InvalidImage");
}

TEST_F(ImageStoreTest, refuses_a_tar_that_leads_out_of_the_image) {
  const struct {
    const char* why;
    std::vector<TarEntry> entries;
  } rows[] = {
      {"a path upwards", {{"../out", AE_IFREG, "x"}}},
      {"a path upwards in the middle", {{"a/../../out", AE_IFREG, "x"}}},
      {"an absolute path", {{"/tmp/weir-out", AE_IFREG, "x"}}},
      {"an absolute link", {{"l", AE_IFLNK, "/etc/passwd"}}},
      {"a link upwards", {{"a/l", AE_IFLNK, "../../x"}}},
      {"a link through a link", {{"p/q/s", AE_IFLNK, "../.."}, {"t", AE_IFLNK, "p/q/s/.."}}},
      {"a file behind a link", {{"l", AE_IFLNK, "sub"}, {"sub", AE_IFDIR, "", false, 0755}, {"l/x", AE_IFREG, "x"}}},
      {"a hard link out", {{"h", AE_IFREG, "/etc/passwd", true}}},
      {"a hard link upwards", {{"h", AE_IFREG, "../../x", true}}},
      {"a hard link to a link", {{"l", AE_IFLNK, "x"}, {"h", AE_IFREG, "l", true}}},
      {"a device", {{"d", AE_IFCHR}}},
      {"a pipe", {{"f", AE_IFIFO}}},
      {"a file over a folder", {{"d", AE_IFDIR, "", false, 0755}, {"d", AE_IFREG, "x"}}},
  };
  for (const auto& row : rows) {
    const auto imported = images_().import_tar("x:1", tar(row.entries));
    ASSERT_FALSE(imported) << row.why;
    EXPECT_EQ(imported.error().code, "InvalidImage") << row.why << ": " << imported.error().message;
  }
  EXPECT_FALSE(images_().resolve("x:1"));
  EXPECT_FALSE(fs::exists("/tmp/weir-out"));
}

TEST_F(ImageStoreTest, a_root_file_system_of_its_own_is_known_and_keeps_its_links) {
  add("busybox", "x");
  MUST(images_().import_directory("host:1", source_));
  fs::create_symlink("/busybox", source_ + "/sh");
  EXPECT_FALSE(images_().import_directory("x:1", source_));
  MUST(images_().import_directory("own:1", source_, {}, RootFiles::own));
  MUST(images_().import_tar("own:2", tar({{"l", AE_IFLNK, "/etc/mtab"}}), {}, RootFiles::own));
  EXPECT_EQ(MUST(images_().resolve("host:1")).files, RootFiles::on_host);
  EXPECT_EQ(MUST(images_().resolve("own:1")).files, RootFiles::own);
  EXPECT_EQ(fs::read_symlink(unpacked("own:1") + "/sh"), "/busybox");
  EXPECT_EQ(fs::read_symlink(unpacked("own:2") + "/l"), "/etc/mtab");
  EXPECT_FALSE(
      images_().import_tar("own:3", tar({{"l", AE_IFLNK, "/tmp"}, {"l/x", AE_IFREG, "x"}}), {}, RootFiles::own))
      << "a link is never followed";
}

TEST_F(ImageStoreTest, a_root_file_system_keeps_its_owners_and_programs_for_the_host_have_none) {
  if (geteuid() != 0) GTEST_SKIP() << "owners need root";
  const std::vector<TarEntry> entries = {{"home", AE_IFDIR, "", false, 0755, 1234},
                                         {"home/file", AE_IFREG, "x", false, 0600, 1235},
                                         {"home/link", AE_IFLNK, "file", false, 0777, 1236},
                                         {"bin", AE_IFDIR, "", false, 0755}};
  MUST(images_().import_tar("own:1", tar(entries), {}, RootFiles::own));
  MUST(images_().import_tar("host:1", tar(entries)));
  const auto owner = [&](const char* image, const char* name) {
    struct stat seen {};
    EXPECT_EQ(lstat((unpacked(image) + name).c_str(), &seen), 0) << name;
    EXPECT_EQ(seen.st_uid, seen.st_gid);
    return seen.st_uid;
  };
  EXPECT_EQ(owner("own:1", "/home"), 1234u);
  EXPECT_EQ(owner("own:1", "/home/file"), 1235u);
  EXPECT_EQ(owner("own:1", "/home/link"), 1236u);
  EXPECT_EQ(owner("own:1", "/bin"), 0u);
  for (const char* name : {"/home", "/home/file", "/home/link"}) EXPECT_EQ(owner("host:1", name), 0u);
}

TEST_F(ImageStoreTest, an_upper_layer_takes_away_what_it_says) {
  const std::string into = root_ + "/layers";
  fs::create_directories(into);
  MUST(unpack_layer(tar({{"a", AE_IFREG, "1"}, {"d/b", AE_IFREG, "2"}, {"e/f/g", AE_IFREG, "3"}}), into));
  MUST(unpack_layer(
      tar({{".wh.a", AE_IFREG}, {"d/.wh..wh..opq", AE_IFREG}, {"d/new", AE_IFREG, "4"}, {"e/.wh.f", AE_IFREG}}), into));
  EXPECT_FALSE(fs::exists(into + "/a"));
  EXPECT_FALSE(fs::exists(into + "/d/b"));
  EXPECT_TRUE(fs::exists(into + "/d/new"));
  EXPECT_TRUE(fs::is_empty(into + "/e"));
  for (const char* name : {".wh.", ".wh..", ".wh..."}) {
    EXPECT_FALSE(unpack_layer(tar({{name, AE_IFREG}}), into)) << name;
  }
  EXPECT_TRUE(fs::exists(root_ + "/source"));
}

TEST_F(ImageStoreTest, unpacks_links_inside_and_drops_set_id_bits) {
  MUST(images_().import_tar("x:1", tar({{"a", AE_IFREG, "1", false, 06755},
                                        {"b", AE_IFREG, "a", true},
                                        {"s/up", AE_IFLNK, "../a"},
                                        {"a2", AE_IFREG, "first"},
                                        {"a2", AE_IFREG, "second"}})));
  const std::string path = unpacked("x:1");
  EXPECT_EQ(MUST(read_file(path + "/b", 10)), "1");
  EXPECT_EQ(MUST(read_file(path + "/s/up", 10)), "1");
  EXPECT_EQ(MUST(read_file(path + "/a2", 10)), "second");
  EXPECT_EQ(fs::status(path + "/a").permissions(), fs::perms(0755));
}

TEST_F(ImageStoreTest, refuses_what_is_no_archive_and_what_is_no_folder) {
  add("a", std::string(2000, 'x'));
  EXPECT_EQ(images_().import_tar("x:1", source_ + "/a").error().code, "InvalidImage");
  EXPECT_FALSE(images_().import_tar("x:1", source_ + "/absent"));
  EXPECT_EQ(images_().import_directory("x:1", source_ + "/absent").error().code, "NotFound");
  EXPECT_EQ(images_().import_directory("X:1", source_).error().code, "InvalidImageReference");
  fs::create_symlink("/etc", source_ + "/etc");
  EXPECT_EQ(images_().import_directory("x:1", source_).error().code, "InvalidImage");
  EXPECT_TRUE(MUST(images_().list()).empty());
}

TEST_F(ImageStoreTest, a_damaged_blob_is_never_unpacked) {
  add("a", "1");
  MUST(images_().import_directory("x:1", source_));
  const Image image = MUST(images_().resolve("x:1"));
  { std::ofstream(root_ + "/images/blobs/sha256/" + image.layers[0].substr(7)) << "other"; }
  EXPECT_EQ(images_().unpack(image).error().code, "CannotPullContainerError");
  EXPECT_FALSE(fs::exists(root_ + "/images/unpacked/" + image.digest.substr(7)));
  { std::ofstream(root_ + "/images/blobs/sha256/" + image.digest.substr(7)) << "{}"; }
  EXPECT_EQ(images_().resolve("x:1").error().code, "CannotPullContainerError");
}

TEST_F(ImageStoreTest, a_full_disk_leaves_no_name_behind_and_nothing_half_written) {
  add("a", std::string(200'000, 'x'));
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{100'000, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
    const auto imported = images_().import_directory("x:1", source_);
    _exit(!imported && imported.error().code == "Full" ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(images_().resolve("x:1"));
  for (const auto& entry : fs::recursive_directory_iterator(root_ + "/images")) {
    EXPECT_TRUE(entry.is_directory() || entry.file_size() < 100) << entry.path();
  }
  MUST(images_().import_directory("x:1", source_));
  EXPECT_TRUE(fs::exists(unpacked("x:1") + "/a"));
}

TEST_F(ImageStoreTest, what_a_killed_import_left_is_removed_by_the_next) {
  fs::create_directories(root_ + "/images/import-abcdef/sub");
  add("a", "1");
  MUST(images_().import_directory("x:1", source_));
  EXPECT_FALSE(fs::exists(root_ + "/images/import-abcdef"));
}

TEST_F(ImageStoreTest, many_at_once_import_and_unpack_without_losing_a_name) {
  add("a", std::string(100000, 'x'));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      const std::string name = "x:" + std::to_string(i);
      MUST(images_().import_directory(name, source_));
      EXPECT_TRUE(fs::exists(unpacked(name.c_str()) + "/a"));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(MUST(images_().list()).size(), 8u);
}

}  // namespace
}  // namespace weir::runtime
