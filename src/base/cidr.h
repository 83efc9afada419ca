// Cidr: a range of IP addresses, "10.0.0.0/8" or "2001:db8::/32". A value; any thread.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class Cidr {
 public:
  // None where `text` is no address, slash and number of leading bits.
  static std::optional<Cidr> parse(std::string_view text);
  // The range of that one address. None where `text` is no IP literal; an IPv4 address mapped into IPv6 is the IPv4
  // one.
  static std::optional<Cidr> of_address(std::string_view text);

  // False where `address` is no IP literal or one of the other family. An IPv4 address mapped into IPv6 counts as IPv4.
  bool contains(std::string_view address) const;
  // Whether all of `range` is in it.
  bool contains(const Cidr& range) const;
  bool overlaps(const Cidr& range) const { return contains(range) || range.contains(*this); }
  bool is_ipv6() const { return ipv6_; }
  bool is_one_address() const { return bits_ == (ipv6_ ? 128U : 32U); }
  unsigned bits() const { return bits_; }  // of its prefix
  // Without the bits after its prefix: "10.0.0.0/16" of "10.0.3.1/16".
  std::string text() const;
  // The address `n` after its first, as a literal; of an IPv4 range.
  std::string address(unsigned n) const;

  friend auto operator<=>(const Cidr&, const Cidr&) = default;

 private:
  std::array<unsigned char, 16> bytes_{};
  unsigned bits_ = 0;
  bool ipv6_ = false;
};

// Many ranges, asked as one: the address is read once, and ranges of one address are found by bisection.
class CidrSet {
 public:
  void add(const Cidr& range);
  bool empty() const { return addresses_.empty() && ranges_.empty(); }
  // Whether one of them contains it.
  bool contains(std::string_view address) const;

 private:
  std::vector<Cidr> addresses_;  // ascending
  std::vector<Cidr> ranges_;     // of more than one address
};

// Whether `text` is an IPv4 or IPv6 literal.
bool is_ipv4_literal(std::string_view text);
bool is_ipv6_literal(std::string_view text);

// An IP literal in its shortest form: "::1" of "0:0::1". None where `text` is no literal.
std::optional<std::string> shortest_literal(std::string_view text);

}  // namespace weir
