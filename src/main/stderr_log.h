// StderrLog: log lines on standard error, with the time of day.
#pragma once

#include "base/clock.h"
#include "base/log.h"

namespace weir {

class StderrLog final : public Log {
 public:
  explicit StderrLog(const Clock& clock, LogLevel lowest = LogLevel::info) : clock_(clock), lowest_(lowest) {}
  void write(LogLevel level, std::string_view message) override;

 private:
  const Clock& clock_;
  const LogLevel lowest_;
};

}  // namespace weir
