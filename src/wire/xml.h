// Writing XML: text escaped so that any reader gets back what was written. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir::wire {

// Escapes & < > " and carriage return; what XML 1.0 cannot carry (control characters, bytes that are no UTF-8)
// becomes U+FFFD.
void xml_escape(std::string& out, std::string_view text);

// <name>text</name>
void xml_element(std::string& out, std::string_view name, std::string_view text);

// Opens an element and closes it at the end of its life.
class XmlScope {
 public:
  XmlScope(std::string& out, std::string_view name, std::string_view xml_namespace = {});
  ~XmlScope();
  XmlScope(const XmlScope&) = delete;
  XmlScope& operator=(const XmlScope&) = delete;

 private:
  std::string& out_;
  std::string name_;
};

}  // namespace weir::wire
