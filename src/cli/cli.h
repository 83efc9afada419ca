// The commands of `weir` that talk to a running Weir over HTTP, and how any table of commands is run. main/ puts its
// own commands (serve, proxy, shim) beside these. Each command has a file of its own. One thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::cli {

// Exit codes.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;  // said on stderr why
inline constexpr int kUsage = 2;   // the command line makes no sense; said on stderr why

struct Command {
  const char* name;   // one word
  const char* usage;  // what follows the name: "SERVICE [-f] [--cluster C]"; empty where nothing may
  const char* help;   // one line
  int (*run)(std::span<const std::string> arguments);  // without the name; returns the exit code
  const char* details = "";                            // more lines for `weir NAME --help`
};

// status, logs, image, route.
std::span<const Command> commands();

// Runs what `arguments` (without the program's name) ask for: `--help`, `NAME --help` or `NAME …`. No arguments or an
// unknown name: one line on stderr and kUsage.
int run(std::span<const Command> table, std::span<const std::string> arguments);

// What `weir --help` prints.
std::string overview(std::span<const Command> table);

// Prints "weir: <message>" on stderr and returns `code`.
int complain(std::string_view message, int code = kFailed);

// One function a command: see its file.
int status(std::span<const std::string> arguments);
int logs(std::span<const std::string> arguments);
int image(std::span<const std::string> arguments);
int route(std::span<const std::string> arguments);

}  // namespace weir::cli
