#include "cli/prove_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <regex>

#include "base/regex.h"
#include "cli/arguments.h"
#include "cli/prove_grpc.h"

namespace weir::cli {
namespace {

// The first thing that looks like a version and not like an IP address: "hello 1.0 from ...", "Version 0.9.1".
constexpr const char* kAnyVersion = R"((?:^|[^\d.])(\d+\.\d+(?:\.\d+)?)(?!\.?\d))";

constexpr Flag kFlags[] = {
    {"--rate", "-r", Takes::value},         {"--duration", "-d", Takes::value},
    {"--connections", "-c", Takes::value},  {"--streams", "", Takes::value},
    {"--messages", "", Takes::value},       {"--protocol", "-p", Takes::value},
    {"--method", "-X", Takes::value},       {"--data", "", Takes::value},
    {"--data-file", "", Takes::value},      {"--data-size", "", Takes::value},
    {"--grpc-method", "", Takes::value},    {"--grpc-message-hex", "", Takes::value},
    {"--name", "", Takes::value},           {"--grpc-stream", "", Takes::value},
    {"--ws-path", "", Takes::value},        {"--timeout", "-t", Takes::value},
    {"--expect-status", "", Takes::value},  {"--expect", "", Takes::value},
    {"--expect-pattern", "", Takes::value}, {"--version-pattern", "", Takes::value},
    {"--version-header", "", Takes::value}, {"--mark", "", Takes::value},
    {"--mark-window", "", Takes::value},    {"--json", "", Takes::value},
    {"--until-file", "", Takes::value},     {"--quiet", "-q"},
};

constexpr std::pair<std::string_view, ProveProtocol> kProtocols[] = {
    // the first name of each is the one shown
    {"h1", ProveProtocol::h1},
    {"h1-close", ProveProtocol::h1_close},
    {"h2", ProveProtocol::h2},
    {"grpc", ProveProtocol::grpc},
    {"grpc-stream", ProveProtocol::grpc_stream},
    {"ws", ProveProtocol::websocket},
    {"http1", ProveProtocol::h1},
    {"h2c", ProveProtocol::h2},
    {"http2", ProveProtocol::h2},
    {"websocket", ProveProtocol::websocket},
};

std::unexpected<Error> usage(std::string message) { return fail("Usage", std::move(message), ErrorSource::client); }

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

// Headers may be given more than once, so they are taken out first; `--json` may stand without a value.
Result<std::vector<std::string>> take_headers(std::span<const std::string> words, ProveLoad& load) {
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
      load.headers.emplace_back(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
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

Result<> parse_url(const std::string& url, ProveOptions& options, ProveLoad& load) {
  constexpr std::string_view kScheme = "http://";
  options.url = url;
  if (!url.starts_with(kScheme)) return usage("the URL must begin with http://");
  const std::size_t path = std::min(url.find_first_of("/?", kScheme.size()), url.size());
  load.authority = url.substr(kScheme.size(), path - kScheme.size());
  load.target = url.substr(path);
  if (!load.target.starts_with("/")) load.target.insert(0, "/");
  const bool odd = std::ranges::any_of(load.target, [](char c) { return c <= ' ' || c >= 0x7f || c == '#'; });
  if (odd) return usage("the URL has a character that must be percent-encoded");
  const std::size_t bracket = load.authority.rfind(']');
  const std::size_t colon = load.authority.rfind(':');
  const bool with_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  options.host = load.authority.substr(0, with_port ? colon : std::string::npos);
  if (options.host.starts_with("[") && options.host.ends_with("]")) {
    options.host = options.host.substr(1, options.host.size() - 2);
  }
  options.port = 80;
  if (with_port) {
    const char* const begin = load.authority.data() + colon + 1;
    const char* const end = load.authority.data() + load.authority.size();
    const auto [stop, error] = std::from_chars(begin, end, options.port);
    if (error != std::errc{} || stop != end || options.port == 0) return usage("the URL's port is no port");
  }
  if (options.host.empty()) return usage("the URL has no host");
  return {};
}

Result<std::vector<ProveProtocol>> parse_protocols(const std::string& text) {
  std::vector<ProveProtocol> protocols;
  for (const std::string& name : split(text)) {
    const auto known = std::ranges::find(kProtocols, name, [](const auto& one) { return one.first; });
    if (known == std::end(kProtocols)) {
      return usage(fmt::format("no protocol `{}`; there are h1, h1-close, h2, grpc, grpc-stream and ws", name));
    }
    if (std::ranges::count(protocols, known->second) > 0) return usage(fmt::format("{} is named twice", name));
    protocols.push_back(known->second);
  }
  return protocols;
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

// What belongs to one protocol alone is wanted with it alone.
Result<> check_uses(const Arguments& arguments, std::span<const ProveProtocol> protocols) {
  const bool grpc = std::ranges::any_of(protocols, is_grpc);
  for (const char* flag : {"--grpc-method", "--grpc-message-hex", "--name"}) {
    if (arguments.has(flag) && !grpc) return usage(fmt::format("{} is for the protocols grpc and grpc-stream", flag));
  }
  constexpr std::pair<const char*, ProveProtocol> kOwn[] = {{"--grpc-stream", ProveProtocol::grpc_stream},
                                                            {"--ws-path", ProveProtocol::websocket}};
  for (const auto& [flag, protocol] : kOwn) {
    if (arguments.has(flag) && std::ranges::count(protocols, protocol) == 0) {
      return usage(fmt::format("{} is for the protocol {}", flag, name_of(protocol)));
    }
  }
  return {};
}

// What --data and its like say is sent.
struct Bodies {
  std::string plain;    // of HTTP and WebSocket
  std::string message;  // of gRPC
};

Result<Bodies> parse_bodies(const Arguments& arguments, bool grpc_only) {
  const auto ways = [&](std::initializer_list<const char*> flags) {
    return std::ranges::count_if(flags, [&](const char* flag) { return arguments.has(flag); });
  };
  if (ways({"--data", "--data-file", "--data-size"}) > 1 || ways({"--grpc-message-hex", "--name"}) > 1 ||
      (grpc_only && ways({"--data", "--data-file", "--data-size", "--grpc-message-hex", "--name"}) > 1)) {
    return usage("only one of --data, --data-file, --data-size, and of --grpc-message-hex and --name");
  }
  Bodies bodies;
  if (const auto data = arguments.value("--data")) bodies.plain = *data;
  if (const auto path = arguments.value("--data-file")) bodies.plain = TRY(read_file(*path));
  if (arguments.has("--data-size")) {
    const long size = TRY(arguments.number("--data-size", 0, 1, static_cast<long>(kProveMaxSent)));
    bodies.plain.assign(static_cast<std::size_t>(size), 'x');
  }
  if (bodies.plain.size() > kProveMaxSent) return usage(fmt::format("a body has at most {} bytes", kProveMaxSent));
  bodies.message = bodies.plain;
  if (const auto hex = arguments.value("--grpc-message-hex")) bodies.message = TRY(from_hex(*hex));
  if (const auto name = arguments.value("--name")) bodies.message = message_of_name(*name);
  return bodies;
}

Result<> parse_expectations(const Arguments& arguments, ProveLoad& load) {
  if (arguments.has("--expect-status")) {
    load.expect_status = static_cast<unsigned>(TRY(arguments.number("--expect-status", 200, 100, 599)));
  }
  load.expect_text = arguments.value("--expect").value_or("");
  load.expect_pattern = arguments.value("--expect-pattern").value_or("");
  if (const auto pattern = Regex::compile(load.expect_pattern); !pattern) return usage(pattern.error().message);
  load.version_header = arguments.value("--version-header").value_or("");
  load.version_pattern = arguments.value("--version-pattern").value_or(kAnyVersion);
  try {
    const std::regex pattern(load.version_pattern);
    if (pattern.mark_count() == 0) return usage("the version pattern needs a (group)");
  } catch (const std::regex_error& error) {
    return usage(fmt::format("the version pattern is no regular expression: {}", error.what()));
  }
  return {};
}

// "10s", "10s=deploy"; several with commas.
Result<std::vector<ProveMark>> parse_marks(const std::string& text) {
  std::vector<ProveMark> marks;
  for (const std::string& word : split(text)) {
    const std::size_t equals = word.find('=');
    const Duration at = TRY(parse_duration(word.substr(0, equals)));
    const std::string name = equals == std::string::npos ? word : word.substr(equals + 1);
    marks.push_back({.at = at, .name = name});
  }
  std::ranges::stable_sort(marks, {}, &ProveMark::at);
  if (marks.size() > kProveMaxMarks) return usage(fmt::format("at most {} marks", kProveMaxMarks));
  return marks;
}

// `load` as it is for `protocol`.
Result<ProveLoad> load_of(ProveLoad load, ProveProtocol protocol, const Arguments& arguments, const Bodies& bodies) {
  load.protocol = protocol;
  const std::size_t connections = is_one_shot(protocol)           ? kProveOneShots
                                  : protocol == ProveProtocol::h1 ? kProveConnections
                                                                  : kProveH2Connections;
  load.connections = static_cast<std::size_t>(
      TRY(arguments.number("--connections", static_cast<long>(connections), 1, kProveMaxConnections)));
  load.body = bodies.plain;
  if (!is_conversation(protocol)) load.messages = 1;
  if (protocol == ProveProtocol::websocket) {
    load.target = arguments.value("--ws-path").value_or(load.target);
    if (!load.target.starts_with("/")) return usage("--ws-path begins with /");
    if (load.body.empty()) load.body = "weir prove";
    return load;
  }
  if (!is_grpc(protocol)) {
    load.method = arguments.value("--method").value_or(load.body.empty() ? "GET" : "POST");
    return load;
  }
  load.method = "POST";
  load.body = grpc_frame(bodies.message);
  load.target = arguments.value("--grpc-method").value_or(load.target);
  if (protocol == ProveProtocol::grpc_stream) load.target = arguments.value("--grpc-stream").value_or(load.target);
  if (load.target.find('/', 1) == std::string::npos) {
    return usage(protocol == ProveProtocol::grpc ? "gRPC needs --grpc-method /package.Service/Method"
                                                 : "streams need --grpc-stream /package.Service/Method");
  }
  return load;
}

}  // namespace

std::string_view name_of(ProveProtocol protocol) {
  return std::ranges::find(kProtocols, protocol, [](const auto& one) { return one.second; })->first;
}

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
  ProveLoad load;
  const std::vector<std::string> rest = TRY(take_headers(words, load));
  const Arguments arguments = TRY(Arguments::parse(rest, kFlags, 1, 1));
  TRY(parse_url(arguments.words()[0], options, load));
  load.rate = static_cast<double>(TRY(arguments.number("--rate", 100, 1, kProveMaxRate)));
  load.streams = static_cast<std::size_t>(TRY(arguments.number("--streams", kProveStreams, 1, 1 << 20)));
  load.messages = static_cast<std::size_t>(TRY(arguments.number("--messages", kProveMessages, 1, kProveMaxMessages)));
  if (const auto timeout = arguments.value("--timeout")) load.timeout = TRY(parse_duration(*timeout));
  TRY(parse_expectations(arguments, load));
  const auto protocols = TRY(parse_protocols(arguments.value("--protocol").value_or("h1")));
  TRY(check_uses(arguments, protocols));
  const Bodies bodies = TRY(parse_bodies(arguments, std::ranges::all_of(protocols, is_grpc)));
  for (const ProveProtocol protocol : protocols) {
    options.loads.push_back(TRY(load_of(load, protocol, arguments, bodies)));
  }
  if (const auto duration = arguments.value("--duration")) options.duration = TRY(parse_duration(*duration));
  if (const auto marks = arguments.value("--mark")) options.marks = TRY(parse_marks(*marks));
  if (const auto window = arguments.value("--mark-window")) options.mark_window = TRY(parse_duration(*window));
  options.json = arguments.value("--json").value_or("");
  options.until_file = arguments.value("--until-file").value_or("");
  options.quiet = arguments.has("--quiet");
  return options;
}

}  // namespace weir::cli
