// What is told of container instances. Nothing can be done to one: a machine's place is not for the API to change.
#include "api/ecs/container_instances.h"

#include <fmt/format.h>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/ecs/refusals.h"
#include "base/stable_hex.h"

namespace weir::api::ecs {

namespace {

constexpr unsigned kIdDigits = 32;
constexpr std::size_t kInstancesPerPage = 100;
constexpr std::size_t kMaxInstancesDescribed = 100;

std::string instance_id(const Context& context, std::string_view cluster) {
  return stable_hex(cluster_arn(context, cluster) + "#machine", kIdDigits);
}

// Its tasks are those of launch type EC2: AWS has those of Fargate on machines of its own.
Result<shapes::ContainerInstance> instance_view(Context& context, const model::Cluster& cluster) {
  shapes::ContainerInstance view{
      .containerInstanceArn = container_instance_arn(context, cluster.name),
      .version = 1,
      .status = "ACTIVE",
      .agentConnected = true,
      .runningTasksCount = 0,
      .pendingTasksCount = 0,
      .attributes = attributes_of(cluster),
      .registeredAt = cluster.created_at,
      .attachments = std::vector<shapes::Attachment>{},
      .tags = std::vector<shapes::Tag>{},
  };
  for (const auto& task : TRY(all_of<model::Task>(context, cluster.name))) {
    if (task->launch_type != "EC2" || task->last_status == "STOPPED") continue;
    const bool pending = task->last_status == "PROVISIONING" || task->last_status == "PENDING";
    ++*(pending ? view.pendingTasksCount : view.runningTasksCount);
  }
  return view;
}

}  // namespace

std::string container_instance_arn(const Context& context, std::string_view cluster) {
  return make_arn(context, "ecs", fmt::format("container-instance/{}/{}", cluster, instance_id(context, cluster)));
}

std::vector<shapes::Attribute> attributes_of(const model::Cluster& cluster) {
  std::vector<shapes::Attribute> all{{.name = "ecs.cpu-architecture", .value = "x86_64"},
                                     {.name = "ecs.os-type", .value = "linux"}};
  all.insert(all.end(), cluster.instance_attributes.begin(), cluster.instance_attributes.end());
  return all;
}

bool is_container_instance(const Context& context, std::string_view cluster, std::string_view reference) {
  return name_in_cluster(context, "container-instance", cluster, reference) == instance_id(context, cluster);
}

Result<shapes::ListContainerInstancesResponse> list_container_instances(
    Context& context, const shapes::ListContainerInstancesRequest& request) {
  TRY(refuse(request, refused_of_list_container_instances(), kUnsupported));
  const auto cluster = TRY(find_cluster(context, request.cluster)).document.name;
  std::vector<Positioned<std::string>> all;
  if (request.status.value_or("ACTIVE") == "ACTIVE") all.push_back({"0", container_instance_arn(context, cluster)});
  auto page = TRY(arn_page(std::move(all), request.nextToken, request.maxResults, kInstancesPerPage));
  return shapes::ListContainerInstancesResponse{std::move(page.arns), std::move(page.next)};
}

Result<shapes::DescribeContainerInstancesResponse> describe_container_instances(
    Context& context, const shapes::DescribeContainerInstancesRequest& request) {
  TRY(refuse(request, refused_of_describe_container_instances(), kUnsupported));
  const auto cluster = TRY(find_cluster(context, request.cluster)).document;
  if (request.containerInstances.empty()) return invalid_parameter("Container instances cannot be empty.");
  if (request.containerInstances.size() > kMaxInstancesDescribed) {
    return invalid_parameter(
        fmt::format("Container instances cannot have more than {} elements.", kMaxInstancesDescribed));
  }
  shapes::DescribeContainerInstancesResponse response{std::vector<shapes::ContainerInstance>{},
                                                      std::vector<shapes::Failure>{}};
  for (const auto& reference : request.containerInstances) {
    if (is_container_instance(context, cluster.name, reference)) {
      response.containerInstances->push_back(TRY(instance_view(context, cluster)));
    } else {
      response.failures->push_back(missing_instance(context, cluster.name, reference));
    }
  }
  return response;
}

shapes::Failure missing_instance(const Context& context, std::string_view cluster, const std::string& reference) {
  const std::string arn = reference.starts_with("arn:")
                              ? reference
                              : make_arn(context, "ecs", fmt::format("container-instance/{}/{}", cluster, reference));
  return {.arn = arn, .reason = "MISSING"};
}

}  // namespace weir::api::ecs
