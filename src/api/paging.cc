#include "api/paging.h"

#include <fmt/format.h>

#include "api/arn.h"

namespace weir::api {

namespace {

constexpr std::size_t kCheckDigits = 8;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string page_token(std::string_view position) {
  std::string token = stable_hex(position, kCheckDigits);
  for (const unsigned char c : position) token += fmt::format("{:02x}", c);
  return token;
}

std::optional<std::string> page_position(std::string_view token) {
  if (token.size() < kCheckDigits || token.size() % 2 != 0) return std::nullopt;
  std::string position;
  for (std::size_t i = kCheckDigits; i < token.size(); i += 2) {
    const int high = digit(token[i]);
    const int low = digit(token[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    position += static_cast<char>(high * 16 + low);
  }
  if (token != page_token(position)) return std::nullopt;
  return position;
}

std::string position_number(std::int64_t number) { return fmt::format("{:020}", number); }

}  // namespace weir::api
