#include "main/serve_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace weir {

const char* const kServeDetails =
    "  --state DIR             where everything is kept (default: $WEIR_STATE or ~/.weir)\n"
    "  --listen ADDRESS:PORT   the API's endpoint (default 127.0.0.1:4566; port 0 takes a free one)\n"
    "  --dns-port PORT         where names are answered by DNS, at 127.0.0.1 (default 4553, or a free one where that "
    "is\n"
    "                          taken; 0 takes a free one)\n"
    "  --account NUMBER        twelve digits (default 000000000000)\n"
    "  --workers N             threads of the proxy (default: one per core)\n"
    "  --network MODE          awsvpc tasks: netns (an address and a network of their own each; wants root), host "
    "(the\n"
    "                          host's network, ports told by PORT) or auto (netns where it can be made; the default)\n"
    "  --minute DURATION       how long an AWS minute lasts, in bakes and time-outs: 2s, 500ms (default 60s)\n"
    "  --pace                  tasks take AWS's time: 3 s in each state on their way to RUNNING, for scripts that wait "
    "to\n"
    "                          see one that is not there yet\n"
    "  --hook NAME=COMMAND     run this in place of Lambda function NAME in deployments' lifecycle hooks; repeatable\n"
    "  --buckets DIR           what stands for S3: DIR/BUCKET/KEY is arn:aws:s3:::BUCKET/KEY (default: STATE/buckets)\n"
    "  --access-key ID         with --secret-key-file: verify signatures with this key\n"
    "  --secret-key-file FILE  its secret, the file's first line\n"
    "  --ephemeral             keep nothing: the store is in memory, tasks and proxy end with the server\n"
    "\n"
    "Ctrl-C (SIGINT) drains the proxy, stops all tasks and ends. SIGTERM ends the control process alone: tasks and\n"
    "traffic go on, and the next `weir serve` on the same state takes over.\n";

namespace {

std::unexpected<Error> usage(std::string message) { return fail("Usage", std::move(message), ErrorSource::client); }

bool is_account(const std::string& text) {
  return text.size() == 12 && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

Result<unsigned> number(const std::string& flag, const std::string& text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) {
    return usage(fmt::format("{} wants a number from 0 to {}, not '{}'", flag, max, text));
  }
  return value;
}

// "500ms", "2s", "1m"; more than nothing and at most an hour.
Result<Duration> duration(const std::string& flag, const std::string& text) {
  const auto unit_at = text.find_first_not_of("0123456789");
  const std::string unit = unit_at == std::string::npos ? "" : text.substr(unit_at);
  const Duration one = unit == "ms"  ? Duration(std::chrono::milliseconds(1))
                       : unit == "s" ? Duration(std::chrono::seconds(1))
                       : unit == "m" ? Duration(std::chrono::minutes(1))
                                     : Duration(0);
  constexpr unsigned kMostMillis = 3'600'000;
  const auto count = number(flag, text.substr(0, unit_at), kMostMillis);
  if (!count || *count == 0 || one == Duration(0) || one * *count > std::chrono::hours(1)) {
    return usage(flag + " wants a duration up to an hour, as 60s or 500ms, not '" + text + "'");
  }
  return one * *count;
}

Result<> set_listen(ServeOptions& options, const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return usage("--listen wants ADDRESS:PORT, not '" + text + "'");
  options.listen_address = text.substr(0, colon);
  if (options.listen_address.front() == '[' && options.listen_address.back() == ']') {
    options.listen_address = options.listen_address.substr(1, options.listen_address.size() - 2);
  }
  options.listen_port = static_cast<std::uint16_t>(TRY(number("--listen", text.substr(colon + 1), 65535)));
  return {};
}

Result<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line.empty()) return usage("--secret-key-file: no secret in '" + path + "'");
  return line;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<runtime::NetworkWish> network(const std::string& text) {
  if (text == "auto") return runtime::NetworkWish::automatic;
  if (text == "host") return runtime::NetworkWish::host;
  if (text == "netns") return runtime::NetworkWish::own_or_fail;
  return usage("--network wants auto, host or netns, not '" + text + "'");
}

struct Keys {
  std::string id = environment("WEIR_ACCESS_KEY");
  std::string secret = environment("WEIR_SECRET_KEY");
};

Result<> set_option(ServeOptions& options, Keys& keys, const std::string& flag, const std::string& value) {
  if (flag == "--state") {
    options.state_directory = value;
  } else if (flag == "--listen") {
    return set_listen(options, value);
  } else if (flag == "--dns-port") {
    options.dns_port = static_cast<std::uint16_t>(TRY(number(flag, value, 65535)));
  } else if (flag == "--account") {
    if (!is_account(value)) return usage("--account wants twelve digits, not '" + value + "'");
    options.account = value;
  } else if (flag == "--workers") {
    options.workers = TRY(number(flag, value, 256));
  } else if (flag == "--network") {
    options.network = TRY(network(value));
  } else if (flag == "--minute") {
    options.minute = TRY(duration(flag, value));
  } else if (flag == "--hook") {
    const auto equals = value.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == value.size()) {
      return usage("--hook wants NAME=COMMAND, not '" + value + "'");
    }
    options.hooks[value.substr(0, equals)] = value.substr(equals + 1);
  } else if (flag == "--buckets") {
    options.buckets = std::filesystem::absolute(value).lexically_normal().string();
  } else if (flag == "--access-key") {
    keys.id = value;
  } else if (flag == "--secret-key-file") {
    keys.secret = TRY(first_line(value));
  } else {
    return usage("unknown option '" + flag + "'");
  }
  return {};
}

std::string default_state_directory() {
  if (auto chosen = environment("WEIR_STATE"); !chosen.empty()) return chosen;
  const auto home = environment("HOME");
  return (home.empty() ? "/var/lib" : home + "/") + (home.empty() ? "/weir" : ".weir");
}

}  // namespace

Result<ServeOptions> parse_serve_options(std::span<const std::string> args) {
  ServeOptions options;
  Keys keys;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--pace") {
      options.pace = true;
      continue;
    }
    if (args[i] == "--ephemeral") {
      options.ephemeral = true;
      continue;
    }
    if (i + 1 == args.size()) {
      return usage(args[i].starts_with("--") ? args[i] + " is unknown or wants a value"
                                             : "unexpected '" + args[i] + "'");
    }
    TRY(set_option(options, keys, args[i], args[i + 1]));
    ++i;
  }
  if (options.state_directory.empty()) options.state_directory = default_state_directory();
  options.state_directory = std::filesystem::absolute(options.state_directory).lexically_normal().string();
  if (options.buckets.empty()) options.buckets = options.state_directory + "/buckets";
  if (keys.id.empty() != keys.secret.empty()) return usage("an access key and its secret go together");
  if (!keys.id.empty()) options.keys.emplace(keys.id, keys.secret);
  const bool loopback = options.listen_address.starts_with("127.") || options.listen_address == "::1" ||
                        options.listen_address == "localhost";
  if (!loopback && options.keys.empty()) {
    return usage("--listen " + options.listen_address +
                 " is reachable from other machines: give --access-key and "
                 "--secret-key-file");
  }
  if (options.listen_address == "localhost") options.listen_address = "127.0.0.1";
  return options;
}

}  // namespace weir
