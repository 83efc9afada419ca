// Mirror: the store's documents that control works with, decoded, as of one revision, with the indexes it asks by. It
// follows the change feed, so that a change costs no more than what it touches. One thread; owned by Control.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "control/mesh_documents.h"
#include "model/alarm_documents.h"
#include "model/certificate_documents.h"
#include "model/documents.h"
#include "store/store.h"

namespace weir::control {

template <class D>
using Documents = std::map<std::string, store::Versioned<D>>;  // by key

// The unit that is reconciled and committed as one: a service with its tasks, one task that has none, or the targets
// that were registered by hand with a target group.
struct Group {
  enum class Kind { task, service, targets };
  Kind kind = Kind::service;
  std::string key;  // of the Task, of the Service; the target group's ARN
  auto operator<=>(const Group&) const = default;
};

Group group_of(const model::Task& task);

class Mirror {
 public:
  Mirror(store::Store& store, Log& log) : store_(store), log_(log), mesh_(store, log) {}

  // Catches up with the store. Errors: the store's; the mirror is then in part ahead of revision(), and the next call
  // goes on from there.
  Result<> follow();
  // The revision it is the image of; -1 before the first follow().
  std::int64_t revision() const { return revision_; }

  const Documents<model::Service>& services() const { return services_; }
  const Documents<model::ServiceState>& states() const { return states_; }
  const Documents<model::Task>& tasks() const { return tasks_; }
  const Documents<model::LoadBalancer>& balancers() const { return balancers_; }
  const Documents<model::TargetGroup>& target_groups() const { return groups_; }
  const Documents<model::Target>& targets() const { return targets_; }
  const Documents<model::TargetState>& target_states() const { return target_states_; }
  const Documents<model::Listener>& listeners() const { return listeners_; }
  const Documents<model::Rule>& rules() const { return rules_; }
  const Documents<model::Certificate>& certificates() const { return certificates_; }
  const Documents<model::TrustStore>& trust_stores() const { return trust_stores_; }
  const Documents<model::ListenerState>& listener_states() const { return listener_states_; }
  const Documents<model::MetricAlarm>& alarms() const { return alarms_; }
  const Documents<model::AlarmState>& alarm_states() const { return alarm_states_; }

  MeshMirror& mesh() { return mesh_; }
  const MeshMirror& mesh() const { return mesh_; }

  // Keys of the tasks of a service.
  const std::set<std::string>& tasks_of(const std::string& service_key) const;
  // Keys of the targets that were registered by hand with a target group, those that still drain too.
  const std::set<std::string>& targets_of(const std::string& target_group) const;
  // Null where there is none.
  const model::TargetGroup* target_group(const std::string& arn) const;
  const store::Versioned<model::Task>* task_by_id(std::string_view id) const;

  // What has changed since it was last taken.
  std::set<Group> take_dirty() { return std::exchange(dirty_, {}); }
  // Whether balancers, listeners, rules, target groups or targets have.
  void note_routes() { routes_dirty_ = true; }
  bool take_routes_dirty() { return std::exchange(routes_dirty_, false); }
  bool take_listeners_dirty() { return std::exchange(listeners_dirty_, false); }

 private:
  Result<> load_everything();
  Result<> apply(const store::Key& key);
  template <class D>
  Result<> load_kind(Documents<D>& into);
  template <class D>
  Result<> refresh(Documents<D>& into, const std::string& name);
  template <class D>
  Result<> take(Documents<D>& into, const store::Document& raw);

  void changed(const model::Service* before, const model::Service* after);
  void changed(const model::ServiceState* before, const model::ServiceState* after);
  void changed(const model::Task* before, const model::Task* after);
  void changed(const model::LoadBalancer* before, const model::LoadBalancer* after);
  void changed(const model::TargetGroup* before, const model::TargetGroup* after);
  void changed(const model::Target* before, const model::Target* after);
  void changed(const model::TargetState* before, const model::TargetState* after);
  void changed(const model::Listener* before, const model::Listener* after);
  void changed(const model::Rule* before, const model::Rule* after);
  void changed(const model::Certificate* before, const model::Certificate* after);
  void changed(const model::TrustStore* before, const model::TrustStore* after);
  void changed(const model::ListenerState* before, const model::ListenerState* after);
  void changed(const model::MetricAlarm* before, const model::MetricAlarm* after);
  void changed(const model::AlarmState* before, const model::AlarmState* after);
  void index_target(const std::string& target_group, const std::string& key);

  store::Store& store_;
  Log& log_;
  std::int64_t revision_ = -1;
  MeshMirror mesh_;
  Documents<model::Service> services_;
  Documents<model::ServiceState> states_;
  Documents<model::Task> tasks_;
  Documents<model::LoadBalancer> balancers_;
  Documents<model::TargetGroup> groups_;
  Documents<model::Target> targets_;
  Documents<model::TargetState> target_states_;
  Documents<model::Listener> listeners_;
  Documents<model::Rule> rules_;
  Documents<model::Certificate> certificates_;
  Documents<model::TrustStore> trust_stores_;
  Documents<model::ListenerState> listener_states_;
  Documents<model::MetricAlarm> alarms_;
  Documents<model::AlarmState> alarm_states_;
  std::map<std::string, std::set<std::string>> tasks_of_;      // by the service's key
  std::map<std::string, std::set<std::string>> targets_of_;    // by the target group's ARN
  std::map<std::string, std::string, std::less<>> task_keys_;  // by the task's id
  std::map<std::string, std::string> group_keys_;              // by the target group's ARN
  std::set<Group> dirty_;
  bool routes_dirty_ = false;
  bool listeners_dirty_ = false;
};

}  // namespace weir::control
