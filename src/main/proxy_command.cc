#include "main/proxy_command.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "main/descriptor_limit.h"
#include "main/process_identity.h"
#include "main/stderr_log.h"
#include "proxy/data_plane.h"

namespace weir {

const char* const kProxyDetails =
    "  --table FILE          the table that is served, as JSON; with --control, where the last one is kept\n"
    "  --control SOCKET      the Unix socket at which control hands tables over; without it FILE alone is served\n"
    "  --workers N           threads that carry traffic (1 to 256; default: one a core)\n"
    "  --admin ADDRESS:PORT  /metrics in Prometheus' text format, /ready and /live\n"
    "  --pid-file FILE       names the process that serves: \"<pid> <start time>\"\n"
    "\n"
    "SIGHUP reloads: a new process of the same program (of its new file, if that was replaced) and options reads FILE\n"
    "and takes the sockets over; the old one finishes what is under way and ends. No connection is refused or reset.\n"
    "Where the new process cannot serve, because FILE is wrong for instance, the old one goes on and says why.\n"
    "SIGUSR1 opens the files of access logs anew.\n"
    "SIGTERM and SIGINT finish what is under way, for 30 seconds at the most; a second one ends at once.\n";

namespace {

constexpr const char* kUsage =
    "usage: weir proxy --table FILE [--control SOCKET] [--workers N] [--admin ADDRESS:PORT] [--pid-file FILE]\n";

Result<unsigned> parse_workers(const std::string& text) {
  unsigned workers = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), workers);
  if (error != std::errc() || end != text.data() + text.size() || workers < 1 || workers > 256) {
    return fail("Usage", "--workers takes a number from 1 to 256");
  }
  return workers;
}

struct ProxyOptions {
  proxy::DataPlaneOptions plane;
  std::string pid_file;
};

Result<ProxyOptions> parse(std::span<const std::string> args) {
  ProxyOptions all;
  proxy::DataPlaneOptions& options = all.plane;
  options.workers = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < args.size(); i += 2) {
    if (i + 1 == args.size()) return fail("Usage", args[i] + " takes a value");
    const std::string& value = args[i + 1];
    if (args[i] == "--control") {
      options.control = value;
    } else if (args[i] == "--table") {
      options.table = value;
    } else if (args[i] == "--admin") {
      options.admin = value;
    } else if (args[i] == "--pid-file") {
      all.pid_file = value;
    } else if (args[i] == "--workers") {
      options.workers = TRY(parse_workers(value));
    } else {
      return fail("Usage", "unknown argument " + args[i]);
    }
  }
  if (options.table.empty()) return fail("Usage", "--table is missing");
  return all;
}

// The link to the process that this one follows, if it does. Nothing that this one starts shall have it.
net::Fd take_predecessor() {
  const char* const number = std::getenv(proxy::kPredecessorVariable);
  if (number == nullptr) return {};
  net::Fd link(std::atoi(number));
  unsetenv(proxy::kPredecessorVariable);
  fcntl(link.get(), F_SETFD, FD_CLOEXEC);
  return link;
}

// What a successor is started by: this very command line.
std::vector<std::string> own_command() {
  std::vector<std::string> command = arguments_of(getpid());
  command.insert(command.begin(), own_program());
  return command;
}

void keep_pid_file(const std::string& path, Log& log) {
  const auto written = write_pid_file(path, getpid());
  if (!written) log.error(written.error().message);
}

}  // namespace

int proxy_command(std::span<const std::string> args) {
  auto options = parse(args);
  if (!options) {
    fmt::print(stderr, "weir proxy: {}\n{}{}", options.error().message, kUsage, kProxyDetails);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  const SystemClock clock;
  StderrLog log(clock);
  Random random(system_seed());
  options->plane.command = own_command();
  options->plane.predecessor = take_predecessor();
  if (!options->pid_file.empty()) {
    options->plane.serving = [path = options->pid_file, &log] { keep_pid_file(path, log); };
  }
  proxy::DataPlane plane(clock, log, random, std::move(options->plane));
  if (const auto started = plane.start(); !started) {
    fmt::print(stderr, "weir proxy: {}\n", started.error().message);
    return 1;
  }
  if (const auto ended = plane.run(); !ended) {
    fmt::print(stderr, "weir proxy: {}\n", ended.error().message);
    return 1;
  }
  if (pid_of(options->pid_file) == getpid()) unlink(options->pid_file.c_str());
  return 0;
}

}  // namespace weir
