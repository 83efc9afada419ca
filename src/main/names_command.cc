#include "main/names_command.h"

#include <fmt/core.h>

#include <csignal>
#include <cstdio>

#include "base/cidr.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "dns/name_folder.h"
#include "dns/name_server.h"
#include "main/descriptor_limit.h"
#include "main/stderr_log.h"
#include "net/signal_watch.h"

namespace weir {

const char* const kNamesDetails =
    "  --folder DIR           the folder of the zones that are answered, a JSON file each; what changes there is "
    "followed\n"
    "  --listen ADDRESS:PORT  where, by UDP and TCP (port 0 takes a free one)\n"
    "  --resolv-conf FILE     who is asked for all other names (default /etc/resolv.conf)\n"
    "  --tasks NETWORK        those who are told the addresses that tasks reach (default 169.254.172.0/22)\n"
    "\n"
    "SIGTERM and SIGINT end it, once what has arrived is answered.\n";

namespace {

constexpr const char* kNamesUsage =
    "usage: weir names --folder DIR --listen ADDRESS:PORT [--resolv-conf FILE] [--tasks NETWORK]\n";
constexpr Duration kLastAnswers = std::chrono::seconds(5);  // of other servers, once it is told to end
constexpr Duration kBetweenLooks = std::chrono::milliseconds(100);

struct NamesOptions {
  std::string folder;
  std::optional<net::SocketAddress> listen;
  std::string resolv_conf = "/etc/resolv.conf";
  Cidr tasks = *Cidr::parse("169.254.172.0/22");
};

Result<NamesOptions> parse_names_options(std::span<const std::string> args) {
  NamesOptions options;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    if (i + 1 == args.size()) return fail("Usage", args[i] + " takes a value");
    const std::string& value = args[i + 1];
    if (args[i] == "--folder") {
      options.folder = value;
    } else if (args[i] == "--listen") {
      options.listen = TRY(net::SocketAddress::parse(value));
    } else if (args[i] == "--resolv-conf") {
      options.resolv_conf = value;
    } else if (args[i] == "--tasks") {
      const auto tasks = Cidr::parse(value);
      if (!tasks) return fail("Usage", "--tasks takes a network, as 169.254.172.0/22");
      options.tasks = *tasks;
    } else {
      return fail("Usage", "unknown argument " + args[i]);
    }
  }
  if (options.folder.empty() || !options.listen) return fail("Usage", "--folder and --listen are needed");
  return options;
}

Result<> serve_names(const NamesOptions& options) {
  const SystemClock clock;
  StderrLog log(clock);
  net::Loop loop(clock);
  Random random(system_seed());
  dns::NameFolder folder(loop, log, options.folder);
  TRY(folder.open());
  auto sockets = TRY(dns::listen_for_names(*options.listen, dns::Sharing::with_a_successor));
  const net::SocketAddress address = sockets.address;
  dns::Resolvers resolvers(options.resolv_conf, address);
  dns::Forwarder forwarder(loop, resolvers, system_seed);
  dns::NameServer server(loop, std::move(sockets), folder.names(), forwarder, options.tasks, random);
  net::SignalWatch signals(loop, {SIGINT, SIGTERM}, [&](int) { loop.stop(); });
  log.info("names are answered at " + address.text());
  loop.run();
  server.close();
  const Instant end = loop.now() + kLastAnswers;
  while (forwarder.outstanding() > 0 && loop.now() < end) loop.run_once(kBetweenLooks);
  return {};
}

}  // namespace

int names_command(std::span<const std::string> args) {
  const auto options = parse_names_options(args);
  if (!options) {
    fmt::print(stderr, "weir names: {}\n{}{}", options.error().message, kNamesUsage, kNamesDetails);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  if (const auto served = serve_names(*options); !served) {
    fmt::print(stderr, "weir names: {}\n", served.error().message);
    return 1;
  }
  return 0;
}

}  // namespace weir
