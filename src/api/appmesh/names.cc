#include "api/appmesh/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/appmesh/errors.h"
#include "api/limits.h"
#include "base/ascii.h"
#include "store/store.h"

namespace weir::api::appmesh {

namespace {

// "under mesh shop for account 000000000000"
std::string where(const model::MeshResource& about) {
  const std::string parent = about.parent.empty() ? "" : fmt::format(" of {}", about.parent);
  return fmt::format("{} under mesh {} for account {}", parent, about.mesh, about.scope.account);
}

}  // namespace

Result<> check_name(std::string_view word, std::string_view name) {
  if (!name.empty() && consists_of(name, "-_.")) return {};
  return bad_request(
      fmt::format("{} name '{}': only letters, digits, hyphens, underscores and dots are allowed", word, name));
}

Result<> check_token(const std::optional<std::string>& token) {
  if (!token || (token->size() <= kMaxClientToken && consists_of(*token, "-_"))) return {};
  return bad_member("clientToken", "up to 36 letters, digits, hyphens and underscores are allowed");
}

Result<Tags> tags_of(const std::optional<Tags>& given) {
  if (!given) return Tags{};
  std::set<std::string_view> keys;
  for (const auto& tag : *given) {
    if (tag.key.starts_with("aws:")) return bad_member("tags", "keys that begin with aws: are AWS's own");
    if (!keys.insert(tag.key).second) return bad_member("tags", fmt::format("the key {} is there twice", tag.key));
  }
  return *given;
}

std::unexpected<Error> absent_mesh(std::string_view name, std::string_view account) {
  return not_found(fmt::format("Mesh with name {} is not present for account {}", name, account));
}

std::unexpected<Error> absent(std::string_view word, const model::MeshResource& about) {
  return not_found(fmt::format("{} with name {} is not present{}", word, about.name, where(about)));
}

std::unexpected<Error> taken(std::string_view word, const model::MeshResource& about) {
  return conflict(fmt::format("{} with name {} already exists{}", word, about.name, where(about)));
}

std::unexpected<Error> too_many(std::string_view word, std::size_t most) {
  return limit_exceeded(fmt::format("There may be no more than {} of the kind {}", most, word));
}

std::string arn_part(std::string_view kind, std::string_view name) { return fmt::format("/{}/{}", kind, name); }

Result<> find_mesh(Context& context, const model::MeshResource& about) {
  if (TRY(store::peek<model::Mesh>(context.store, model::mesh_key(about.scope, about.mesh)))) return {};
  return absent_mesh(about.mesh, about.scope.account);
}

}  // namespace weir::api::appmesh
