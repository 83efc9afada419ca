// The named limits of the façade.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::api {

// How often a write is tried anew after somebody else wrote one of its documents.
inline constexpr int kMaxConflictRetries = 8;
inline constexpr std::size_t kMaxRules = 2000;         // of a listener; AWS begins at 100 a balancer and raises it
inline constexpr std::int32_t kMaxPriority = 50'000;   // of a rule, as AWS has it
inline constexpr std::size_t kMaxConditionValues = 5;  // of a rule, as AWS has it
inline constexpr std::size_t kMaxGroupsOfForward = 5;  // as AWS has it
inline constexpr std::size_t kMaxBalancers = 1000;     // of a type, in an account and region
inline constexpr std::size_t kMaxTargetGroups = 3000;  // in an account and region, as AWS has it
inline constexpr std::size_t kMaxListeners = 50;       // of a balancer, as AWS has it
inline constexpr std::size_t kMaxCertificates = 2500;  // in an account and region, as AWS has it
inline constexpr std::size_t kMaxListenerCertificates = 25;   // besides the default one, as AWS has it
inline constexpr std::size_t kMaxTargets = 1000;              // of a target group by hand, as AWS has it
inline constexpr std::size_t kMaxTrustStores = 20;            // in an account and region, as AWS has it
inline constexpr std::size_t kMaxAuthorities = 25;            // of a trust store, as AWS has it
inline constexpr std::size_t kMaxAuthoritiesBytes = 1 << 20;  // of the file that holds them
inline constexpr std::size_t kMaxTags = 50;                   // a resource, as AWS has it
inline constexpr std::size_t kMaxAlarms = 5000;               // in an account and region, as AWS has it
inline constexpr std::size_t kMaxNamespaces = 500;            // in an account and region; AWS begins at 50
inline constexpr std::size_t kMaxDiscoveryServices = 5000;    // in an account and region
inline constexpr std::size_t kMaxInstances = 1000;            // of a service by calls, as AWS has it
inline constexpr std::size_t kMaxInstanceAttributes = 30;     // as AWS has it
inline constexpr std::size_t kMaxServiceAttributes = 30;      // as AWS has it
inline constexpr std::size_t kMaxDiscoveryOperations = 500;   // kept in an account and region; the oldest go

inline constexpr std::size_t kMaxMeshes = 100;             // in an account and region; AWS begins at 15
inline constexpr std::size_t kMaxVirtualNodes = 1000;      // of a mesh; AWS begins at 200
inline constexpr std::size_t kMaxVirtualRouters = 1000;    // of a mesh; AWS begins at 200
inline constexpr std::size_t kMaxVirtualServices = 1000;   // of a mesh; AWS begins at 200
inline constexpr std::size_t kMaxVirtualGateways = 50;     // of a mesh; AWS begins at 3
inline constexpr std::size_t kMaxMeshRoutes = 50;          // of a virtual router, as AWS has it
inline constexpr std::size_t kMaxRewrittenPath = 2048;     // bytes that a gateway route puts in the place of others
inline constexpr std::size_t kMaxGatewayRoutes = 50;       // of a virtual gateway; AWS begins at 10
inline constexpr std::size_t kMaxBackends = 50;            // of a virtual node, as AWS has it
inline constexpr std::int64_t kMaxRouteRetries = 10;       // of a request, as the proxy has it
inline constexpr std::size_t kMaxClientToken = 36;         // characters, as AWS has it
inline constexpr std::size_t kMaxTaskSets = 5;             // of a service, as AWS has it
inline constexpr std::size_t kMaxServiceDeployments = 50;  // kept of a service; the oldest go

}  // namespace weir::api
