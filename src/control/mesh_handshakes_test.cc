#include "control/mesh_handshakes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/test_certificates.h"

namespace weir::control {
namespace {

// Begins in the first hour of 1970, when old.test is still valid.
class EarlyClock final : public Clock {
 public:
  Instant now() const override { return {}; }
  Timestamp wall() const override { return wall_; }
  void advance(Duration by) { wall_ = wall_ + by; }

 private:
  Timestamp wall_{3'600'000};
};

class MeshHandshakesTest : public ::testing::Test {
 protected:
  MeshHandshakesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-handshakes-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    put("a.crt", weir::testing::kCertificate);
    put("a.key", weir::testing::kKey);
    put("root.crt", weir::testing::kRoot);
    put("old.crt", weir::testing::kOldCertificate);
    put("old.key", weir::testing::kOldKey);
  }
  ~MeshHandshakesTest() override { std::filesystem::remove_all(folder_); }

  // As renewals are made: another file takes the place of the one before.
  void put(const std::string& name, const std::string& text) {
    std::ofstream(path("new"), std::ios::binary) << text;
    std::filesystem::rename(path("new"), path(name));
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  TlsMeeting meeting(const std::string& chain, const std::string& key, const std::string& trust) const {
    TlsMeeting made;
    made.called.chain = path(chain);
    made.called.key = path(key);
    if (!trust.empty()) made.caller.trust = path(trust);
    return made;
  }

  std::filesystem::path folder_;
  EarlyClock clock_;
  MeshHandshakes handshakes_{clock_};
};

TEST_F(MeshHandshakesTest, files_that_fit_agree_and_others_say_why) {
  EXPECT_EQ(handshakes_.refusal(meeting("a.crt", "a.key", "root.crt")), "");
  EXPECT_EQ(handshakes_.refusal(meeting("a.crt", "a.key", "old.crt")),
            "the caller refuses the certificate of the called node: unable to get local issuer certificate");
  EXPECT_EQ(handshakes_.refusal(meeting("none.crt", "a.key", "root.crt")),
            "the called node: cannot read " + path("none.crt") + ": No such file or directory");
  put("empty.crt", "");
  EXPECT_EQ(handshakes_.refusal(meeting("a.crt", "a.key", "empty.crt")),
            "the caller: " + path("empty.crt") + " is empty");
  TlsMeeting folder = meeting("a.crt", "a.key", "root.crt");
  folder.caller.trust = folder_.string();
  EXPECT_EQ(handshakes_.refusal(folder), "the caller: " + folder_.string() + " is no file");
}

TEST_F(MeshHandshakesTest, a_file_that_changes_is_looked_at_again) {
  const TlsMeeting pair = meeting("a.crt", "a.key", "trust.crt");
  EXPECT_NE(handshakes_.refusal(pair), "") << "it is not there yet";
  EXPECT_FALSE(handshakes_.look_again());
  put("trust.crt", weir::testing::kOldCertificate);
  EXPECT_TRUE(handshakes_.look_again()) << "another reason";
  EXPECT_NE(handshakes_.refusal(pair), "");
  put("trust.crt", weir::testing::kRoot);
  EXPECT_TRUE(handshakes_.look_again());
  EXPECT_EQ(handshakes_.refusal(pair), "");
  put("trust.crt", std::string(weir::testing::kRoot) + "# renewed\n");
  EXPECT_FALSE(handshakes_.look_again()) << "it says the same";
}

TEST_F(MeshHandshakesTest, what_expires_is_refused_from_then_on) {
  const TlsMeeting pair = meeting("old.crt", "old.key", "old.crt");
  EXPECT_EQ(handshakes_.refusal(pair), "");
  clock_.advance(std::chrono::hours(22));
  EXPECT_FALSE(handshakes_.look_again());
  clock_.advance(std::chrono::hours(2));
  EXPECT_TRUE(handshakes_.look_again());
  EXPECT_EQ(handshakes_.refusal(pair),
            "the caller refuses the certificate of the called node: certificate has expired");
}

TEST_F(MeshHandshakesTest, what_nobody_asks_for_is_forgotten) {
  handshakes_.refusal(meeting("a.crt", "a.key", "root.crt"));
  handshakes_.forget_unused();
  EXPECT_FALSE(handshakes_.empty());
  handshakes_.forget_unused();
  EXPECT_TRUE(handshakes_.empty());
}

}  // namespace
}  // namespace weir::control
