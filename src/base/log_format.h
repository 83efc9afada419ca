// LogFormat: a line of an access log as Envoy's users write it: text in which "%PROTOCOL%" and the like stand for facts
// of a request. Those operators that are known here are parsed; others are errors that name them. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir {

enum class LogOperator {
  text,  // no operator: `text` as it stands
  start_time,
  request_field,   // REQ(FIRST?SECOND):MOST
  response_field,  // RESP(FIRST?SECOND):MOST
  protocol,
  response_code,
  response_flags,
  bytes_received,
  bytes_sent,
  duration,
  request_duration,
  response_duration,
  attempts,
  upstream_host,
  upstream_cluster,
  server_name,
  remote_address,
  remote_address_without_port,
  remote_port,
  local_address,
  local_address_without_port,
  local_port,
};

struct LogPiece {
  LogOperator what = LogOperator::text;
  std::string text;  // of `text`
  std::string first,
      second;            // fields of the request or the response in lower case, the second where the first is not there
  std::size_t most = 0;  // bytes of it; 0: all
  bool operator==(const LogPiece&) const = default;
};

using LogFormat = std::vector<LogPiece>;

// "%%" is a percent sign. Errors: "LogFormat", a sentence that names the operator.
Result<LogFormat> parse_log_format(std::string_view text);

// Envoy's own, which counts where none is named.
inline constexpr std::string_view kDefaultLogFormat =
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% "
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" "
    "\"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

}  // namespace weir
