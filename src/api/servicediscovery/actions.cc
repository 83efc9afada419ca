#include "api/servicediscovery/actions.h"

namespace weir::api::servicediscovery {

void add_actions(ActionTable& table) {
  constexpr const char* kName = "servicediscovery";
  table.add(kName, "CreateHttpNamespace", &create_http_namespace);
  table.add(kName, "CreatePrivateDnsNamespace", &create_private_dns_namespace);
  table.add(kName, "CreatePublicDnsNamespace", &create_public_dns_namespace);
  table.add(kName, "GetNamespace", &get_namespace);
  table.add(kName, "ListNamespaces", &list_namespaces);
  table.add(kName, "UpdateHttpNamespace", &update_http_namespace);
  table.add(kName, "UpdatePrivateDnsNamespace", &update_private_dns_namespace);
  table.add(kName, "UpdatePublicDnsNamespace", &update_public_dns_namespace);
  table.add(kName, "DeleteNamespace", &delete_namespace);
  table.add(kName, "CreateService", &create_service);
  table.add(kName, "GetService", &get_service);
  table.add(kName, "ListServices", &list_services);
  table.add(kName, "UpdateService", &update_service);
  table.add(kName, "DeleteService", &delete_service);
  table.add(kName, "GetServiceAttributes", &get_service_attributes);
  table.add(kName, "UpdateServiceAttributes", &update_service_attributes);
  table.add(kName, "DeleteServiceAttributes", &delete_service_attributes);
  table.add(kName, "RegisterInstance", &register_instance);
  table.add(kName, "DeregisterInstance", &deregister_instance);
  table.add(kName, "GetInstance", &get_instance);
  table.add(kName, "ListInstances", &list_instances);
  table.add(kName, "GetInstancesHealthStatus", &get_instances_health_status);
  table.add(kName, "UpdateInstanceCustomHealthStatus", &update_instance_custom_health_status);
  table.add(kName, "DiscoverInstances", &discover_instances);
  table.add(kName, "DiscoverInstancesRevision", &discover_instances_revision);
  table.add(kName, "GetOperation", &get_operation);
  table.add(kName, "ListOperations", &list_operations);
  table.add(kName, "ListTagsForResource", &list_tags_for_resource);
  table.add(kName, "TagResource", &tag_resource);
  table.add(kName, "UntagResource", &untag_resource);
}

}  // namespace weir::api::servicediscovery
