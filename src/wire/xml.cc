#include "wire/xml.h"

#include <cstdint>

#include "base/utf8.h"

namespace weir::wire {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the character at the start of `text`, which is not empty; 0 where there is none that XML 1.0 allows
// (section 2.2).
std::size_t allowed_character(std::string_view text) {
  const Character character = first_character(text);
  const std::uint32_t code = character.code;
  const bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
  return control || code == 0xFFFE || code == 0xFFFF ? 0 : character.size;
}

}  // namespace

void xml_escape(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = allowed_character(text);
    switch (text[0]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      default:
        out += size == 0 ? kReplacement : text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

void xml_element(std::string& out, std::string_view name, std::string_view text) {
  const XmlScope element(out, name);
  xml_escape(out, text);
}

XmlScope::XmlScope(std::string& out, std::string_view name, std::string_view xml_namespace) : out_(out), name_(name) {
  out_ += '<';
  out_ += name_;
  if (!xml_namespace.empty()) {
    out_ += " xmlns=\"";
    xml_escape(out_, xml_namespace);
    out_ += '"';
  }
  out_ += '>';
}

XmlScope::~XmlScope() {
  out_ += "</";
  out_ += name_;
  out_ += '>';
}

}  // namespace weir::wire
