// The documents of Cloud Map: namespaces, services in them, the instances registered with those, and the operations
// that its calls began. The façade writes them; control writes the instances that are tasks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/documents.h"
#include "model/servicediscovery/shapes.h"

namespace weir::model {

// Wish. Key: scope + id.
struct DiscoveryNamespace {
  static constexpr const char* kKind = "discovery-namespace";
  Scope scope;
  std::string id;  // "ns-" and 16 characters
  std::string arn;
  std::string name;  // unique in its scope, whatever the case of its letters
  std::string type;  // HTTP, DNS_PRIVATE, DNS_PUBLIC
  std::string description;
  std::string vpc;                 // as given; of a DNS_PRIVATE one
  std::string hosted_zone;         // its id; empty for HTTP
  std::int64_t negative_ttl = 15;  // SOA.TTL, seconds: how long it may be believed that a name is not there
  std::string creator_request;     // CreatorRequestId
  std::string creator_operation;   // id of the operation that made it
  Timestamp created_at;
  std::map<std::string, std::string> tags;
  std::string key() const;
};

// Wish. Key: scope + id.
struct DiscoveryService {
  static constexpr const char* kKind = "discovery-service";
  Scope scope;
  std::string id;  // "srv-" and 16 characters
  std::string arn;
  std::string name;
  std::string name_space;  // id
  std::string type;        // HTTP, DNS_HTTP
  std::string description;
  std::vector<servicediscovery::DnsRecord> records;  // empty for HTTP
  std::string routing_policy;                        // MULTIVALUE, WEIGHTED; empty for HTTP
  bool custom_health = false;                        // it has a HealthCheckCustomConfig
  std::string creator_request;
  Timestamp created_at;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> attributes;
  std::string key() const;
};

// Wish: of RegisterInstance, or of control for a task. Its service is written with each that goes, so that the newest
// revision of a service and its instances grows with every change of them. Key: scope + service + "/" + id.
struct DiscoveryInstance {
  static constexpr const char* kKind = "discovery-instance";
  Scope scope;
  std::string service;  // id
  std::string id;
  std::map<std::string, std::string> attributes;
  std::string health;             // HEALTHY, UNHEALTHY; empty where the service has no health check
  std::string task;               // key of the task that it stands for; empty for one registered by a call
  std::string creator_request;    // CreatorRequestId
  std::string creator_operation;  // id
  Timestamp created_at;
  std::string key() const;
};
// What the keys of a service's instances begin with.
std::string instances_of_service(const Scope& scope, const std::string& service);

// What a call began, and how it ended: at once. Key: scope + id, which grows with time.
struct DiscoveryOperation {
  static constexpr const char* kKind = "discovery-operation";
  Scope scope;
  std::string id;
  std::string type;    // CREATE_NAMESPACE, …
  std::string status;  // SUCCESS
  Timestamp created_at;
  std::map<std::string, std::string> targets;  // NAMESPACE, SERVICE, INSTANCE: id
  std::string key() const;
};

const Shape& describe(const DiscoveryNamespace*);
const Shape& describe(const DiscoveryService*);
const Shape& describe(const DiscoveryInstance*);
const Shape& describe(const DiscoveryOperation*);

}  // namespace weir::model
