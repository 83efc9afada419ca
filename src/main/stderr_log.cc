#include "main/stderr_log.h"

#include <fmt/format.h>
#include <unistd.h>

namespace weir {

void StderrLog::write(LogLevel level, std::string_view message) {
  if (level < lowest_) return;
  static constexpr const char* kWords[] = {"debug", "info", "warning", "error"};
  const std::string line =
      fmt::format("{} {}: {}\n", to_iso8601(clock_.wall()), kWords[static_cast<int>(level)], message);
  // One write a line: lines of several threads and processes stay whole.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace weir
