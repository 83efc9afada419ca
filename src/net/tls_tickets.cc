#include "net/tls_tickets.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/hex.h"
#include "net/limits.h"

namespace weir::net {
namespace {

constexpr std::size_t kSize = sizeof(TicketKeys::Key);
static_assert(kSize == 80, "a key is its three parts and nothing between");

TicketKeys::Key new_key() {
  TicketKeys::Key key;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&key), kSize) == 1, "OpenSSL has randomness");
  return key;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

TicketKeys TicketKeys::fresh() {
  TicketKeys keys;
  keys.keys_.push_back(new_key());
  return keys;
}

TicketKeys TicketKeys::rotated() const {
  TicketKeys keys;
  keys.keys_.reserve(kTicketKeys);
  keys.keys_.push_back(new_key());
  for (const Key& key : keys_) {
    if (keys.keys_.size() < kTicketKeys) keys.keys_.push_back(key);
  }
  return keys;
}

TicketKeys::~TicketKeys() { OPENSSL_cleanse(keys_.data(), keys_.size() * kSize); }

const TicketKeys::Key* TicketKeys::find(const unsigned char* name) const {
  const auto found = std::ranges::find_if(
      keys_, [name](const Key& key) { return std::memcmp(key.name.data(), name, key.name.size()) == 0; });
  return found == keys_.end() ? nullptr : &*found;
}

std::string TicketKeys::text() const {
  std::string text;
  const auto* bytes = reinterpret_cast<const unsigned char*>(keys_.data());
  for (std::size_t i = 0; i < keys_.size() * kSize; ++i) {
    text += kLowerHex[bytes[i] >> 4];
    text += kLowerHex[bytes[i] & 15];
  }
  return text;
}

std::optional<TicketKeys> TicketKeys::from_text(std::string_view text) {
  const std::size_t count = text.size() / (2 * kSize);
  if (count == 0 || count > kTicketKeys || text.size() % (2 * kSize) != 0) return std::nullopt;
  TicketKeys keys;
  keys.keys_.resize(count);
  auto* bytes = reinterpret_cast<unsigned char*>(keys.keys_.data());
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i / 2] = static_cast<unsigned char>(high << 4 | low);
  }
  return keys;
}

}  // namespace weir::net
