// What `weir serve` was asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "main/hook_commands.h"
#include "runtime/host_network.h"

namespace weir {

struct ServeOptions {
  std::string state_directory;  // absolute; holds the store, images, tasks and the proxy's table
  std::string buckets;          // absolute; the folder that stands for S3, a bucket a folder in it
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 4566;       // 0: any free one
  std::string account = "000000000000";   // of access keys that are not themselves 12 digits
  std::optional<std::uint16_t> dns_port;  // where names are answered; 0: any free one; none: 4553, or a free one
  unsigned workers = 0;                   // of the proxy; 0: one per core
  runtime::NetworkWish network = runtime::NetworkWish::automatic;
  Duration minute = std::chrono::minutes(1);             // how long the APIs' integer minutes last
  HookCommandsByName hooks;                              // what stands in for Lambda functions
  bool pace = false;                                     // states of tasks last a while, as on AWS
  bool ephemeral = false;                                // keep the store in memory and end everything at exit
  std::map<std::string, std::string, std::less<>> keys;  // access key to secret; empty: any key, on loopback only
};

// Flags, then WEIR_STATE, WEIR_ACCESS_KEY and WEIR_SECRET_KEY of the environment.
// Errors: "Usage" with one line that names the flag.
Result<ServeOptions> parse_serve_options(std::span<const std::string> args);

// What `weir serve --help` says of them.
extern const char* const kServeDetails;

}  // namespace weir
