#include "main/proxy_command.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "main/stderr_log.h"
#include "proxy/data_plane.h"

namespace weir {
namespace {

constexpr const char* kUsage =
    "usage: weir proxy --table FILE [--control SOCKET] [--workers N] [--admin ADDRESS:PORT]\n"
    "  --table FILE      the last table is kept here and served from at start\n"
    "  --control SOCKET  the Unix socket at which control hands tables over; without it FILE alone is served\n"
    "  --workers N       threads that carry traffic (1 to 256; default: one a core)\n"
    "  --admin ADDRESS:PORT  figures in Prometheus' text format\n";

Result<unsigned> parse_workers(const std::string& text) {
  unsigned workers = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), workers);
  if (error != std::errc() || end != text.data() + text.size() || workers < 1 || workers > 256) {
    return fail("Usage", "--workers takes a number from 1 to 256");
  }
  return workers;
}

Result<proxy::DataPlaneOptions> parse(std::span<const std::string> args) {
  proxy::DataPlaneOptions options;
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
    } else if (args[i] == "--workers") {
      options.workers = TRY(parse_workers(value));
    } else {
      return fail("Usage", "unknown argument " + args[i]);
    }
  }
  if (options.table.empty()) return fail("Usage", "--table is missing");
  return options;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int proxy_command(std::span<const std::string> args) {
  auto options = parse(args);
  if (!options) {
    fmt::print(stderr, "weir proxy: {}\n{}", options.error().message, kUsage);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  const SystemClock clock;
  StderrLog log(clock);
  Random random(system_seed());
  proxy::DataPlane plane(clock, log, random, std::move(*options));
  if (const auto started = plane.start(); !started) {
    fmt::print(stderr, "weir proxy: {}\n", started.error().message);
    return 1;
  }
  plane.run();
  return 0;
}

}  // namespace weir
