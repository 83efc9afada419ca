// weir: one program, several processes. `serve` is control and API, `proxy` the data plane, `names` its DNS, `shim` one
// task's keeper, `sidecar` stands in for its Envoy; everything else is a client of a running server.
#include <span>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/prove.h"
#include "main/names_command.h"
#include "main/proxy_command.h"
#include "main/serve_command.h"
#include "main/serve_options.h"
#include "main/shim_command.h"
#include "main/sidecar_command.h"

int main(int argc, char** argv) {
  using weir::cli::Command;
  std::vector<Command> table{
      {"serve", "[--state DIR] [--listen ADDRESS:PORT] …", "run the control process and its API", &weir::serve_command,
       weir::kServeDetails},
      {"prove", "URL [--rate N] [--duration T] …", "load a server at a fixed rate and account for every request",
       &weir::cli::prove, weir::cli::kProveDetails},
  };
  const auto clients = weir::cli::commands();
  table.insert(table.end(), clients.begin(), clients.end());
  table.push_back({"proxy", "--table FILE [--control SOCKET] …", "run the data plane alone (serve starts it by itself)",
                   &weir::proxy_command, weir::kProxyDetails});
  table.push_back({"names", "--folder DIR --listen ADDRESS:PORT …", "answer names by DNS (serve starts it by itself)",
                   &weir::names_command, weir::kNamesDetails});
  table.push_back(
      {"sidecar", "[--check]", "stand in for a task's Envoy (serve starts it by itself)", &weir::sidecar_command});
  table.push_back({"shim", "DIR", "keep one task's processes (serve starts it by itself)", &weir::shim_command});
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return weir::cli::run(table, arguments);
}
