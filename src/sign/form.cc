#include "sign/form.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "sign/limits.h"

namespace weir::sign {
namespace {

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encode(std::string_view text, char keep) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c) || (c == keep && keep != '\0')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kUpperHex[byte >> 4];
      out += kUpperHex[byte & 15];
    }
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::is_space) {
      out += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail("Form", "a % that no two digits follow", ErrorSource::client);
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<Form> parse_form(std::string_view text, Plus plus) {
  Form form;
  const auto decode = [&](std::string_view piece) -> Result<std::string> {
    std::string decoded = TRY(percent_decode(piece, plus));
    if (!is_utf8(decoded)) return fail("Form", "a text that is not UTF-8", ErrorSource::client);
    return decoded;
  };
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (piece.empty()) continue;
    if (form.size() == kMaxFormFields) return fail("Form", "too many fields", ErrorSource::client);
    const std::size_t equals = piece.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1);
    form.emplace_back(TRY(decode(piece.substr(0, equals))), TRY(decode(value)));
  }
  return form;
}

const std::string* find_field(const Form& form, std::string_view name) {
  for (const auto& [field, value] : form) {
    if (field == name) return &value;
  }
  return nullptr;
}

}  // namespace weir::sign
