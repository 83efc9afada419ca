// What a `weir prove` command line asks for. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/prove_limits.h"

namespace weir::cli {

enum class ProveProtocol : std::uint8_t {
  h1,           // HTTP/1.1, connections kept
  h1_close,     // HTTP/1.1, a connection for each request
  h2,           // HTTP/2 in cleartext, prior knowledge
  grpc,         // unary calls
  grpc_stream,  // bidirectional streams: so many messages, each after the answer to the one before
  websocket,    // a connection for each conversation, messages as in grpc_stream, and a closing handshake
};
std::string_view name_of(ProveProtocol protocol);  // as the command line has it
constexpr bool is_grpc(ProveProtocol protocol) {
  return protocol == ProveProtocol::grpc || protocol == ProveProtocol::grpc_stream;
}
// Whether messages go to and fro, each after the answer to the one before.
constexpr bool is_conversation(ProveProtocol protocol) {
  return protocol == ProveProtocol::grpc_stream || protocol == ProveProtocol::websocket;
}
// Whether a connection serves one request and no other.
constexpr bool is_one_shot(ProveProtocol protocol) {
  return protocol == ProveProtocol::h1_close || protocol == ProveProtocol::websocket;
}

// What is sent over one protocol, how often, and what is expected.
struct ProveLoad {
  ProveProtocol protocol = ProveProtocol::h1;
  std::string authority;  // as in the URL
  std::string target;     // path and query; for gRPC "/package.Service/Method"
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // for gRPC one message with its five bytes of framing; for WebSocket one message

  double rate = 100;                 // requests per second
  std::size_t connections = 0;       // at once
  std::size_t streams = 0;           // at once on one HTTP/2 connection
  std::size_t messages = 1;          // of one gRPC stream or WebSocket; 1 of what is no conversation
  Duration timeout = kProveTimeout;  // per request, from its intended time

  std::optional<unsigned> expect_status;  // none: 200 to 299; of h1, h1-close and h2 alone
  std::string expect_text;                // must occur in the body, or the last message
  std::string expect_pattern;             // a regular expression that must be found there; empty: any
  std::string version_pattern;            // a regular expression; its first group is the version
  std::string version_header;             // wins over the pattern
};

struct ProveMark {
  Duration at{0};  // from the start
  std::string name;
};

struct ProveOptions {
  std::string url;
  std::string host;  // as in the URL, without brackets
  std::uint16_t port = 0;
  std::vector<ProveLoad> loads;      // one a protocol, at least one
  std::optional<Duration> duration;  // none: until told to end
  std::vector<ProveMark> marks;      // in order of time
  Duration mark_window = kProveMarkWindow;
  std::string json;        // a file, "-" for stdout, empty for none
  std::string until_file;  // ends when this file exists
  bool quiet = false;      // no line per second
};

// Errors: "Usage", and "Io" for a data file that cannot be read.
Result<ProveOptions> parse_prove_options(std::span<const std::string> words);

// "250ms", "30s", "2m", "1h", or seconds without a unit. Errors: "Usage".
Result<Duration> parse_duration(const std::string& text);

}  // namespace weir::cli
