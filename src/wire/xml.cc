#include "wire/xml.h"

#include <cstdint>

namespace weir::wire {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the UTF-8 character at the start of `text`, which is not empty; 0 where there is none that XML 1.0
// allows (section 2.2).
std::size_t character(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  std::uint32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (at(i) & 0x3F);
  }
  static constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool allowed = code >= kLeast[size] && code <= 0x10FFFF && !surrogate && code != 0xFFFE && code != 0xFFFF;
  return allowed ? size : 0;
}

}  // namespace

void xml_escape(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character(text);
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
