// DiscoveryWrites: what the instances of Cloud Map that stand for tasks become, as writes of the same batch as the
// tasks' documents, so that neither is ever without the other. An instance that somebody took out by hand stays out,
// and one of a service that is gone is not made. One thread, short-lived.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/discovery_documents.h"
#include "store/store.h"

namespace weir::control {

// What the instance of a task tells of it, as ECS sets it; without those that depend on the service of Cloud Map.
std::map<std::string, std::string> instance_attributes(const model::Task& task, const model::TaskRegistry& registry);

class DiscoveryWrites {
 public:
  explicit DiscoveryWrites(store::Store& store, std::vector<store::Write>& writes) : store_(store), writes_(writes) {}

  // `task` becomes what `before` was not. Errors: the store's.
  Result<> follow(const model::Task& before, const model::Task& task, Timestamp now);

 private:
  Result<> enter(const model::Task& task, const model::TaskRegistry& registry, Timestamp now);
  Result<> tell_health(const model::Task& task, const model::TaskRegistry& registry);
  Result<> leave(const model::Task& task, const model::TaskRegistry& registry);

  store::Store& store_;
  std::vector<store::Write>& writes_;
  std::set<std::string> touched_;  // keys of the services written
};

}  // namespace weir::control
