// The operations on tags.
#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/references.h"

namespace weir::api::ecs {

namespace {

template <class D>
Result<std::vector<shapes::Tag>> tags_of(Context& context, const std::string& name, const char* missing) {
  const auto found = TRY(store::load<D>(context.store, scope_of(context).prefix() + name));
  if (!found) return invalid_parameter(missing);
  return found->document.tags.value_or(std::vector<shapes::Tag>{});
}

Result<std::vector<shapes::Tag>> tags_of_definition(Context& context, const std::string& reference) {
  const auto found = TRY(find_definition(context, reference));
  if (!found) return invalid_parameter("The specified task definition was not found.");
  return found->document.tags.value_or(std::vector<shapes::Tag>{});
}

Result<shapes::ListTagsForResourceResponse> tags_of_task(Context& context, const Arn& arn) {
  shapes::DescribeTasksRequest request{.cluster = arn.part(1), .tasks = {arn.part(2)}};
  request.include = {"TAGS"};
  const auto described = describe_tasks(context, request);
  if (!described) return std::unexpected(described.error());
  if (described->tasks->empty()) return invalid_parameter("The specified task was not found.");
  return shapes::ListTagsForResourceResponse{described->tasks->front().tags};
}

}  // namespace

Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context& context,
                                                                   const shapes::ListTagsForResourceRequest& request) {
  const auto arn = parse_arn(request.resourceArn);
  if (!arn || arn->service != "ecs" || !arn->within(context)) {
    return invalid_parameter("Invalid identifier: " + request.resourceArn);
  }
  const std::string kind = arn->part(0);
  if (kind == "cluster") {
    return shapes::ListTagsForResourceResponse{
        TRY(tags_of<model::Cluster>(context, arn->part(1), "The specified cluster was not found."))};
  }
  if (kind == "service") {
    return shapes::ListTagsForResourceResponse{TRY(
        tags_of<model::Service>(context, arn->part(1) + "/" + arn->part(2), "The specified service was not found."))};
  }
  if (kind == "task-definition") {
    return shapes::ListTagsForResourceResponse{TRY(tags_of_definition(context, request.resourceArn))};
  }
  if (kind == "task") return tags_of_task(context, *arn);
  return invalid_parameter("Invalid identifier: " + request.resourceArn);
}

}  // namespace weir::api::ecs
