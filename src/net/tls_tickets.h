// TicketKeys: what a server's session tickets (RFC 5077, RFC 8446 section 4.6.1) are sealed with: the newest key seals,
// the older ones still open. All listeners and workers of a proxy share them, and so do proxies that follow each other.
// Secret: never logged, never on disk. A value; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::net {

class TicketKeys {
 public:
  struct Key {
    std::array<unsigned char, 16> name;    // tells the server which key a ticket is sealed with
    std::array<unsigned char, 32> cipher;  // AES-256-CBC
    std::array<unsigned char, 32> mac;     // HMAC-SHA256
    bool operator==(const Key&) const = default;
  };

  // One new key.
  static TicketKeys fresh();
  // A new key in front of those before, of which the oldest goes where there would be more than kTicketKeys.
  TicketKeys rotated() const;

  const Key& newest() const { return keys_.front(); }
  // Null: there is none of that name.
  const Key* find(const unsigned char* name) const;

  // For the one process that follows. Empty: the text is none of text().
  std::string text() const;
  static std::optional<TicketKeys> from_text(std::string_view text);

  ~TicketKeys();
  TicketKeys(const TicketKeys&) = default;
  TicketKeys(TicketKeys&&) = default;
  TicketKeys& operator=(const TicketKeys&) = default;
  bool operator==(const TicketKeys&) const = default;

 private:
  TicketKeys() = default;
  std::vector<Key> keys_;  // the newest first; never empty
};

}  // namespace weir::net
