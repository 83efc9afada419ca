// SHA-256 as the OCI formats write it: "sha256:" and 64 hexadecimal digits. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::runtime {

std::string digest_of(std::string_view bytes);
// Errors: as read_file.
Result<std::string> digest_of_file(const std::string& path);

bool is_digest(std::string_view text);
// The 64 digits of a digest.
inline std::string_view hex_of(std::string_view digest) { return digest.substr(7); }

}  // namespace weir::runtime
