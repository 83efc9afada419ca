// ecs: clusters, task definitions, services with their history, and tasks. Each function is one operation as AWS
// documents it, over the store: it writes wishes and reads facts. Control thread.
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

Result<shapes::CreateTaskSetResponse> create_task_set(Context&, const shapes::CreateTaskSetRequest&);
Result<shapes::UpdateTaskSetResponse> update_task_set(Context&, const shapes::UpdateTaskSetRequest&);
Result<shapes::DescribeTaskSetsResponse> describe_task_sets(Context&, const shapes::DescribeTaskSetsRequest&);
Result<shapes::DeleteTaskSetResponse> delete_task_set(Context&, const shapes::DeleteTaskSetRequest&);
Result<shapes::UpdateServicePrimaryTaskSetResponse> update_service_primary_task_set(
    Context&, const shapes::UpdateServicePrimaryTaskSetRequest&);

Result<shapes::ListTasksResponse> list_tasks(Context&, const shapes::ListTasksRequest&);
Result<shapes::DescribeTasksResponse> describe_tasks(Context&, const shapes::DescribeTasksRequest&);
Result<shapes::RunTaskResponse> run_task(Context&, const shapes::RunTaskRequest&);
Result<shapes::StartTaskResponse> start_task(Context&, const shapes::StartTaskRequest&);
Result<shapes::PutAttributesResponse> put_attributes(Context&, const shapes::PutAttributesRequest&);
Result<shapes::ListAttributesResponse> list_attributes(Context&, const shapes::ListAttributesRequest&);
Result<shapes::DeleteAttributesResponse> delete_attributes(Context&, const shapes::DeleteAttributesRequest&);
Result<shapes::ListContainerInstancesResponse> list_container_instances(Context&,
                                                                        const shapes::ListContainerInstancesRequest&);
Result<shapes::DescribeContainerInstancesResponse> describe_container_instances(
    Context&, const shapes::DescribeContainerInstancesRequest&);
Result<shapes::StopTaskResponse> stop_task(Context&, const shapes::StopTaskRequest&);

Result<shapes::ListServiceDeploymentsResponse> list_service_deployments(Context&,
                                                                        const shapes::ListServiceDeploymentsRequest&);
Result<shapes::DescribeServiceDeploymentsResponse> describe_service_deployments(
    Context&, const shapes::DescribeServiceDeploymentsRequest&);
Result<shapes::DescribeServiceRevisionsResponse> describe_service_revisions(
    Context&, const shapes::DescribeServiceRevisionsRequest&);
Result<shapes::StopServiceDeploymentResponse> stop_service_deployment(Context&,
                                                                      const shapes::StopServiceDeploymentRequest&);
Result<shapes::ContinueServiceDeploymentResponse> continue_service_deployment(
    Context&, const shapes::ContinueServiceDeploymentRequest&);
Result<shapes::TagResourceResponse> tag_resource(Context&, const shapes::TagResourceRequest&);
Result<shapes::UntagResourceResponse> untag_resource(Context&, const shapes::UntagResourceRequest&);
Result<shapes::PutAccountSettingResponse> put_account_setting(Context&, const shapes::PutAccountSettingRequest&);
Result<shapes::PutAccountSettingDefaultResponse> put_account_setting_default(
    Context&, const shapes::PutAccountSettingDefaultRequest&);
Result<shapes::ListAccountSettingsResponse> list_account_settings(Context&, const shapes::ListAccountSettingsRequest&);
Result<shapes::DeleteAccountSettingResponse> delete_account_setting(Context&,
                                                                    const shapes::DeleteAccountSettingRequest&);
Result<shapes::ListServicesByNamespaceResponse> list_services_by_namespace(
    Context&, const shapes::ListServicesByNamespaceRequest&);
Result<shapes::UpdateClusterResponse> update_cluster(Context&, const shapes::UpdateClusterRequest&);
Result<shapes::UpdateClusterSettingsResponse> update_cluster_settings(Context&,
                                                                      const shapes::UpdateClusterSettingsRequest&);
Result<shapes::PutClusterCapacityProvidersResponse> put_cluster_capacity_providers(
    Context&, const shapes::PutClusterCapacityProvidersRequest&);
Result<shapes::DescribeCapacityProvidersResponse> describe_capacity_providers(
    Context&, const shapes::DescribeCapacityProvidersRequest&);
Result<shapes::DeleteTaskDefinitionsResponse> delete_task_definitions(Context&,
                                                                      const shapes::DeleteTaskDefinitionsRequest&);
Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context&, const shapes::ListTagsForResourceRequest&);

void add_actions(ActionTable& table);

// What each operation refuses by name; an operation that is not here refuses nothing.
std::span<const RefusedOf> refused();

}  // namespace weir::api::ecs
