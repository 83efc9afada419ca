#include "api/ecs/actions.h"

namespace weir::api::ecs {

void add_actions(ActionTable& table) {
  table.add("ecs", "CreateCluster", &create_cluster);
  table.add("ecs", "DescribeClusters", &describe_clusters);
  table.add("ecs", "ListClusters", &list_clusters);
  table.add("ecs", "DeleteCluster", &delete_cluster);
  table.add("ecs", "RegisterTaskDefinition", &register_task_definition);
  table.add("ecs", "DescribeTaskDefinition", &describe_task_definition);
  table.add("ecs", "DeregisterTaskDefinition", &deregister_task_definition);
  table.add("ecs", "ListTaskDefinitions", &list_task_definitions);
  table.add("ecs", "ListTaskDefinitionFamilies", &list_task_definition_families);
  table.add("ecs", "CreateService", &create_service);
  table.add("ecs", "UpdateService", &update_service);
  table.add("ecs", "DescribeServices", &describe_services);
  table.add("ecs", "ListServices", &list_services);
  table.add("ecs", "DeleteService", &delete_service);
  table.add("ecs", "CreateTaskSet", &create_task_set);
  table.add("ecs", "UpdateTaskSet", &update_task_set);
  table.add("ecs", "DescribeTaskSets", &describe_task_sets);
  table.add("ecs", "DeleteTaskSet", &delete_task_set);
  table.add("ecs", "UpdateServicePrimaryTaskSet", &update_service_primary_task_set);
  table.add("ecs", "ListTasks", &list_tasks);
  table.add("ecs", "DescribeTasks", &describe_tasks);
  table.add("ecs", "RunTask", &run_task);
  table.add("ecs", "StartTask", &start_task);
  table.add("ecs", "ListContainerInstances", &list_container_instances);
  table.add("ecs", "PutAttributes", &put_attributes);
  table.add("ecs", "ListAttributes", &list_attributes);
  table.add("ecs", "DeleteAttributes", &delete_attributes);
  table.add("ecs", "DescribeContainerInstances", &describe_container_instances);
  table.add("ecs", "StopTask", &stop_task);
  table.add("ecs", "ListServiceDeployments", &list_service_deployments);
  table.add("ecs", "DescribeServiceDeployments", &describe_service_deployments);
  table.add("ecs", "DescribeServiceRevisions", &describe_service_revisions);
  table.add("ecs", "StopServiceDeployment", &stop_service_deployment);
  table.add("ecs", "ContinueServiceDeployment", &continue_service_deployment);
  table.add("ecs", "TagResource", &tag_resource);
  table.add("ecs", "UntagResource", &untag_resource);
  table.add("ecs", "PutAccountSetting", &put_account_setting);
  table.add("ecs", "PutAccountSettingDefault", &put_account_setting_default);
  table.add("ecs", "ListAccountSettings", &list_account_settings);
  table.add("ecs", "DeleteAccountSetting", &delete_account_setting);
  table.add("ecs", "ListServicesByNamespace", &list_services_by_namespace);
  table.add("ecs", "UpdateCluster", &update_cluster);
  table.add("ecs", "UpdateClusterSettings", &update_cluster_settings);
  table.add("ecs", "PutClusterCapacityProviders", &put_cluster_capacity_providers);
  table.add("ecs", "DescribeCapacityProviders", &describe_capacity_providers);
  table.add("ecs", "DeleteTaskDefinitions", &delete_task_definitions);
  table.add("ecs", "ListTagsForResource", &list_tags_for_resource);
}

}  // namespace weir::api::ecs
