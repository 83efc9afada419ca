#include "control/proxy_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>

#include "net/socket.h"

namespace weir::control {
namespace {

using std::chrono::milliseconds;

// The proxy's end: a listening Unix socket in a folder that goes with the test.
class ProxyLinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "weir-link-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/proxy.sock";
  }
  void TearDown() override {
    link_.reset();
    std::filesystem::remove_all(folder_);
  }

  void listen() {
    const auto address = MUST(net::SocketAddress::unix_path(path_));
    listening_ = MUST(net::listen_stream(address));
  }
  void make_link() {
    link_ = std::make_unique<ProxyLink>(
        loop_, path_, log_,
        ProxyLinkCalls{[this] { ++connected_; }, [this](route::Feedback f) { feedback_.push_back(std::move(f)); }});
  }
  template <class Condition>
  bool until(Condition condition) {
    for (int turn = 0; turn < 500 && !condition(); ++turn) loop_.run_once(milliseconds(10));
    return condition();
  }
  void accept() {
    ASSERT_TRUE(until([&] {
      if (auto fd = net::accept_stream(listening_.get())) peer_ = std::move(*fd);
      return peer_.valid();
    }));
  }
  void say(const std::string& text) {
    ASSERT_EQ(::send(peer_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // What arrived at the proxy's end, up to and with the next line's end.
  std::string hear_line() {
    std::string line;
    until([&] {
      char c = 0;
      while (line.empty() || line.back() != '\n') {
        if (::recv(peer_.get(), &c, 1, MSG_DONTWAIT) != 1) return false;
        line += c;
      }
      return true;
    });
    return line;
  }
  static route::RouteTablePointer table(std::int64_t version, std::size_t pools = 0) {
    auto made = std::make_shared<route::RouteTable>();
    made->version = version;
    for (std::size_t i = 0; i < pools; ++i) made->pools.push_back({.id = "pool-" + std::to_string(i)});
    return made;
  }

  SystemClock clock_;
  NoLog log_;
  net::Loop loop_{clock_};
  std::string folder_, path_;
  net::Fd listening_, peer_;
  int connected_ = 0;
  std::vector<route::Feedback> feedback_;
  std::unique_ptr<ProxyLink> link_;
};

TEST_F(ProxyLinkTest, connects_when_the_proxy_appears_and_carries_both_ways) {
  make_link();
  loop_.run_once(milliseconds(1));
  link_->publish(table(1));  // lost
  listen();
  ASSERT_TRUE(until([&] { return connected_ == 1; }));
  accept();
  link_->publish(table(2));
  EXPECT_EQ(MUST(Json::parse(hear_line()))["table"]["version"].as_int(), 2);

  Json message;
  message.set("feedback", MUST(Json::parse(route::text_of({.acknowledged = 2}))));
  const std::string line = message.dump() + "\n";
  say(line.substr(0, 5));
  loop_.run_once(milliseconds(1));
  say(line.substr(5) + line + line);
  ASSERT_TRUE(until([&] { return feedback_.size() == 3; }));
  EXPECT_EQ(feedback_[2].acknowledged, 2);
}

TEST_F(ProxyLinkTest, connects_again_after_the_proxy_went) {
  listen();
  make_link();
  ASSERT_TRUE(until([&] { return connected_ == 1; }));
  accept();
  peer_.reset();
  ASSERT_TRUE(until([&] { return connected_ == 2; }));
  EXPECT_TRUE(link_->connected());
}

TEST_F(ProxyLinkTest, drops_a_proxy_that_does_not_speak_its_language) {
  for (const char* nonsense : {"hello\n", "{}\n", "{\"feedback\": 1}\n"}) {
    connected_ = 0;
    listening_.reset();
    std::filesystem::remove(path_);
    peer_.reset();
    listen();
    make_link();
    ASSERT_TRUE(until([&] { return connected_ == 1; })) << nonsense;
    accept();
    say(nonsense);
    EXPECT_TRUE(until([&] { return connected_ == 2; })) << nonsense;
  }
  EXPECT_TRUE(feedback_.empty());
}

TEST_F(ProxyLinkTest, keeps_only_the_newest_table_for_a_slow_reader) {
  listen();
  make_link();
  ASSERT_TRUE(until([&] { return connected_ == 1; }));
  accept();
  for (std::int64_t version = 1; version <= 100; ++version) link_->publish(table(version, 10'000));
  std::int64_t last = 0;
  int lines = 0;
  std::string text;
  ASSERT_TRUE(until([&] {
    char chunk[65536];
    ssize_t size = 0;
    while ((size = ::recv(peer_.get(), chunk, sizeof chunk, MSG_DONTWAIT)) > 0) {
      text.append(chunk, static_cast<std::size_t>(size));
      for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        last = MUST(Json::parse(text.substr(0, end)))["table"]["version"].as_int();
        text.erase(0, end + 1);
        ++lines;
      }
      loop_.run_once(milliseconds(0));
    }
    return last == 100;
  }));
  EXPECT_LE(lines, 3);
}

}  // namespace
}  // namespace weir::control
