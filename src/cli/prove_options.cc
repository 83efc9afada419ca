#include "cli/prove_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <regex>

#include "cli/arguments.h"

namespace weir::cli {
namespace {

// The first thing that looks like a version and not like an IP address: "hello 1.0 from ...", "Version 0.9.1".
constexpr const char* kAnyVersion = R"((?:^|[^\d.])(\d+\.\d+(?:\.\d+)?)(?!\.?\d))";

constexpr Flag kFlags[] = {
    {"--rate", "-r", Takes::value},
    {"--duration", "-d", Takes::value},
    {"--connections", "-c", Takes::value},
    {"--streams", "", Takes::value},
    {"--protocol", "-p", Takes::value},
    {"--method", "-X", Takes::value},
    {"--data", "", Takes::value},
    {"--data-file", "", Takes::value},
    {"--grpc-method", "", Takes::value},
    {"--grpc-message-hex", "", Takes::value},
    {"--name", "", Takes::value},
    {"--timeout", "-t", Takes::value},
    {"--expect-status", "", Takes::value},
    {"--expect", "", Takes::value},
    {"--version-pattern", "", Takes::value},
    {"--version-header", "", Takes::value},
    {"--json", "", Takes::value},
    {"--until-file", "", Takes::value},
    {"--quiet", "-q"},
};

std::unexpected<Error> usage(std::string message) { return fail("Usage", std::move(message), ErrorSource::client); }

// Headers may be given more than once, so they are taken out first; `--json` may stand without a value.
Result<std::vector<std::string>> take_headers(std::span<const std::string> words, ProveOptions& options) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--header" || word == "-H") {
      const std::string line = i + 1 < words.size() ? words[++i] : "";
      const std::size_t colon = line.find(':');
      if (colon == 0 || colon == std::string::npos || line.find_first_of("\r\n") != std::string::npos) {
        return usage("a header is written as 'Name: value'");
      }
      const std::size_t value = line.find_first_not_of(" \t", colon + 1);
      options.headers.emplace_back(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
    } else if (word == "--json") {
      const bool bare = i + 1 == words.size() || words[i + 1].find("://") != std::string::npos ||
                        (words[i + 1].starts_with("-") && words[i + 1] != "-");
      rest.push_back(bare ? "--json=-" : "--json=" + words[++i]);
    } else {
      rest.push_back(word);
    }
  }
  return rest;
}

Result<> parse_url(const std::string& url, ProveOptions& options) {
  constexpr std::string_view kScheme = "http://";
  options.url = url;
  if (!url.starts_with(kScheme)) return usage("the URL must begin with http://");
  const std::size_t path = std::min(url.find_first_of("/?", kScheme.size()), url.size());
  options.authority = url.substr(kScheme.size(), path - kScheme.size());
  options.target = url.substr(path);
  if (!options.target.starts_with("/")) options.target.insert(0, "/");
  const bool odd = std::ranges::any_of(options.target, [](char c) { return c <= ' ' || c >= 0x7f || c == '#'; });
  if (odd) return usage("the URL has a character that must be percent-encoded");
  const std::size_t bracket = options.authority.rfind(']');
  const std::size_t colon = options.authority.rfind(':');
  const bool with_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  options.host = options.authority.substr(0, with_port ? colon : std::string::npos);
  if (options.host.starts_with("[") && options.host.ends_with("]")) {
    options.host = options.host.substr(1, options.host.size() - 2);
  }
  options.port = 80;
  if (with_port) {
    const char* const begin = options.authority.data() + colon + 1;
    const char* const end = options.authority.data() + options.authority.size();
    const auto [stop, error] = std::from_chars(begin, end, options.port);
    if (error != std::errc{} || stop != end || options.port == 0) return usage("the URL's port is no port");
  }
  if (options.host.empty()) return usage("the URL has no host");
  return {};
}

Result<ProveProtocol> parse_protocol(const std::string& name) {
  constexpr std::pair<std::string_view, ProveProtocol> kNames[] = {
      {"h1", ProveProtocol::h1},  {"http1", ProveProtocol::h1}, {"h2", ProveProtocol::h2},
      {"h2c", ProveProtocol::h2}, {"http2", ProveProtocol::h2}, {"grpc", ProveProtocol::grpc},
  };
  for (const auto& [known, protocol] : kNames) {
    if (known == name) return protocol;
  }
  return usage(fmt::format("no protocol `{}`; there are h1, h2 and grpc", name));
}

