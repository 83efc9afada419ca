// SHA-256, HMAC-SHA-256 and hexadecimal, over OpenSSL, whose headers stay in the .cc. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace weir::sign {

// 32 bytes.
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);
// Lower case.
std::string hex(std::string_view bytes);
// Takes as long for a near miss as for any other of the same length.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// SHA-256 of what comes piece by piece. One thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  // 32 bytes; once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::sign
