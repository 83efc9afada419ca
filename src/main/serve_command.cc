#include "main/serve_command.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "base/random.h"
#include "cli/cli.h"
#include "main/serve_options.h"
#include "main/server.h"
#include "main/stderr_log.h"

namespace weir {

namespace {

void print_welcome(const ServeOptions& options, const std::string& endpoint, const std::string& names) {
  fmt::print(
      "Weir answers at {0}, names at {2} (DNS), state in {1}\n"
      "\n"
      "Try:\n"
      "  aws --endpoint-url {0} ecs create-cluster --cluster-name demo\n"
      "  weir image import hello:1 DIR --endpoint {0}\n"
      "  weir status -w --endpoint {0}\n",
      endpoint, options.state_directory, names);
  std::fflush(stdout);
}

}  // namespace

int serve_command(std::span<const std::string> arguments) {
  const auto options = parse_serve_options(arguments);
  if (!options) return cli::complain(options.error().message, cli::kUsage);
  const SystemClock clock;
  StderrLog log(clock);
  Random random(system_seed());
  Server server(*options, clock, random, log);
  if (const auto started = server.start(); !started) return cli::complain(started.error().message);
  print_welcome(*options, server.endpoint(), server.name_address());
  server.run();
  return cli::kOk;
}

}  // namespace weir
