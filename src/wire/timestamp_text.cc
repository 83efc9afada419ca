#include "wire/timestamp_text.h"

#include <charconv>
#include <cmath>
#include <ctime>

namespace weir::wire {
namespace {

// Takes exactly `size` digits.
std::optional<int> take_number(std::string_view& text, std::size_t size) {
  if (text.size() < size) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, size)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(size);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// A fraction of a second in milliseconds; further digits are dropped.
std::optional<int> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  int millis = 0, digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) millis = millis * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  for (int i = digits; i < 3; ++i) millis *= 10;
  return digits == 0 ? std::nullopt : std::optional(millis);
}

// Minutes east of Greenwich.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return 0;
  const int sign = take(text, '+') ? 1 : take(text, '-') ? -1 : 0;
  if (sign == 0) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

std::optional<Timestamp> read_calendar(std::string_view text) {
  struct Part {
    std::size_t digits;
    char after;
    int low, high;
  };
  static constexpr Part kParts[] = {{4, '-', 1, 9999}, {2, '-', 1, 12}, {2, 'T', 1, 31},
                                    {2, ':', 0, 23},   {2, ':', 0, 59}, {2, '\0', 0, 60}};
  int values[6] = {};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto value = take_number(text, kParts[i].digits);
    if (!value || *value < kParts[i].low || *value > kParts[i].high) return std::nullopt;
    if (kParts[i].after != '\0' && !take(text, kParts[i].after)) return std::nullopt;
    values[i] = *value;
  }
  const auto fraction = take_fraction(text);
  const auto offset = fraction ? take_offset(text) : std::nullopt;
  if (!offset || !text.empty()) return std::nullopt;
  std::tm parts{};
  parts.tm_year = values[0] - 1900;
  parts.tm_mon = values[1] - 1;
  parts.tm_mday = values[2];
  parts.tm_hour = values[3];
  parts.tm_min = values[4] - *offset;
  parts.tm_sec = values[5];
  return Timestamp{static_cast<std::int64_t>(timegm(&parts)) * 1000 + *fraction};
}

}  // namespace

std::optional<Timestamp> read_timestamp(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (!std::isfinite(seconds) || std::abs(seconds) > 1e12) return std::nullopt;
    return Timestamp{std::llround(seconds * 1000.0)};
  }
  return read_calendar(text);
}

}  // namespace weir::wire
