// Base64 (RFC 4648 section 4). Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Whitespace is passed over. None where `text` is no base64.
std::optional<std::string> decode_base64(std::string_view text);

// With padding, without line breaks.
std::string encode_base64(std::string_view bytes);

}  // namespace weir
