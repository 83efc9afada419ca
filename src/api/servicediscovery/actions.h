// servicediscovery: Cloud Map. Each function is one operation as AWS documents it. What AWS does in the background,
// here is done when the call returns: its operation is SUCCESS at once. Control thread.
#pragma once

#include "api/action.h"
#include "model/servicediscovery/shapes.h"

namespace weir::api::servicediscovery {

namespace shapes = model::servicediscovery;

Result<shapes::CreateHttpNamespaceResponse> create_http_namespace(Context&, const shapes::CreateHttpNamespaceRequest&);
Result<shapes::CreatePrivateDnsNamespaceResponse> create_private_dns_namespace(
    Context&, const shapes::CreatePrivateDnsNamespaceRequest&);
Result<shapes::CreatePublicDnsNamespaceResponse> create_public_dns_namespace(
    Context&, const shapes::CreatePublicDnsNamespaceRequest&);
Result<shapes::GetNamespaceResponse> get_namespace(Context&, const shapes::GetNamespaceRequest&);
Result<shapes::ListNamespacesResponse> list_namespaces(Context&, const shapes::ListNamespacesRequest&);
Result<shapes::UpdateHttpNamespaceResponse> update_http_namespace(Context&, const shapes::UpdateHttpNamespaceRequest&);
Result<shapes::UpdatePrivateDnsNamespaceResponse> update_private_dns_namespace(
    Context&, const shapes::UpdatePrivateDnsNamespaceRequest&);
Result<shapes::UpdatePublicDnsNamespaceResponse> update_public_dns_namespace(
    Context&, const shapes::UpdatePublicDnsNamespaceRequest&);
Result<shapes::DeleteNamespaceResponse> delete_namespace(Context&, const shapes::DeleteNamespaceRequest&);

Result<shapes::CreateServiceResponse> create_service(Context&, const shapes::CreateServiceRequest&);
Result<shapes::GetServiceResponse> get_service(Context&, const shapes::GetServiceRequest&);
Result<shapes::ListServicesResponse> list_services(Context&, const shapes::ListServicesRequest&);
Result<shapes::UpdateServiceResponse> update_service(Context&, const shapes::UpdateServiceRequest&);
Result<shapes::DeleteServiceResponse> delete_service(Context&, const shapes::DeleteServiceRequest&);
Result<shapes::GetServiceAttributesResponse> get_service_attributes(Context&,
                                                                    const shapes::GetServiceAttributesRequest&);
Result<shapes::UpdateServiceAttributesResponse> update_service_attributes(
    Context&, const shapes::UpdateServiceAttributesRequest&);
Result<shapes::DeleteServiceAttributesResponse> delete_service_attributes(
    Context&, const shapes::DeleteServiceAttributesRequest&);

Result<shapes::RegisterInstanceResponse> register_instance(Context&, const shapes::RegisterInstanceRequest&);
Result<shapes::DeregisterInstanceResponse> deregister_instance(Context&, const shapes::DeregisterInstanceRequest&);
Result<shapes::GetInstanceResponse> get_instance(Context&, const shapes::GetInstanceRequest&);
Result<shapes::ListInstancesResponse> list_instances(Context&, const shapes::ListInstancesRequest&);
Result<shapes::GetInstancesHealthStatusResponse> get_instances_health_status(
    Context&, const shapes::GetInstancesHealthStatusRequest&);
Result<shapes::UpdateInstanceCustomHealthStatusResponse> update_instance_custom_health_status(
    Context&, const shapes::UpdateInstanceCustomHealthStatusRequest&);

Result<shapes::DiscoverInstancesResponse> discover_instances(Context&, const shapes::DiscoverInstancesRequest&);
Result<shapes::DiscoverInstancesRevisionResponse> discover_instances_revision(
    Context&, const shapes::DiscoverInstancesRevisionRequest&);

Result<shapes::GetOperationResponse> get_operation(Context&, const shapes::GetOperationRequest&);
Result<shapes::ListOperationsResponse> list_operations(Context&, const shapes::ListOperationsRequest&);

Result<shapes::ListTagsForResourceResponse> list_tags_for_resource(Context&, const shapes::ListTagsForResourceRequest&);
Result<shapes::TagResourceResponse> tag_resource(Context&, const shapes::TagResourceRequest&);
Result<shapes::UntagResourceResponse> untag_resource(Context&, const shapes::UntagResourceRequest&);

void add_actions(ActionTable& table);

}  // namespace weir::api::servicediscovery
