#include "route/rewrite.h"

#include <algorithm>
#include <string_view>

#include "route/limits.h"

namespace weir::route {
namespace {

// A part of a request's head: neither ends a line nor splits it.
std::string head_part(Members& m, std::string_view name, std::string_view not_in_it) {
  std::string text = m.text_or(name, "");
  const auto bad = [&](unsigned char c) {
    return c <= ' ' || c == 0x7f || not_in_it.find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (std::any_of(text.begin(), text.end(), bad)) m.fault(name, "has a character that does not belong there");
  if (text.size() > kMaxRewrite) m.fault(name, "is longer than " + std::to_string(kMaxRewrite) + " bytes");
  return text;
}

}  // namespace

Json to_json(const Rewrite& rewrite) {
  Json json = Json::object();
  if (!rewrite.path.empty()) json.set("path", rewrite.path);
  if (!rewrite.prefix.empty()) json.set("prefix", rewrite.prefix);
  if (!rewrite.host.empty()) json.set("host", rewrite.host);
  return json;
}

Rewrite read_rewrite(const Json& json, std::string path, Faults& faults) {
  Rewrite rewrite;
  Members m(json, std::move(path), faults);
  rewrite.path = head_part(m, "path", "?#");
  rewrite.prefix = m.text_or("prefix", "");  // nothing that is sent
  rewrite.host = head_part(m, "host", "/?#@");
  if (!rewrite.path.empty() && !rewrite.path.starts_with('/')) m.fault("path", "does not begin with a slash");
  if (rewrite.path.empty() && !rewrite.prefix.empty()) m.fault("prefix", "needs a path that comes in its place");
  m.finish();
  return rewrite;
}

}  // namespace weir::route
