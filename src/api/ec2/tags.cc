// Tags over all kinds. Control thread.
#include <fmt/format.h>

#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/verbs.h"

namespace weir::api::ec2 {
namespace {

// The kind whose ids begin as `id` does: the one with the longest prefix.
const Kind* kind_of_id(const Call& call, std::string_view id) {
  const Kind* best = nullptr;
  for (const auto& kind : call.service.kinds) {
    const std::string_view prefix = kind.prefix;
    if (prefix.empty() || !id.starts_with(prefix)) continue;
    if (!best || prefix.size() > std::string_view(best->prefix).size()) best = &kind;
  }
  return best;
}

Result<> on_each(Call& call, const std::function<Result<>(Json::Array& tags)>& change) {
  for (const auto& resource : call.input["ResourceId"].items()) {
    const std::string& id = resource.as_string();
    const Kind* kind = kind_of_id(call, id);
    if (!kind) return refusal("InvalidID", fmt::format("The ID '{}' is not valid", id));
    Json document = TRY(recorded::kept_one(call, *kind, id));
    auto tags = recorded::list_of(document, "tagSet");
    TRY(change(tags));
    document.set("tagSet", std::move(tags));
    call.shelf.put(kind->name, id, std::move(document));
  }
  return {};
}

}  // namespace

Result<Json> create_tags(Call& call) {
  TRY(on_each(call, [&](Json::Array& tags) { return recorded::merge_tags(call, tags, call.input["Tag"]); }));
  return recorded::answer_true(call);
}

// A tag without a value goes whatever its value is; without tags, all go.
Result<Json> delete_tags(Call& call) {
  TRY(on_each(call, [&](Json::Array& tags) -> Result<> {
    if (!call.given("Tag")) tags.clear();
    for (const auto& given : call.input["Tag"].items()) {
      std::erase_if(tags, [&](const Json& one) {
        return one["key"] == given["Key"] && (given["Value"].is_null() || one["value"] == given["Value"]);
      });
    }
    return {};
  }));
  return recorded::answer_true(call);
}

Result<std::vector<Json>> all_tags(Call& call) {
  std::vector<Json> all;
  for (const auto& kind : call.service.kinds) {
    if (!*kind.prefix) continue;
    for (const auto& document : TRY(call.shelf.all(kind.name))) {
      for (Json tag : document["tagSet"].items()) {
        const std::string& id = document[kind.id].as_string();
        tag.set("resourceId", id).set("resourceType", kind.name);
        tag.set("_id", fmt::format("{}/{}", id, tag["key"].as_string()));
        all.push_back(std::move(tag));
      }
    }
  }
  return all;
}

}  // namespace weir::api::ec2
