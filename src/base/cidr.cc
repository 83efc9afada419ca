#include "base/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/check.h"

namespace weir {
namespace {

constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Literal {
  std::array<unsigned char, 16> bytes{};
  bool ipv6 = false;
};

std::optional<Literal> parse_literal(std::string_view text) {
  const std::string terminated(text);
  Literal literal;
  if (inet_pton(AF_INET, terminated.c_str(), literal.bytes.data()) == 1) return literal;
  literal.ipv6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), literal.bytes.data()) == 1) return literal;
  return std::nullopt;
}

}  // namespace

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto literal = parse_literal(text.substr(0, slash));
  const std::string_view number = text.substr(slash + 1);
  Cidr cidr;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), cidr.bits_);
  if (!literal || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (cidr.bits_ > (literal->ipv6 ? 128U : 32U)) return std::nullopt;
  cidr.bytes_ = literal->bytes;
  cidr.ipv6_ = literal->ipv6;
  return cidr;
}

bool Cidr::contains(std::string_view address) const {
  auto literal = parse_literal(address);
  if (!literal) return false;
  if (literal->ipv6 && !ipv6_ && std::equal(kMapped.begin(), kMapped.end(), literal->bytes.begin())) {
    std::copy_n(literal->bytes.begin() + kMapped.size(), 4, literal->bytes.begin());
    literal->ipv6 = false;
  }
  if (literal->ipv6 != ipv6_) return false;
  const unsigned whole = bits_ / 8, rest = bits_ % 8;
  if (!std::equal(bytes_.begin(), bytes_.begin() + whole, literal->bytes.begin())) return false;
  return rest == 0 || (bytes_[whole] ^ literal->bytes[whole]) >> (8 - rest) == 0;
}

bool is_ipv4_literal(std::string_view text) {
  const auto literal = parse_literal(text);
  return literal && !literal->ipv6;
}

bool is_ipv6_literal(std::string_view text) {
  const auto literal = parse_literal(text);
  return literal && literal->ipv6;
}

std::optional<std::string> shortest_literal(std::string_view text) {
  const auto literal = parse_literal(text);
  if (!literal) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> written{};
  check(inet_ntop(literal->ipv6 ? AF_INET6 : AF_INET, literal->bytes.data(), written.data(), written.size()) != nullptr,
        "what was read as an address is written as one");
  return std::string(written.data());
}

}  // namespace weir
