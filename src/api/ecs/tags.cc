// The operations on tags: of clusters, services, task definitions and tasks.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"
#include "api/limits.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

using Tags = std::vector<shapes::Tag>;

// What is done with the tags of whatever an ARN names. `change` returns whether it changed them; null only looks.
using Change = std::function<Result<bool>(Tags&)>;

Tags tags_of(const model::Task& task) { return task.tags; }
void take_tags(model::Task& task, Tags tags) {
  task.tags = std::move(tags);
  ++task.version;
}
template <class D>
Tags tags_of(const D& document) {
  return document.tags.value_or(Tags{});
}
template <class D>
void take_tags(D& document, Tags tags) {
  document.tags = std::move(tags);
}

// Why it cannot be tagged any more; empty where it can.
std::string why_not(const model::Cluster& cluster) {
  return cluster.status == "ACTIVE" ? ""
                                    : "The specified cluster is inactive. Specify an active cluster and try again.";
}
std::string why_not(const model::Service& service) {
  return service.status == "INACTIVE" ? "The specified service is inactive. Specify an active service and try again."
                                      : "";
}
std::string why_not(const model::TaskDefinition& definition) {
  return definition.definition.status == "ACTIVE"
             ? ""
             : "The specified task definition is inactive. Specify an active task definition and try again.";
}
std::string why_not(const model::Task& task) {
  return task.last_status == "STOPPED" ? "The specified task is stopped. Specify a running task and try again." : "";
}

template <class D>
Result<Tags> visit_document(Context& context, const std::string& key, const char* noun, const Change& change) {
  auto found = TRY(store::load<D>(context.store, key));
  if (!found) return invalid_parameter(fmt::format("The specified {} was not found.", noun));
  Tags tags = tags_of(found->document);
  if (!change) return tags;
  if (const std::string why = why_not(found->document); !why.empty()) return invalid_parameter(why);
  if (!TRY(change(tags))) return tags;
  if (tags.size() > kMaxTags) return invalid_parameter(fmt::format("A resource has at most {} tags.", kMaxTags));
  take_tags(found->document, tags);
  TRY(commit(context, {store::put(*found)}));
  return tags;
}

// A task set is part of its service: "task-set/CLUSTER/SERVICE/ecs-svc/NUMBER".
Result<Tags> visit_task_set(Context& context, const std::string& arn, const std::string& key, const Change& change) {
  auto found = TRY(store::load<model::Service>(context.store, key));
  auto* set = static_cast<model::TaskSet*>(nullptr);
  if (found) {
    const auto at = std::ranges::find(found->document.task_sets, arn, &model::TaskSet::arn);
    if (at != found->document.task_sets.end()) set = &*at;
  }
  if (!set) return invalid_parameter("The specified task set was not found.");
  Tags tags = tags_of(*set);
  if (!change || !TRY(change(tags))) return tags;
  if (tags.size() > kMaxTags) return invalid_parameter(fmt::format("A resource has at most {} tags.", kMaxTags));
  take_tags(*set, tags);
  TRY(commit(context, {store::put(*found)}));
  return tags;
}

Result<Tags> visit(Context& context, const std::string& reference, const Change& change) {
  const auto arn = parse_arn(reference);
  if (!arn || arn->service != "ecs" || !arn->within(context)) {
    return invalid_parameter("Invalid identifier: " + reference);
  }
  const std::string kind = arn->part(0);
  const std::string within = scope_of(context).prefix();
  const std::string two = within + arn->part(1) + "/" + arn->part(2);
  if (kind == "cluster") return visit_document<model::Cluster>(context, within + arn->part(1), "cluster", change);
  if (kind == "service") return visit_document<model::Service>(context, two, "service", change);
  if (kind == "task") return visit_document<model::Task>(context, two, "task", change);
  if (kind == "task-set") return visit_task_set(context, reference, two, change);
  if (kind != "task-definition") return invalid_parameter("Invalid identifier: " + reference);
  const auto parsed = TRY(parse_definition(context, reference));
  if (!parsed.revision) return invalid_parameter("Invalid identifier: " + reference);
  return visit_document<model::TaskDefinition>(
      context, model::task_definition_key(scope_of(context), parsed.family, *parsed.revision), "task definition",
      change);
}

// Those of the same key are replaced.
Result<bool> add(Tags& tags, const Tags& given) {
  const Tags before = tags;
  for (const auto& tag : given) {
    const auto same = std::ranges::find(tags, tag.key, &shapes::Tag::key);
    if (same == tags.end()) {
      tags.push_back(tag);
    } else {
      same->value = tag.value;
    }
  }
  return !std::ranges::equal(before, tags,
                             [](const auto& a, const auto& b) { return a.key == b.key && a.value == b.value; });
}

Result<bool> remove(Tags& tags, const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    if (key.starts_with("aws:")) return invalid_parameter("A tag key cannot begin with 'aws:': " + key);
  }
  return std::erase_if(
             tags, [&](const auto& tag) { return std::ranges::find(keys, tag.key.value_or("")) != keys.end(); }) > 0;
}

}  // namespace

Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context& context,
                                                                   const shapes::ListTagsForResourceRequest& request) {
  return shapes::ListTagsForResourceResponse{TRY(visit(context, request.resourceArn, nullptr))};
}

Result<shapes::TagResourceResponse> tag_resource(Context& context, const shapes::TagResourceRequest& request) {
  return writing(kServerException, [&]() -> Result<shapes::TagResourceResponse> {
    TRY(check_tags(request.tags));
    TRY(visit(context, request.resourceArn, [&](Tags& tags) { return add(tags, request.tags); }));
    return shapes::TagResourceResponse{};
  });
}

Result<shapes::UntagResourceResponse> untag_resource(Context& context, const shapes::UntagResourceRequest& request) {
  return writing(kServerException, [&]() -> Result<shapes::UntagResourceResponse> {
    TRY(visit(context, request.resourceArn, [&](Tags& tags) { return remove(tags, request.tagKeys); }));
    return shapes::UntagResourceResponse{};
  });
}

}  // namespace weir::api::ecs
