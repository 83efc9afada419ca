// `weir status`: the tree of what is wished and what is so; with -w again every second.
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "cli/cli.h"
#include "cli/client.h"
#include "cli/limits.h"
#include "cli/status_view.h"

namespace weir::cli {

namespace {

void rest() {
  const timespec second{.tv_sec = kRedraw.count(), .tv_nsec = 0};
  ::nanosleep(&second, nullptr);
}

// Draws over the screen without blanking it first, so that it does not flicker.
std::string in_place(const std::string& text) {
  std::string drawn = "\x1b[H";
  for (const char c : text) {
    if (c == '\n') drawn += "\x1b[K";
    drawn += c;
  }
  return drawn + "\x1b[J";
}

Result<Json> ask(Client& client) {
  const Reply reply = TRY(client.get("/_weir/status"));
  return Json::parse(reply.body);
}

bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int watch(Client& client) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  if (terminal && !print("\x1b[2J")) return kFailed;
  std::optional<Json> before;
  for (;; rest()) {
    auto now = ask(client);
    // Weir itself may be starting anew: keep asking.
    const std::string text =
        now ? render_status(*now, before ? &*before : nullptr) : "weir: " + now.error().message + "\n";
    if (!print(terminal ? in_place(text) : text + "\n")) return kFailed;
    if (now) before = std::move(*now);
  }
}

}  // namespace

int status(std::span<const std::string> words) {
  constexpr Flag kFlags[] = {{"--watch", "-w"}, {"--json"}, kEndpointFlag};
  const auto arguments = Arguments::parse(words, kFlags, 0, 0);
  if (!arguments) return complain(arguments.error().message, kUsage);
  const auto endpoint = endpoint_of(*arguments);
  if (!endpoint) return complain(endpoint.error().message, kUsage);
  Client client(*endpoint);
  if (arguments->has("--watch")) {
    if (arguments->has("--json")) return complain("`-w` and `--json` do not go together", kUsage);
    return watch(client);
  }
  const auto now = ask(client);
  if (!now) return complain(now.error().message);
  return print(arguments->has("--json") ? now->dump() + "\n" : render_status(*now, nullptr)) ? kOk : kFailed;
}

}  // namespace weir::cli
