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

// Whether the first `bits` are the same.
template <class Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned bits) {
  const unsigned whole = bits / 8, rest = bits % 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

std::string written(const std::array<unsigned char, 16>& bytes, bool ipv6) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  check(inet_ntop(ipv6 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size()) != nullptr,
        "what was read as an address is written as one");
  return text.data();
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

std::optional<Cidr> Cidr::of_address(std::string_view text) {
  auto literal = parse_literal(text);
  if (!literal) return std::nullopt;
  Cidr one;
  one.ipv6_ = literal->ipv6 && !std::equal(kMapped.begin(), kMapped.end(), literal->bytes.begin());
  one.bits_ = one.ipv6_ ? 128 : 32;
  const bool mapped = literal->ipv6 && !one.ipv6_;
  std::copy_n(literal->bytes.begin() + (mapped ? kMapped.size() : 0), one.bits_ / 8, one.bytes_.begin());
  return one;
}

bool Cidr::contains(std::string_view address) const {
  const auto one = of_address(address);
  return one && contains(*one);
}

bool Cidr::contains(const Cidr& range) const {
  return range.ipv6_ == ipv6_ && range.bits_ >= bits_ && same_prefix(bytes_, range.bytes_, bits_);
}

void CidrSet::add(const Cidr& range) {
  if (range.is_one_address()) {
    addresses_.insert(std::ranges::upper_bound(addresses_, range), range);
  } else {
    ranges_.push_back(range);
  }
}

bool CidrSet::contains(std::string_view address) const {
  const auto one = Cidr::of_address(address);
  if (!one) return false;
  return std::ranges::binary_search(addresses_, *one) ||
         std::ranges::any_of(ranges_, [&](const Cidr& range) { return range.contains(*one); });
}

std::string Cidr::text() const {
  auto bytes = bytes_;
  for (unsigned bit = bits_; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  return written(bytes, ipv6_) + "/" + std::to_string(bits_);
}

std::string Cidr::address(unsigned n) const {
  auto bytes = parse_literal(text().substr(0, text().find('/')))->bytes;
  for (int i = 3; i >= 0; --i, n >>= 8) {
    n += bytes[static_cast<std::size_t>(i)];
    bytes[static_cast<std::size_t>(i)] = static_cast<unsigned char>(n);
  }
  return written(bytes, false);
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
  return written(literal->bytes, literal->ipv6);
}

}  // namespace weir
