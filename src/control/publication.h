// What was published to the proxy in the life of this process, and what of it every worker runs. After a restart of
// control it begins empty: the table is published again and counts once the proxy has acknowledged it again.
// One thread (the control thread); owned by Control.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "route/feedback.h"
#include "route/route_table.h"

namespace weir::control {

class Publication {
 public:
  // Takes `content` (its version is ignored) as compiled at the store's `revision`. Returns true where it differs from
  // the table in force, or where that has to be sent anew; table() is then what to send.
  bool update(route::RouteTable content, std::int64_t revision);

  // A proxy connected: what an earlier one said no longer counts.
  void on_connected() {
    feedback_ = {};
    statuses_.clear();
    in_force_ = -1;
  }
  void on_feedback(route::Feedback feedback);

  // The table published last says everything of the store's `revision` too.
  void covers(std::int64_t revision);
  // The newest of the store's revisions of which every worker runs everything; -1: none, or the proxy has not said.
  std::int64_t in_force() const { return in_force_; }

  route::RouteTablePointer table() const { return table_; }
  const route::Feedback& feedback() const { return feedback_; }

  // The proxy runs a table that is none of ours: update() makes one that is newer.
  bool is_foreign() const { return foreign_; }

  // Whether every worker runs a table in which this backend has this state.
  bool acknowledged(const std::string& pool, const std::string& backend, route::BackendState state) const;
  // Whether every worker runs what the rule `id` does in the table, which has to be compiled from `revision` at least;
  // true of one that the table has no place for.
  bool acknowledged_rule(const std::string& id, std::int64_t revision) const;
  // The proxy's last word on a backend; null where it said none.
  const route::BackendStatus* status(const std::string& pool, const std::string& backend) const;

 private:
  template <class V>
  using ByPlace = std::unordered_map<std::string, std::unordered_map<std::string, V>>;  // by pool, then backend
  template <class V>
  static const V* find(const ByPlace<V>& places, const std::string& pool, const std::string& backend);

  struct Since {
    route::BackendState state;
    std::int64_t version;  // the first that said so
  };

  // What a rule does, in table_, and the first version that said so.
  struct RuleSince {
    const route::Action* action;
    std::int64_t version;
  };
  void note_rules(const route::RouteTable& table);
  void note_in_force();

  route::RouteTablePointer table_;
  std::int64_t compiled_at_ = -1;  // the store's revision that table_ says everything of
  std::unordered_map<std::string, RuleSince> rules_;
  std::map<std::int64_t, std::int64_t> unacknowledged_;  // versions sent, and the revisions that they say everything of
  std::int64_t in_force_ = -1;
  ByPlace<Since> since_;
  route::Feedback feedback_;
  ByPlace<std::size_t> statuses_;  // places in feedback_.backends
  // Added to revisions: a proxy that ran a foreign, greater version (of a store that is gone) never goes back.
  std::int64_t offset_ = 0;
  bool foreign_ = false;
};

}  // namespace weir::control
