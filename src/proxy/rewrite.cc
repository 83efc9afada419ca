#include "proxy/rewrite.h"

namespace weir::proxy {

std::string rewritten_target(const route::Rewrite& rewrite, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with(rewrite.prefix)) return std::string(target);
  std::string_view rest = target.substr(rewrite.prefix.empty() ? path.size() : rewrite.prefix.size());
  if (rewrite.path.ends_with('/') && rest.starts_with('/')) rest.remove_prefix(1);
  return std::string(rewrite.path).append(rest);
}

void apply(const route::Rewrite& rewrite, http::RequestHead& request) {
  if (!rewrite.path.empty()) request.set_target(rewritten_target(rewrite, request.target()));
  if (!rewrite.host.empty()) request.set_authority(rewrite.host);
}

}  // namespace weir::proxy
