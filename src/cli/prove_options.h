// What a `weir prove` command line asks for. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/prove_limits.h"

namespace weir::cli {

enum class ProveProtocol : std::uint8_t { h1, h2, grpc };

struct ProveOptions {
  std::string url;
  std::string host;  // as in the URL, without brackets
  std::uint16_t port = 0;
  std::string authority;  // as in the URL
  std::string target;     // path and query; for gRPC "/package.Service/Method"

  ProveProtocol protocol = ProveProtocol::h1;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // for gRPC with its five bytes of framing

  double rate = 100;                 // requests per second
  std::optional<Duration> duration;  // none: until told to end
  std::size_t connections = 0;
  std::size_t streams = kProveStreams;
  Duration timeout = kProveTimeout;  // per request, from its intended time

  std::optional<unsigned> expect_status;  // none: 200 to 299
  std::string expect_text;                // must occur in the body
  std::string version_pattern;            // a regular expression; its first group is the version
  std::string version_header;             // wins over the pattern

  std::string json;        // a file, "-" for stdout, empty for none
  std::string until_file;  // ends when this file exists
  bool quiet = false;      // no line per second
};

// Errors: "Usage", and "Io" for a data file that cannot be read.
Result<ProveOptions> parse_prove_options(std::span<const std::string> words);

// "250ms", "30s", "2m", "1h", or seconds without a unit. Errors: "Usage".
Result<Duration> parse_duration(const std::string& text);

}  // namespace weir::cli
