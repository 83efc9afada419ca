// Log: one line an event to stderr, handed down as a parameter. Messages are formatted by the caller.
#pragma once

#include <string_view>

namespace weir {

enum class LogLevel { debug, info, warning, error };

class Log {
 public:
  virtual ~Log() = default;
  // Any thread; one call, one line, never torn.
  virtual void write(LogLevel level, std::string_view message) = 0;

  void debug(std::string_view message) { write(LogLevel::debug, message); }
  void info(std::string_view message) { write(LogLevel::info, message); }
  void warning(std::string_view message) { write(LogLevel::warning, message); }
  void error(std::string_view message) { write(LogLevel::error, message); }
};

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

}  // namespace weir
