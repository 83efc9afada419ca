#include "runtime/task_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "net/fd.h"
#include "runtime/files.h"

namespace weir::runtime {
namespace {

constexpr const char* kTaskLink = "eth0";
constexpr const char* kResolvConf = "/etc/resolv.conf";

// What a child of try_networks() could not do; its exit code.
constexpr std::array kTrials = {"", "make a network namespace", "ask the kernel about links",
                                "make a pair of links (veth)"};

Result<> with(std::string_view what, const Result<>& done) {
  if (done) return done;
  return fail("ResourceInitializationError",
              fmt::format("unable to set up the task's network: {}: {}", what, done.error().message),
              ErrorSource::runtime);
}

Result<> from_errno(bool done) { return done ? Result<>() : fail("Io", std::strerror(errno)); }

Result<> make_host_end(Links& host, const TaskNetwork& network, int task_namespace) {
  const std::uint32_t gateway = address_number(network.gateway);
  auto made = host.make_pair(network.link, kTaskLink, network.mac, task_namespace);
  if (!made && made.error().code == "Exists") {
    // The address is this task's alone, so it is what one before it has left.
    TRY(with("links", host.remove(network.link)));
    made = host.make_pair(network.link, kTaskLink, network.mac, task_namespace);
  }
  TRY(with("links", made));
  TRY(with("host's link", host.let_pass(network.link)));
  TRY(with("host's address", host.add_address(network.link, gateway)));
  TRY(with("host's link", host.set_up(network.link)));
  return with("host's route", host.add_route(network.link, address_number(network.address), gateway));
}

Result<> make_task_end(Links& links, const TaskNetwork& network) {
  const std::uint32_t gateway = address_number(network.gateway);
  TRY(with("loopback", links.set_up("lo")));
  TRY(with("address", links.add_address(kTaskLink, address_number(network.address))));
  TRY(with("link", links.set_up(kTaskLink)));
  TRY(with("route", links.add_route(kTaskLink, gateway, 0)));
  return with("route", links.add_default_route(kTaskLink, gateway));
}

// A task that finds no /etc/resolv.conf asks nobody: then there is nothing to put into its place.
Result<> show_resolv_conf(const TaskNetwork& network, const std::string& folder) {
  const std::string file = folder + "/resolv.conf";
  TRY(with(file, write_file(file, network.resolv_conf, Durability::process)));
  if (access(kResolvConf, F_OK) != 0) return {};
  return with(kResolvConf, from_errno(mount(file.c_str(), kResolvConf, nullptr, MS_BIND, nullptr) == 0));
}

}  // namespace

Result<> enter_own_mounts() {
  TRY(with("mounts", from_errno(unshare(CLONE_NEWNS) == 0)));
  return with("mounts", from_errno(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0));
}

Result<HostEnd> enter_network(const TaskNetwork& network, const std::string& folder) {
  auto host = Links::open();
  TRY(with("netlink", host ? Result<>() : std::unexpected(host.error())));
  TRY(with("namespace", from_errno(unshare(CLONE_NEWNET) == 0)));
  TRY(enter_own_mounts());
  const net::Fd own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  TRY(with("namespace", from_errno(own.valid())));
  TRY(make_host_end(*host, network, own.get()));
  auto links = Links::open();
  TRY(with("netlink", links ? Result<>() : std::unexpected(links.error())));
  TRY(make_task_end(*links, network));
  TRY(show_resolv_conf(network, folder));
  return HostEnd(std::move(*host), network.link);
}

Result<> try_networks() {
  const pid_t child = fork();
  if (child < 0) return fail_errno("cannot fork", errno);
  if (child == 0) {
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) _exit(1);
    auto links = Links::open();
    const net::Fd own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!links || !own) _exit(2);
    // Both ends lie in the child's namespace and go with it.
    _exit(links->make_pair("weir-try", kTaskLink, "0a:58:00:00:00:01", own.get()) ? 0 : 3);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const auto step = WIFEXITED(status) ? static_cast<std::size_t>(WEXITSTATUS(status)) : 1;
  return fail("NotPermitted", fmt::format("this process may not {}", kTrials[step < kTrials.size() ? step : 1]),
              ErrorSource::runtime);
}

}  // namespace weir::runtime
