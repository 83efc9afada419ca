#include "proxy/redirect.h"

#include <utility>

namespace weir::proxy {
namespace {

// Copies `pattern` with each "#{word}" replaced.
void expand(std::string& out, std::string_view pattern, const RedirectedRequest& request) {
  const std::string_view path = request.path.substr(request.path.starts_with('/') ? 1 : 0);
  const std::pair<std::string_view, std::string_view> words[] = {{"#{protocol}", request.protocol},
                                                                 {"#{host}", request.host},
                                                                 {"#{port}", request.port},
                                                                 {"#{path}", path},
                                                                 {"#{query}", request.query}};
  while (!pattern.empty()) {
    const auto mark = pattern.find("#{");
    out += pattern.substr(0, mark);
    if (mark == std::string_view::npos) return;
    pattern.remove_prefix(mark);
    std::size_t taken = 2;
    for (const auto& [word, value] : words) {
      if (!pattern.starts_with(word)) continue;
      out += value;
      taken = 0;
      pattern.remove_prefix(word.size());
      break;
    }
    out += pattern.substr(0, taken);
    pattern.remove_prefix(taken);
  }
}

}  // namespace

std::string location_of(const route::Redirect& redirect, const RedirectedRequest& request) {
  std::string location;
  expand(location, redirect.protocol, request);
  location += "://";
  expand(location, redirect.host, request);
  location += ':';
  expand(location, redirect.port, request);
  expand(location, redirect.path, request);
  std::string query;
  expand(query, redirect.query, request);
  if (!query.empty()) location.append("?").append(query);
  return location;
}

}  // namespace weir::proxy
