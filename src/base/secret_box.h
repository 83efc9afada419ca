// SecretBox: keeps texts that only the holder of a key can read and nobody can change unseen: AES-256-GCM. OpenSSL's
// headers stay in the .cc. Constant once made; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

class SecretBox {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  // `key`: kKeyBytes bytes that nobody can guess.
  explicit SecretBox(std::string key);
  // A key from OpenSSL's generator of secrets.
  static std::string new_key();

  // Base64. `place` is what the text belongs to: the sealed text opens for no other.
  std::string seal(std::string_view text, std::string_view place) const;
  // Errors: "Sealed" where it was not sealed with this key for this place.
  Result<std::string> open(std::string_view sealed, std::string_view place) const;

 private:
  std::string key_;
};

}  // namespace weir
