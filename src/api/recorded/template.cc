#include "api/recorded/template.h"

#include <utility>

namespace weir::api::recorded {
namespace {

// The part before the first `mark`, and the part after it.
std::pair<std::string_view, std::string_view> split(std::string_view text, char mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

// What "NAME" or "NAME|otherwise" stands for.
Json value_of(std::string_view expression, const Names& names) {
  const auto [name, otherwise] = split(expression, '|');
  Json value = names(name);
  if (value.is_null() && expression.size() > name.size()) return Json(otherwise);
  return value;
}

Json fill_text(const std::string& text, const Names& names) {
  if (text.starts_with("${") && text.find('}') == text.size() - 1) {
    return value_of(std::string_view(text).substr(2, text.size() - 3), names);
  }
  std::string out;
  std::string_view rest = text;
  while (true) {
    const auto begin = rest.find("${");
    const auto end = begin == std::string_view::npos ? begin : rest.find('}', begin);
    if (end == std::string_view::npos) break;
    out += rest.substr(0, begin);
    out += value_of(rest.substr(begin + 2, end - begin - 2), names).as_string();
    rest.remove_prefix(end + 1);
  }
  return Json(out += rest);
}

}  // namespace

Json fill(const Json& pattern, const Names& names) {
  if (pattern.is_string()) return fill_text(pattern.as_string(), names);
  if (pattern.is_array()) {
    Json array = Json::array();
    for (const auto& item : pattern.items()) array.push(fill(item, names));
    return array;
  }
  if (!pattern.is_object()) return pattern;
  Json object = Json::object();
  for (const auto& [name, value] : pattern.members()) {
    if (Json filled = fill(value, names); !filled.is_null()) object.set(name, std::move(filled));
  }
  return object;
}

bool any_text(const Json& document, std::string_view path, const std::function<bool(const std::string&)>& see) {
  if (document.is_array()) {
    for (const auto& item : document.items()) {
      if (any_text(item, path, see)) return true;
    }
    return false;
  }
  if (path.empty()) return document.is_string() && see(document.as_string());
  const auto [name, rest] = split(path, '.');
  return any_text(document[name], rest, see);
}

const Json& at_path(const Json& document, std::string_view path) {
  const auto [name, rest] = split(path, '.');
  const Json& member = document[name];
  return rest.empty() ? member : at_path(member, rest);
}

}  // namespace weir::api::recorded
