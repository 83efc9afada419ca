// The files of MetricKeep: a metric's folder holds a file per day, "<day since 1970>.points", of lines
// "<minute> <aggregate>", to be added up. Functions over paths; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/aggregate.h"

namespace weir::observe {

inline constexpr std::int64_t kSecondsPerDay = 86'400;

using Minutes = std::map<std::int64_t, Aggregate>;  // by the minute's first second since 1970

// Adds a line; the folder is made when first needed. Errors: "Full", "Io".
Result<> append_minute(const std::string& folder, std::int64_t minute, const Aggregate& values);
// Adds to `minutes` what lies at or after `from` and before `to`; lines that cannot be read are passed over.
// Errors: "Io".
Result<> read_minutes(const std::string& folder, std::int64_t from, std::int64_t to, Minutes& minutes);
// Removes the days that are over before `before`; true where the folder went with the last.
bool remove_days(const std::string& folder, std::int64_t before);

// A whole small file, or nothing where there is none; and its replacement at once. Errors: "Full", "Io".
Result<std::string> read_small_file(const std::string& path);
Result<> replace_file(const std::string& path, std::string_view text);
Result<> append_line(const std::string& path, std::string_view line);

}  // namespace weir::observe
