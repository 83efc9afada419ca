#include "api/ecs/refusals.h"

#include "api/ecs/actions.h"

namespace weir::api::ecs {

namespace {

constexpr Refused kCreateCluster[] = {
    {"configuration"},
    {"capacityProviders", "FARGATE|FARGATE_SPOT"},
    {"defaultCapacityProviderStrategy.capacityProvider", "FARGATE|FARGATE_SPOT"},
    {"serviceConnectDefaults"},
};

constexpr Refused kRegisterTaskDefinition[] = {
    {"networkMode", "awsvpc|bridge|host"},
    {"volumes.dockerVolumeConfiguration"},
    {"volumes.efsVolumeConfiguration"},
    {"volumes.s3filesVolumeConfiguration"},
    {"volumes.fsxWindowsFileServerVolumeConfiguration"},
    {"volumes.configuredAtLaunch"},
    {"placementConstraints"},
    {"requiresCompatibilities", "EC2|FARGATE"},
    {"pidMode"},
    {"ipcMode"},
    {"proxyConfiguration.type", "APPMESH"},
    {"inferenceAccelerators"},
    {"runtimePlatform.operatingSystemFamily", "LINUX"},
    {"enableFaultInjection"},
    {"containerDefinitions.repositoryCredentials"},
    {"containerDefinitions.links"},
    {"containerDefinitions.portMappings.protocol", "tcp"},
    {"containerDefinitions.portMappings.containerPortRange"},
    {"containerDefinitions.linuxParameters"},
    {"containerDefinitions.versionConsistency", "disabled"},
    {"containerDefinitions.hostname"},
    {"containerDefinitions.disableNetworking"},
    {"containerDefinitions.privileged"},
    {"containerDefinitions.readonlyRootFilesystem"},
    {"containerDefinitions.dnsServers"},
    {"containerDefinitions.dnsSearchDomains"},
    {"containerDefinitions.extraHosts"},
    {"containerDefinitions.dockerSecurityOptions"},
    {"containerDefinitions.interactive"},
    {"containerDefinitions.pseudoTerminal"},
    {"containerDefinitions.logConfiguration.logDriver", "awslogs|json-file"},
    {"containerDefinitions.logConfiguration.secretOptions"},
    {"containerDefinitions.systemControls"},
    {"containerDefinitions.resourceRequirements"},
    {"containerDefinitions.firelensConfiguration"},
    {"containerDefinitions.credentialSpecs"},
};

constexpr Refused kCreateService[] = {
    {"loadBalancers.loadBalancerName"},
    {"launchType", "EC2|FARGATE"},
    {"capacityProviderStrategy.capacityProvider", "FARGATE|FARGATE_SPOT"},
    {"serviceConnectConfiguration"},
    {"volumeConfigurations"},
    {"vpcLatticeConfigurations"},
};

constexpr Refused kCreateTaskSet[] = {
    {"loadBalancers.loadBalancerName"},
    {"loadBalancers.advancedConfiguration"},
    {"launchType", "EC2|FARGATE"},
    {"capacityProviderStrategy.capacityProvider", "FARGATE|FARGATE_SPOT"},
};

constexpr Refused kUpdateService[] = {
    {"loadBalancers.loadBalancerName"}, {"capacityProviderStrategy.capacityProvider", "FARGATE|FARGATE_SPOT"},
    {"serviceConnectConfiguration"},    {"volumeConfigurations"},
    {"vpcLatticeConfigurations"},
};

constexpr Refused kListTasks[] = {
    {"daemonName"},
};

constexpr Refused kRunTask[] = {
    {"launchType", "EC2|FARGATE"},
    {"capacityProviderStrategy.capacityProvider", "FARGATE|FARGATE_SPOT"},
    {"overrides.containerOverrides.resourceRequirements"},
    {"overrides.inferenceAcceleratorOverrides"},
    {"volumeConfigurations"},
};

constexpr Refused kStartTask[] = {
    {"overrides.containerOverrides.resourceRequirements"},
    {"overrides.inferenceAcceleratorOverrides"},
    {"volumeConfigurations"},
};

constexpr Refused kListContainerInstances[] = {
    {"filter"},
};

constexpr Refused kDescribeContainerInstances[] = {
    {"include", "TAGS"},
};

constexpr Refused kUpdateCluster[] = {
    {"configuration"},
    {"serviceConnectDefaults"},
};

constexpr Refused kPutClusterCapacityProviders[] = {
    {"capacityProviders", "FARGATE|FARGATE_SPOT"},
    {"defaultCapacityProviderStrategy.capacityProvider", "FARGATE|FARGATE_SPOT"},
};

constexpr RefusedOf kAll[] = {
    {"CreateCluster", kCreateCluster},
    {"RegisterTaskDefinition", kRegisterTaskDefinition},
    {"CreateService", kCreateService},
    {"UpdateService", kUpdateService},
    {"CreateTaskSet", kCreateTaskSet},
    {"ListTasks", kListTasks},
    {"RunTask", kRunTask},
    {"StartTask", kStartTask},
    {"ListContainerInstances", kListContainerInstances},
    {"DescribeContainerInstances", kDescribeContainerInstances},
    {"UpdateCluster", kUpdateCluster},
    {"PutClusterCapacityProviders", kPutClusterCapacityProviders},
};

}  // namespace

std::span<const Refused> refused_of_create_cluster() { return kCreateCluster; }
std::span<const Refused> refused_of_register_task_definition() { return kRegisterTaskDefinition; }
std::span<const Refused> refused_of_create_service() { return kCreateService; }
std::span<const Refused> refused_of_update_service() { return kUpdateService; }
std::span<const Refused> refused_of_create_task_set() { return kCreateTaskSet; }
std::span<const Refused> refused_of_list_tasks() { return kListTasks; }

std::span<const Refused> refused_of_run_task() { return kRunTask; }
std::span<const Refused> refused_of_start_task() { return kStartTask; }
std::span<const Refused> refused_of_list_container_instances() { return kListContainerInstances; }
std::span<const Refused> refused_of_describe_container_instances() { return kDescribeContainerInstances; }

std::span<const Refused> refused_of_update_cluster() { return kUpdateCluster; }
std::span<const Refused> refused_of_put_cluster_capacity_providers() { return kPutClusterCapacityProviders; }

std::span<const RefusedOf> refused() { return kAll; }

}  // namespace weir::api::ecs
