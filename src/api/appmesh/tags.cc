#include "api/appmesh/tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/appmesh/resources.h"

namespace weir::api::appmesh {

namespace {

constexpr std::int32_t kTagsPerPage = 50;

// Where the resource is that an ARN names. Errors: BadRequestException where it is no ARN of App Mesh's.
struct Named {
  model::MeshResource about;
  std::string kind;  // "virtualNode", as ARNs have it
};

Result<Named> named_by(const Context& context, const std::string& text) {
  const auto arn = parse_arn(text);
  if (!arn || arn->service != "appmesh" || arn->part(0) != "mesh" || arn->part(1).empty()) {
    return bad_member("resourceArn", fmt::format("'{}' is no ARN of a resource of App Mesh", text));
  }
  if (!arn->within(context)) return not_found(fmt::format("The resource {} is not present", text));
  Named named{{.scope = scope_of(context), .mesh = arn->part(1), .name = arn->part(1)}, "mesh"};
  for (std::size_t at = 2; !arn->part(at).empty(); at += 2) {
    if (at > 2) named.about.parent = named.about.name;
    named.kind = at > 2 ? named.kind + "/" + arn->part(at) : arn->part(at);
    named.about.name = arn->part(at + 1);
    if (at > 4) named.kind = "";
  }
  return named;
}

// Calls see(versioned document) of the resource.
template <class D, class See>
Result<> see_resource(Context& context, const model::MeshResource& about, const std::string& arn, See see) {
  auto found = TRY(store::load<D>(context.store, key_of<D>(about)));
  if (!found) return not_found(fmt::format("The resource {} is not present", arn));
  return see(*found);
}

template <class See>
Result<> see_named(Context& context, const std::string& arn, See see) {
  const auto named = TRY(named_by(context, arn));
  if (named.kind == "mesh") return see_resource<model::Mesh>(context, named.about, arn, see);
  if (named.kind == "virtualNode") return see_resource<model::VirtualNode>(context, named.about, arn, see);
  if (named.kind == "virtualRouter") return see_resource<model::VirtualRouter>(context, named.about, arn, see);
  if (named.kind == "virtualService") return see_resource<model::VirtualService>(context, named.about, arn, see);
  if (named.kind == "virtualGateway") return see_resource<model::VirtualGateway>(context, named.about, arn, see);
  if (named.kind == "virtualRouter/route") return see_resource<model::Route>(context, named.about, arn, see);
  if (named.kind == "virtualGateway/gatewayRoute") {
    return see_resource<model::GatewayRoute>(context, named.about, arn, see);
  }
  return bad_member("resourceArn", fmt::format("'{}' is no ARN of a resource of App Mesh", arn));
}

}  // namespace

Result<shapes::TagResourceOutput> tag_resource(Context& context, const shapes::TagResourceInput& request) {
  const auto wished = TRY(tags_of(request.tags));
  return writing(kServerError, [&]() -> Result<shapes::TagResourceOutput> {
    TRY(see_named(context, request.resourceArn, [&](auto& found) -> Result<> {
      auto& tags = found.document.about.tags;
      for (const auto& tag : wished) {
        const auto same = std::ranges::find(tags, tag.key, &shapes::TagRef::key);
        if (same != tags.end()) {
          same->value = tag.value;
        } else {
          tags.push_back(tag);
        }
      }
      if (tags.size() > kMaxTags) {
        return fail_client("TooManyTagsException", fmt::format("A resource may have {} tags", kMaxTags));
      }
      return commit(context, {store::put(found)});
    }));
    return shapes::TagResourceOutput{};
  });
}

Result<shapes::UntagResourceOutput> untag_resource(Context& context, const shapes::UntagResourceInput& request) {
  return writing(kServerError, [&]() -> Result<shapes::UntagResourceOutput> {
    TRY(see_named(context, request.resourceArn, [&](auto& found) -> Result<> {
      std::erase_if(found.document.about.tags, [&](const auto& tag) {
        return std::ranges::find(request.tagKeys, tag.key) != request.tagKeys.end();
      });
      return commit(context, {store::put(found)});
    }));
    return shapes::UntagResourceOutput{};
  });
}

Result<shapes::ListTagsForResourceOutput> list_tags_for_resource(Context& context,
                                                                 const shapes::ListTagsForResourceInput& request) {
  return writing(kServerError, [&]() -> Result<shapes::ListTagsForResourceOutput> {
    std::vector<Positioned<shapes::TagRef>> all;
    TRY(see_named(context, request.resourceArn, [&](auto& found) -> Result<> {
      for (const auto& tag : found.document.about.tags) all.push_back({tag.key, tag});
      return {};
    }));
    const auto size = static_cast<std::size_t>(request.limit.value_or(kTagsPerPage));
    auto page = page_of(std::move(all), request.nextToken.value_or(""), size);
    if (!page) return bad_member("nextToken", "it is none of this list");
    shapes::ListTagsForResourceOutput reply;
    reply.tags = std::move(page->items);
    reply.nextToken = std::move(page->next);
    return reply;
  });
}

}  // namespace weir::api::appmesh
