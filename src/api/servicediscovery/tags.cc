// The operations on the tags of namespaces and services.
#include "api/arn.h"
#include "api/limits.h"
#include "api/servicediscovery/actions.h"
#include "api/servicediscovery/errors.h"
#include "api/servicediscovery/references.h"
#include "api/writing.h"

namespace weir::api::servicediscovery {

namespace {

// What AWS says here is the code of neither namespaces nor services.
template <class D>
Result<D> resource(Result<D> found) {
  if (found || found.error().source != ErrorSource::client) return found;
  return fail_client("ResourceNotFoundException", "Resource not found");
}

// Changes the tags of what `arn` names with change(tags), which may fail.
template <class Change>
Result<> change_tags(Context& context, const std::string& arn, Change change) {
  return writing(kServerError, [&]() -> Result<> {
    const auto parsed = parse_arn(arn);
    if (!parsed) return invalid_input("The resource '" + arn + "' is not an ARN.");
    if (parsed->part(0) == "namespace") {
      auto found = TRY(resource(find_namespace(context, arn)));
      TRY(change(found.document.tags));
      return commit(context, {store::put(found)});
    }
    auto found = TRY(resource(find_service(context, arn)));
    TRY(change(found.document.tags));
    return commit(context, {store::put(found)});
  });
}

}  // namespace

Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context& context,
                                                                   const shapes::ListTagsForResourceRequest& request) {
  const auto parsed = parse_arn(request.ResourceARN);
  if (!parsed) return invalid_input("The resource '" + request.ResourceARN + "' is not an ARN.");
  const Tags tags = parsed->part(0) == "namespace"
                        ? TRY(resource(find_namespace(context, request.ResourceARN))).document.tags
                        : TRY(resource(find_service(context, request.ResourceARN))).document.tags;
  shapes::ListTagsForResourceResponse response{.Tags = std::vector<shapes::Tag>{}};
  for (const auto& [key, value] : tags) response.Tags->push_back({key, value});
  return response;
}

Result<shapes::TagResourceResponse> tag_resource(Context& context, const shapes::TagResourceRequest& request) {
  TRY(change_tags(context, request.ResourceARN, [&](Tags& tags) -> Result<> {
    for (const auto& tag : request.Tags) tags[tag.Key] = tag.Value;
    if (tags.size() <= kMaxTags) return {};
    context.error_texts = {{"ResourceName", request.ResourceARN}};
    return fail_client("TooManyTagsException", "The list of tags on the resource is over the limit of 50 tags.");
  }));
  return shapes::TagResourceResponse{};
}

Result<shapes::UntagResourceResponse> untag_resource(Context& context, const shapes::UntagResourceRequest& request) {
  TRY(change_tags(context, request.ResourceARN, [&](Tags& tags) -> Result<> {
    for (const auto& key : request.TagKeys) tags.erase(key);
    return {};
  }));
  return shapes::UntagResourceResponse{};
}

}  // namespace weir::api::servicediscovery
