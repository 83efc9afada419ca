// ecs: clusters, task definitions, services and tasks. Each function is one operation as AWS documents it, over the
// store: it writes wishes and reads facts. Control thread.
#pragma once

#include <span>

#include "api/action.h"
#include "api/refused.h"
#include "model/ecs/shapes.h"

namespace weir::api::ecs {

namespace shapes = model::ecs;

Result<shapes::CreateClusterResponse> create_cluster(Context&, const shapes::CreateClusterRequest&);
Result<shapes::DescribeClustersResponse> describe_clusters(Context&, const shapes::DescribeClustersRequest&);
Result<shapes::ListClustersResponse> list_clusters(Context&, const shapes::ListClustersRequest&);
Result<shapes::DeleteClusterResponse> delete_cluster(Context&, const shapes::DeleteClusterRequest&);

Result<shapes::RegisterTaskDefinitionResponse> register_task_definition(Context&,
                                                                        const shapes::RegisterTaskDefinitionRequest&);
Result<shapes::DescribeTaskDefinitionResponse> describe_task_definition(Context&,
                                                                        const shapes::DescribeTaskDefinitionRequest&);
Result<shapes::DeregisterTaskDefinitionResponse> deregister_task_definition(
    Context&, const shapes::DeregisterTaskDefinitionRequest&);
Result<shapes::ListTaskDefinitionsResponse> list_task_definitions(Context&, const shapes::ListTaskDefinitionsRequest&);
Result<shapes::ListTaskDefinitionFamiliesResponse> list_task_definition_families(
    Context&, const shapes::ListTaskDefinitionFamiliesRequest&);

Result<shapes::CreateServiceResponse> create_service(Context&, const shapes::CreateServiceRequest&);
Result<shapes::UpdateServiceResponse> update_service(Context&, const shapes::UpdateServiceRequest&);
Result<shapes::DescribeServicesResponse> describe_services(Context&, const shapes::DescribeServicesRequest&);
Result<shapes::ListServicesResponse> list_services(Context&, const shapes::ListServicesRequest&);
Result<shapes::DeleteServiceResponse> delete_service(Context&, const shapes::DeleteServiceRequest&);

Result<shapes::ListTasksResponse> list_tasks(Context&, const shapes::ListTasksRequest&);
Result<shapes::DescribeTasksResponse> describe_tasks(Context&, const shapes::DescribeTasksRequest&);
Result<shapes::StopTaskResponse> stop_task(Context&, const shapes::StopTaskRequest&);

Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context&, const shapes::ListTagsForResourceRequest&);

void add_actions(ActionTable& table);

// What each operation refuses by name; an operation that is not here refuses nothing.
std::span<const RefusedOf> refused();

}  // namespace weir::api::ecs
