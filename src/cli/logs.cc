// `weir logs SERVICE`: lines "TASKID8 STREAM TEXT" as Weir sends them.
#include <fmt/format.h>

#include <cstdio>

#include "cli/cli.h"
#include "cli/client.h"
#include "sign/form.h"

namespace weir::cli {

int logs(std::span<const std::string> words) {
  constexpr Flag kFlags[] = {
      {"--follow", "-f"}, {"--cluster", "-c", Takes::value}, {"--tail", "-n", Takes::value}, kEndpointFlag};
  const auto arguments = Arguments::parse(words, kFlags, 1, 1);
  if (!arguments) return complain(arguments.error().message, kUsage);
  const auto tail = arguments->number("--tail", 100, 0, 1'000'000);
  if (!tail) return complain(tail.error().message, kUsage);
  const auto endpoint = endpoint_of(*arguments);
  if (!endpoint) return complain(endpoint.error().message, kUsage);

  const std::string target =
      fmt::format("/_weir/logs?service={}&cluster={}&tail={}{}", sign::percent_encode(arguments->words().front()),
                  sign::percent_encode(arguments->value("--cluster").value_or("")), *tail,
                  arguments->has("--follow") ? "&follow=1" : "");
  const auto streamed = Client(*endpoint).stream(target, [](std::string_view bytes) {
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
  });
  if (!streamed) return complain(streamed.error().message);
  return kOk;
}

}  // namespace weir::cli
