#include "dns/reader.h"

#include "base/ascii.h"

namespace weir::dns {

namespace {

std::uint8_t octet(char c) { return static_cast<std::uint8_t>(c); }

// As names are compared; a dot within a label is not the end of one.
char in_name(char c) { return c == '.' ? '/' : lower_letter(c); }

}  // namespace

std::optional<std::uint16_t> Reader::number() {
  if (message_.size() - at_ < 2) return std::nullopt;
  const auto value = static_cast<std::uint16_t>(octet(message_[at_]) << 8 | octet(message_[at_ + 1]));
  at_ += 2;
  return value;
}

std::optional<std::uint32_t> Reader::long_number() {
  if (message_.size() - at_ < 4) return std::nullopt;
  const std::uint32_t high = *number();
  return high << 16 | *number();
}

bool Reader::skip(std::size_t octets) {
  if (message_.size() - at_ < octets) return false;
  at_ += octets;
  return true;
}

std::optional<std::string_view> Reader::bytes(std::size_t octets) {
  const std::size_t begin = at_;
  if (!skip(octets)) return std::nullopt;
  return since(begin);
}

std::optional<std::string> Reader::read_name(bool may_point) {
  std::string text;
  std::size_t octets = 0;           // on the wire, pointers followed
  std::size_t before = at_;         // a pointer has to lead to before this
  std::optional<std::size_t> back;  // where to go on after the first pointer
  while (at_ < message_.size()) {
    const std::size_t length = octet(message_[at_++]);
    if (may_point && (length & kPointer) == kPointer && at_ < message_.size()) {
      const std::size_t target = (length & 0x3F) << 8 | octet(message_[at_++]);
      if (target >= before) return std::nullopt;
      if (!back) back = at_;
      before = at_ = target;
      continue;
    }
    octets += length + 1;
    if (octets > kLongestName || length > kLongestLabel || message_.size() - at_ < length) return std::nullopt;
    if (length == 0) {
      if (back) at_ = *back;
      return text;
    }
    if (!text.empty()) text += '.';
    for (const char c : message_.substr(at_, length)) text += in_name(c);
    at_ += length;
  }
  return std::nullopt;
}

bool Reader::skip_name() {
  while (at_ < message_.size()) {
    const std::uint8_t length = octet(message_[at_]);
    if ((length & kPointer) == kPointer) return skip(2);
    if (length > kLongestLabel || !skip(std::size_t{1} + length)) return false;
    if (length == 0) return true;
  }
  return false;
}

}  // namespace weir::dns
