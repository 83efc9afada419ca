#include "proxy/cookies.h"

#include <charconv>

#include "base/http_date.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kTokenDigits = 16;

// FNV-1a, 64 bits.
std::uint64_t rolled(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

// So that names which differ in their last letter differ everywhere.
std::uint64_t stirred(std::uint64_t hash) {
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

std::string begun(std::string_view name, std::uint64_t token) { return std::string(name) + "=" + token_text(token); }

}  // namespace

std::uint64_t token_of(std::string_view pool, std::string_view backend) {
  const std::uint64_t hash = rolled(rolled(14695981039346656037ULL, pool), std::string_view("\0", 1));
  return stirred(rolled(hash, backend));
}

std::string token_text(std::uint64_t token) {
  char digits[kTokenDigits];
  const auto [end, error] = std::to_chars(digits, digits + kTokenDigits, token, 16);
  const auto size = static_cast<std::size_t>(end - digits);
  return std::string(kTokenDigits - size, '0').append(digits, size);
}

std::optional<std::uint64_t> parse_token(std::string_view text) {
  std::uint64_t token = 0;
  if (text.size() != kTokenDigits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), token, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return token;
}

std::string_view next_piece(std::string_view& list, char separator) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  const std::size_t end = std::min(list.find(separator), list.size());
  std::string_view piece = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  while (!piece.empty() && blank(piece.front())) piece.remove_prefix(1);
  while (!piece.empty() && blank(piece.back())) piece.remove_suffix(1);
  return piece;
}

std::string sticky_cookie(std::string_view name, std::uint64_t token, milliseconds duration, Timestamp now) {
  std::string cookie = begun(name, token);
  if (duration > milliseconds(0)) {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(duration).count();
    cookie += "; Max-Age=" + std::to_string(whole) + "; Expires=" + to_http_date(now + duration);
  }
  return cookie + "; Path=/";
}

std::optional<std::string> following_cookie(std::string_view name, std::uint64_t token, std::string_view application,
                                            const http::HeaderBlock& response) {
  if (!response.has(http::HeaderId::set_cookie)) return std::nullopt;
  for (const http::HeaderField field : response) {
    if (field.id != http::HeaderId::set_cookie) continue;
    std::string_view rest = field.value;
    const std::string_view pair = next_piece(rest, ';');
    if (!pair.starts_with(application) || pair.substr(application.size(), 1) != "=") continue;
    std::string cookie = begun(name, token);
    while (!rest.empty()) {
      const std::string_view attribute = next_piece(rest, ';');
      const std::string_view key = attribute.substr(0, attribute.find('='));
      const bool lifetime = http::equals_ignoring_case(key, "max-age") || http::equals_ignoring_case(key, "expires");
      if (lifetime) cookie.append("; ").append(attribute);
    }
    return cookie + "; Path=/";
  }
  return std::nullopt;
}

}  // namespace weir::proxy
