// Tasks with networks of their own: their addresses, who reaches whom, and that nothing is left of them.
#include <gtest/gtest.h>

#include "runtime/host_network.h"
#include "runtime/links.h"
#include "runtime/packet_rules.h"
#include "runtime/test_runtime.h"

namespace weir::runtime {
namespace {

// What answers each connection to port 8080 with a line, and says when it listens.
std::string answer(const std::string& line) {
  return "trap 'exit 0' TERM; busybox nc -ll -p 8080 -e /bin/sh -c 'echo " + line + "' & echo started; wait";
}

class NetworksTest : public RuntimeTest {
 protected:
  TaskSpec server(int number) { return task(number, answer("task" + std::to_string(number)), {{8080, 0}}); }
  // Starts a server, and waits until it hears signals.
  void run(int number) {
    start(server(number));
    ASSERT_TRUE(reaches(number, TaskPhase::running)) << seen(number).failure;
    ASSERT_TRUE(logs(number, "started"));
  }
  // What a connection from this process is told.
  std::string ask(const std::string& address, std::uint16_t port = 8080) {
    sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
    inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    std::string told;
    until([&] {
      const net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const timeval patience{.tv_sec = 2, .tv_usec = 0};
      setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return false;
      char buffer[64];
      const ssize_t count = recv(fd.get(), buffer, sizeof buffer, 0);
      told.assign(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      return true;
    });
    return told;
  }
  std::string link_of(int number) {
    return MUST(read_task_record(MUST(read_json(state_ + "/tasks/" + id(number) + "/spec.json", 1 << 20))))
        .network->link;
  }
  static bool exists(const std::string& link) { return !MUST(MUST(Links::open()).list(link)).empty(); }
};

TEST_P(NetworksTest, ten_tasks_listen_on_one_port_and_each_is_reached) {
  for (int number = 1; number <= 10; ++number) start(server(number));
  std::set<std::string> addresses;
  for (int number = 1; number <= 10; ++number) {
    ASSERT_TRUE(reaches(number, TaskPhase::running)) << seen(number).failure;
    EXPECT_EQ(seen(number).containers[0].ports[0].host_port, 8080);
    EXPECT_EQ(ask(seen(number).address), "task" + std::to_string(number) + "\n");
    EXPECT_EQ(address_number(seen(number).address) & kTaskNetworkMask, kTaskNetwork);
    EXPECT_TRUE(seen(number).mac.starts_with("0a:58:a9:fe:"));
    addresses.insert(seen(number).address);
  }
  EXPECT_EQ(addresses.size(), 10u);
}

TEST_P(NetworksTest, containers_of_a_task_share_its_loopback_and_see_its_address) {
  TaskSpec spec = server(1);
  spec.containers.push_back(
      {.name = "side",
       .image = "sh:1",
       .command = {"sh", "-c",
                   "until busybox nc 127.0.0.1 8080 </dev/null | grep task1; do sleep 0.1; done; busybox ip addr"},
       .essential = false});
  start(spec);
  ASSERT_TRUE(until([&] { return seen(1).containers[1].exit_code.has_value(); }));
  EXPECT_NE(log(1, "side").find("stdout task1"), std::string::npos);
  EXPECT_NE(log(1, "side").find("inet " + seen(1).address + "/32"), std::string::npos) << log(1, "side");
  EXPECT_NE(log(1, "side").find("link/ether " + seen(1).mac), std::string::npos) << log(1, "side");
}

TEST_P(NetworksTest, tasks_reach_each_other) {
  run(1);
  ASSERT_EQ(ask(seen(1).address), "task1\n");
  start(task(2, "busybox nc -w 5 " + seen(1).address + " 8080 </dev/null"));
  ASSERT_TRUE(reaches(2, TaskPhase::stopped));
  EXPECT_NE(log(2).find("stdout task1"), std::string::npos) << log(2);
}

TEST_P(NetworksTest, a_task_reaches_the_hosts_loopback_at_its_gateway) {
  const net::Fd listening(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(listen(listening.get(), 1), 0);
  start(task(1, "busybox nc -w 5 169.254.172.1 " + std::to_string(ntohs(address.sin_port)) + " </dev/null"));
  net::Fd accepted;
  ASSERT_TRUE(until([&] {
    accepted.reset(accept(listening.get(), nullptr, nullptr));
    return accepted.valid();
  })) << log(1);
  ASSERT_EQ(send(accepted.get(), "host\n", 5, 0), 5);
  accepted.reset();
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_NE(log(1).find("stdout host"), std::string::npos) << log(1);
}

TEST_P(NetworksTest, nothing_is_left_of_a_network_when_its_task_has_stopped) {
  run(1);
  const std::string link = link_of(1);
  EXPECT_TRUE(exists(link));
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_FALSE(exists(link));
}

TEST_P(NetworksTest, nothing_is_left_of_a_network_when_its_shim_was_killed) {
  for (const bool control_lives : {true, false}) {
    const int number = control_lives ? 1 : 2;
    run(number);
    const std::string link = link_of(number);
    const pid_t shim = shim_of(seen(number).containers[0].pid);
    if (!control_lives) runtime_.reset();
    kill(shim, SIGKILL);
    if (!control_lives) {
      ASSERT_TRUE(until([&] { return !alive(shim); }));
      begin();
    }
    ASSERT_TRUE(reaches(number, TaskPhase::stopped));
    EXPECT_FALSE(exists(link));
  }
}

TEST_P(NetworksTest, an_address_is_kept_over_a_restart_and_given_to_nobody_else) {
  run(1);
  const std::string address = seen(1).address;
  restart();
  EXPECT_EQ(seen(1).address, address);
  EXPECT_EQ(ask(address), "task1\n");
  AddressPool other(0);
  std::set<std::uint32_t> rest;
  std::vector<net::Fd> held;
  while (auto reserved = other.take()) {
    rest.insert(reserved->address);
    held.push_back(std::move(reserved->reservation));
  }
  EXPECT_GT(rest.size(), 500u);
  EXPECT_FALSE(rest.contains(address_number(address)));
  EXPECT_NE(
      failure_of(server(2)).find("ResourceInitializationError: unable to set up the task's network: every address"),
      std::string::npos);
  held.clear();
  run(3);
  EXPECT_NE(seen(3).address, address);
}

TEST_P(NetworksTest, a_wish_that_was_only_written_down_gets_a_network_after_a_restart) {
  start(task(1, "busybox ip addr"));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  runtime_.reset();
  fs::remove(state_ + "/tasks/" + id(1) + "/state.json");
  begin();
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  EXPECT_EQ(seen(1).failure, "");
  EXPECT_NE(log(1).rfind("inet " + seen(1).address + "/32"), std::string::npos) << log(1);
}

TEST_P(NetworksTest, the_packet_rules_go_with_the_last_task_and_those_of_the_dead_with_the_next) {
  auto rules = Result<PacketRules>(MUST(PacketRules::open()));
  const auto listed = rules->list("weir-net-");
  if (!listed) GTEST_SKIP() << listed.error().message;
  const auto there = [&](const std::string& table) { return !MUST(rules->list(table)).empty(); };
  run(1);
  const std::string own = "weir-net-" + link_of(1).substr(4, 6);
  EXPECT_TRUE(there(own));
  runtime_.reset();
  EXPECT_TRUE(there(own)) << "tasks go on without a control process";
  begin();
  MUST(rules->make_note("weir-net-00dead"));
  runtime_->stop(id(1));
  ASSERT_TRUE(reaches(1, TaskPhase::stopped));
  runtime_.reset();
  EXPECT_FALSE(there(own));
  EXPECT_FALSE(there("weir-net-00dead"));
}

INSTANTIATE_TEST_SUITE_P(Runtimes, NetworksTest, ::testing::Values(kOwnNetwork, kOciWithNetwork), name_of);

TEST(HostNetwork, a_resolver_on_the_hosts_loopback_is_reached_at_the_gateway) {
  EXPECT_EQ(resolv_conf_for_task("search a b\nnameserver 127.0.0.53\nnameserver 10.0.0.1\n", "169.254.172.1"),
            "search a b\nnameserver 169.254.172.1\nnameserver 10.0.0.1\n");
}

TEST(HostNetwork, where_weir_answers_names_it_is_asked_for_all_and_the_rest_of_the_hosts_file_stays) {
  EXPECT_EQ(
      resolv_conf_for_names("search a b\nnameserver 10.0.0.1\n nameserver ::1\noptions ndots:2\n", "169.254.172.1"),
      "nameserver 169.254.172.1\nsearch a b\noptions ndots:2\n");
  EXPECT_EQ(resolv_conf_for_names("", "169.254.172.1"), "nameserver 169.254.172.1\n");
}

TEST(HostNetwork, uplinks_are_those_with_a_default_route) {
  EXPECT_EQ(
      uplinks("Iface\tDestination\tGateway\neth0\t00000000\t010200C0\neth0\t000200C0\t00000000\nwlan0\t00000000\t0\n"),
      (std::vector<std::string>{"eth0", "wlan0"}));
}

}  // namespace
}  // namespace weir::runtime
