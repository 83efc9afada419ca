// Base64 (RFC 4648 section 4). Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Whitespace is passed over. None where `text` is no base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weir