Result<std::string> from_hex(const std::string& hex) {
  std::string bytes;
  if (hex.size() % 2 != 0) return usage("hexadecimal digits come in pairs");
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    if (error != std::errc{} || end != hex.data() + i + 2) return usage("that is not hexadecimal");
    bytes += static_cast<char>(value);
  }
  return bytes;
}

// A protobuf message whose field 1 is the string `text`.
std::string message_of_name(const std::string& text) {
  std::string bytes(1, '\x0a');
  for (std::size_t left = text.size();; left >>= 7) {
    bytes += static_cast<char>(left < 0x80 ? left : (left & 0x7f) | 0x80);
    if (left < 0x80) break;
  }
  return bytes + text;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("Io", fmt::format("cannot read {}", path), ErrorSource::client);
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

Result<> parse_body(const Arguments& arguments, ProveOptions& options) {
  int ways = 0;
  for (const char* flag : {"--data", "--data-file", "--grpc-message-hex", "--name"}) ways += arguments.has(flag);
  if (ways > 1) return usage("only one of --data, --data-file, --grpc-message-hex and --name");
  if (const auto data = arguments.value("--data")) options.body = *data;
  if (const auto path = arguments.value("--data-file")) options.body = TRY(read_file(*path));
  if (const auto hex = arguments.value("--grpc-message-hex")) options.body = TRY(from_hex(*hex));
  if (const auto name = arguments.value("--name")) options.body = message_of_name(*name);
  if (options.protocol != ProveProtocol::grpc) {
    options.method = arguments.value("--method").value_or(options.body.empty() ? "GET" : "POST");
    return {};
  }
  options.method = "POST";
  if (const auto method = arguments.value("--grpc-method")) options.target = *method;
  if (options.target.find('/', 1) == std::string::npos)
    return usage("gRPC needs --grpc-method /package.Service/Method");
  std::string frame(1, '\0');  // not compressed, then the length
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(options.body.size() >> shift);
  options.body.insert(0, frame);
  return {};
}

Result<> parse_expectations(const Arguments& arguments, ProveOptions& options) {
  if (arguments.has("--expect-status")) {
    options.expect_status = static_cast<unsigned>(TRY(arguments.number("--expect-status", 200, 100, 599)));
  }
  options.expect_text = arguments.value("--expect").value_or("");
  options.version_header = arguments.value("--version-header").value_or("");
  options.version_pattern = arguments.value("--version-pattern").value_or(kAnyVersion);
  try {
    const std::regex pattern(options.version_pattern);
    if (pattern.mark_count() == 0) return usage("the version pattern needs a (group)");
  } catch (const std::regex_error& error) {
    return usage(fmt::format("the version pattern is no regular expression: {}", error.what()));
  }
  return {};
}

}  // namespace

Result<Duration> parse_duration(const std::string& text) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"", 1e9}};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, nanoseconds] : kUnits) {
    if (error == std::errc{} && unit == name && number > 0 && number < 1e6) {
      return Duration(static_cast<std::int64_t>(number * nanoseconds));
    }
  }
  return usage(fmt::format("`{}` is no duration; write 30s, 250ms, 2m or 1h", text));
}

Result<ProveOptions> parse_prove_options(std::span<const std::string> words) {
  ProveOptions options;
  const std::vector<std::string> rest = TRY(take_headers(words, options));
  const Arguments arguments = TRY(Arguments::parse(rest, kFlags, 1, 1));
  TRY(parse_url(arguments.words()[0], options));
  options.protocol = TRY(parse_protocol(arguments.value("--protocol").value_or("h1")));
  const bool h1 = options.protocol == ProveProtocol::h1;
  const auto connections = static_cast<long>(h1 ? kProveConnections : kProveH2Connections);
  options.connections =
      static_cast<std::size_t>(TRY(arguments.number("--connections", connections, 1, kProveMaxConnections)));
  options.streams = static_cast<std::size_t>(TRY(arguments.number("--streams", kProveStreams, 1, 1 << 20)));
  options.rate = static_cast<double>(TRY(arguments.number("--rate", 100, 1, kProveMaxRate)));
  if (const auto duration = arguments.value("--duration")) options.duration = TRY(parse_duration(*duration));
  if (const auto timeout = arguments.value("--timeout")) options.timeout = TRY(parse_duration(*timeout));
  TRY(parse_body(arguments, options));
  TRY(parse_expectations(arguments, options));
  options.json = arguments.value("--json").value_or("");
  options.until_file = arguments.value("--until-file").value_or("");
  options.quiet = arguments.has("--quiet");
  return options;
}

}  // namespace weir::cli
