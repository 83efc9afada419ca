#include "base/secret_box.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>
#include <optional>

#include "base/base64.h"
#include "base/check.h"

namespace weir {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher new_cipher() { return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free}; }

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string random_bytes(std::size_t count) {
  std::string made(count, '\0');
  check(RAND_bytes(bytes(made), static_cast<int>(count)) == 1, "OpenSSL makes random bytes");
  return made;
}

}  // namespace

SecretBox::SecretBox(std::string key) : key_(std::move(key)) {
  check(key_.size() == kKeyBytes, "a secret box has a key of 256 bits");
}

std::string SecretBox::new_key() { return random_bytes(kKeyBytes); }

std::string SecretBox::seal(std::string_view text, std::string_view place) const {
  const std::string nonce = random_bytes(kNonceBytes);
  std::string sealed(text.size(), '\0'), tag(kTagBytes, '\0');
  const Cipher cipher = new_cipher();
  int size = 0;
  const bool done =
      cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(nonce)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes(place), static_cast<int>(place.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), bytes(sealed), &size, bytes(text), static_cast<int>(text.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), bytes(sealed) + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1;
  check(done, "OpenSSL seals a text");
  return encode_base64(nonce + sealed + tag);
}

Result<std::string> SecretBox::open(std::string_view sealed, std::string_view place) const {
  const auto broken = [] { return fail("Sealed", "a secret was not sealed with this key, or not for this place"); };
  const auto raw = decode_base64(sealed);
  if (!raw || raw->size() < kNonceBytes + kTagBytes) return broken();
  const std::string_view whole = *raw;
  const std::string_view body = whole.substr(kNonceBytes, whole.size() - kNonceBytes - kTagBytes);
  std::string tag(whole.substr(whole.size() - kTagBytes)), text(body.size(), '\0');
  const Cipher cipher = new_cipher();
  int size = 0;
  const bool done =
      cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(whole)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes(place), static_cast<int>(place.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes(text), &size, bytes(body), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes(text) + size, &size) == 1;
  if (!done) return broken();
  return text;
}

}  // namespace weir
