#include "model/discovery_documents.h"

#include "base/describe.h"

namespace weir::model {

const Shape& describe(const DiscoveryNamespace*) {
  static const Shape kShape = structure<DiscoveryNamespace>(
      "DiscoveryNamespace", {
                                member<&DiscoveryNamespace::scope>("scope"),
                                member<&DiscoveryNamespace::id>("id"),
                                member<&DiscoveryNamespace::arn>("arn"),
                                member<&DiscoveryNamespace::name>("name"),
                                member<&DiscoveryNamespace::type>("type"),
                                member<&DiscoveryNamespace::description>("description"),
                                member<&DiscoveryNamespace::vpc>("vpc"),
                                member<&DiscoveryNamespace::hosted_zone>("hosted_zone"),
                                member<&DiscoveryNamespace::negative_ttl>("negative_ttl"),
                                member<&DiscoveryNamespace::creator_request>("creator_request"),
                                member<&DiscoveryNamespace::creator_operation>("creator_operation"),
                                member<&DiscoveryNamespace::created_at>("created_at"),
                                member<&DiscoveryNamespace::tags>("tags"),
                            });
  return kShape;
}

const Shape& describe(const DiscoveryService*) {
  static const Shape kShape =
      structure<DiscoveryService>("DiscoveryService", {
                                                          member<&DiscoveryService::scope>("scope"),
                                                          member<&DiscoveryService::id>("id"),
                                                          member<&DiscoveryService::arn>("arn"),
                                                          member<&DiscoveryService::name>("name"),
                                                          member<&DiscoveryService::name_space>("name_space"),
                                                          member<&DiscoveryService::type>("type"),
                                                          member<&DiscoveryService::description>("description"),
                                                          member<&DiscoveryService::records>("records"),
                                                          member<&DiscoveryService::routing_policy>("routing_policy"),
                                                          member<&DiscoveryService::custom_health>("custom_health"),
                                                          member<&DiscoveryService::creator_request>("creator_request"),
                                                          member<&DiscoveryService::created_at>("created_at"),
                                                          member<&DiscoveryService::tags>("tags"),
                                                          member<&DiscoveryService::attributes>("attributes"),
                                                      });
  return kShape;
}

const Shape& describe(const DiscoveryInstance*) {
  static const Shape kShape = structure<DiscoveryInstance>(
      "DiscoveryInstance", {
                               member<&DiscoveryInstance::scope>("scope"),
                               member<&DiscoveryInstance::service>("service"),
                               member<&DiscoveryInstance::id>("id"),
                               member<&DiscoveryInstance::attributes>("attributes"),
                               member<&DiscoveryInstance::health>("health"),
                               member<&DiscoveryInstance::task>("task"),
                               member<&DiscoveryInstance::creator_request>("creator_request"),
                               member<&DiscoveryInstance::creator_operation>("creator_operation"),
                               member<&DiscoveryInstance::created_at>("created_at"),
                           });
  return kShape;
}

const Shape& describe(const DiscoveryOperation*) {
  static const Shape kShape =
      structure<DiscoveryOperation>("DiscoveryOperation", {
                                                              member<&DiscoveryOperation::scope>("scope"),
                                                              member<&DiscoveryOperation::id>("id"),
                                                              member<&DiscoveryOperation::type>("type"),
                                                              member<&DiscoveryOperation::status>("status"),
                                                              member<&DiscoveryOperation::created_at>("created_at"),
                                                              member<&DiscoveryOperation::targets>("targets"),
                                                          });
  return kShape;
}

std::string DiscoveryNamespace::key() const { return scope.prefix() + id; }
std::string DiscoveryService::key() const { return scope.prefix() + id; }
std::string DiscoveryInstance::key() const { return instances_of_service(scope, service) + id; }
std::string DiscoveryOperation::key() const { return scope.prefix() + id; }

std::string instances_of_service(const Scope& scope, const std::string& service) {
  return scope.prefix() + service + "/";
}

}  // namespace weir::model
