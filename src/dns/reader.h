// Reader: goes over the bytes of a DNS message, never beyond its end. Short-lived; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dns/limits.h"

namespace weir::dns {

inline constexpr std::uint8_t kPointer = 0xC0;  // RFC 1035 4.1.4

class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}

  std::optional<std::uint16_t> number();
  std::optional<std::uint32_t> long_number();
  bool skip(std::size_t octets);
  std::optional<std::string_view> bytes(std::size_t octets);

  // The name of a question: the first in the message, so that there is nothing that a pointer could point to. Lower
  // case; a dot within a label becomes a slash, which no name of a table has.
  std::optional<std::string> name() { return read_name(false); }
  // A name of a record. Pointers lead backwards only, so that each name ends.
  std::optional<std::string> record_name() { return read_name(true); }
  // The name of a record that is not looked at, pointers unfollowed.
  bool skip_name();

  std::string_view since(std::size_t begin) const { return message_.substr(begin, at_ - begin); }

 private:
  std::optional<std::string> read_name(bool may_point);

  std::string_view message_;
  std::size_t at_ = 0;
};

}  // namespace weir::dns
