#include "cli/cli.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace weir::cli {

namespace {

constexpr const char* kEndpointDetails =
    "  --endpoint URL        where Weir is; otherwise $WEIR_ENDPOINT, otherwise http://127.0.0.1:4566\n";

constexpr Command kCommands[] = {
    {"status", "[-w] [--json] [--endpoint URL]", "show clusters, services, tasks and balancers as a tree", status,
     "  -w, --watch           redraw every second, with the shares measured in that second\n"
     "  --json                print the JSON the tree is made of\n"},
    {"logs", "SERVICE [-f] [--cluster C] [--tail N] [--endpoint URL]", "print what a service's tasks wrote", logs,
     "  -f, --follow          go on with what is written from now on\n"
     "  --cluster C           the service's cluster (default: any)\n"
     "  --tail N              the last N lines of each task (100)\n"},
    {"image", "import NAME:TAG DIR | list", "put an image made of a folder into Weir, or list the images", image,
     "  import NAME:TAG DIR   make a one-layer image of what is in DIR\n"
     "  --entrypoint JSON     its entry point, a list of words: '[\"/bin/server\"]'\n"
     "  --cmd JSON            its arguments, a list of words\n"
     "  --rootfs              DIR is a whole root file system: run in it, by runc, not on the host's files\n"
     "  list                  one line an image\n"},
    {"route", "[--endpoint URL]", "print the route table in force, as JSON", route},
};

bool asks_for_help(std::string_view word) { return word == "--help" || word == "-h"; }

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string details_of(const Command& command) {
  std::string text = fmt::format("usage: weir {} {}\n\n{}\n", command.name, command.usage, command.help);
  if (*command.details != 0) text += fmt::format("\n{}", command.details);
  if (std::string_view(command.usage).contains("--endpoint") || command.run == &image) text += kEndpointDetails;
  return text;
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

int complain(std::string_view message, int code) {
  fmt::print(stderr, "weir: {}\n", message);
  return code;
}

std::string overview(std::span<const Command> table) {
  std::string text = "usage: weir COMMAND …\n\n";
  for (const Command& command : table) text += fmt::format("  {:<8} {}\n", command.name, command.help);
  return text + "\n`weir COMMAND --help` says more about one.\n";
}

int run(std::span<const Command> table, std::span<const std::string> arguments) {
  if (arguments.empty()) return complain("which command? `weir --help` lists them", kUsage);
  const std::string& name = arguments.front();
  if (asks_for_help(name)) {
    print(overview(table));
    return kOk;
  }
  const auto found = std::ranges::find_if(table, [&](const Command& command) { return name == command.name; });
  if (found == table.end()) return complain(fmt::format("no command `{}`; `weir --help` lists them", name), kUsage);
  const auto rest = arguments.subspan(1);
  if (!rest.empty() && asks_for_help(rest.front())) {
    print(details_of(*found));
    return kOk;
  }
  return found->run(rest);
}

}  // namespace weir::cli
