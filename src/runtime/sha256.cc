#include "runtime/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/check.h"
#include "base/hex.h"
#include "net/fd.h"
#include "runtime/files.h"

namespace weir::runtime {
namespace {

class Hash {
 public:
  Hash() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "OpenSSL has SHA-256");
  }
  void add(const void* bytes, std::size_t count) { EVP_DigestUpdate(context_.get(), bytes, count); }
  std::string digest() {
    unsigned char bytes[32];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes, &size);
    std::string text = "sha256:";
    for (const unsigned char byte : bytes) {
      text += kLowerHex[byte >> 4];
      text += kLowerHex[byte & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

std::string digest_of(std::string_view bytes) {
  Hash hash;
  hash.add(bytes.data(), bytes.size());
  return hash.digest();
}

Result<std::string> digest_of_file(const std::string& path) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_file("cannot read " + path, errno);
  Hash hash;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_file("cannot read " + path, errno);
    if (count == 0) return hash.digest();
    hash.add(buffer, static_cast<std::size_t>(count));
  }
}

bool is_digest(std::string_view text) {
  return text.size() == 71 && text.starts_with("sha256:") &&
         hex_of(text).find_first_not_of(kLowerHex) == std::string_view::npos;
}

}  // namespace weir::runtime
