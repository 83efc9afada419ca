// `weir route`: the route table in force, as the proxy would take it from a file.
#include <cstdio>

#include "cli/cli.h"
#include "cli/client.h"

namespace weir::cli {

int route(std::span<const std::string> words) {
  constexpr Flag kFlags[] = {kEndpointFlag};
  const auto arguments = Arguments::parse(words, kFlags, 0, 0);
  if (!arguments) return complain(arguments.error().message, kUsage);
  const auto endpoint = endpoint_of(*arguments);
  if (!endpoint) return complain(endpoint.error().message, kUsage);
  const auto reply = Client(*endpoint).get("/_weir/route");
  if (!reply) return complain(reply.error().message);
  std::fwrite(reply->body.data(), 1, reply->body.size(), stdout);
  if (!reply->body.ends_with('\n')) std::fputc('\n', stdout);
  return kOk;
}

}  // namespace weir::cli
