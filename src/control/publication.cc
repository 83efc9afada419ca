#include "control/publication.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/limits.h"

namespace weir::control {

template <class V>
const V* Publication::find(const ByPlace<V>& places, const std::string& pool, const std::string& backend) {
  const auto backends = places.find(pool);
  if (backends == places.end()) return nullptr;
  const auto found = backends->second.find(backend);
  return found == backends->second.end() ? nullptr : &found->second;
}

bool Publication::update(route::RouteTable content, std::int64_t revision) {
  const std::int64_t last = table_ ? table_->version : 0;
  content.version = last;
  if (table_ && !foreign_ && content == *table_) {
    covers(revision);
    return false;
  }
  compiled_at_ = revision;
  foreign_ = false;
  content.version = std::max({revision + offset_, last + 1, std::int64_t{1}});
  ByPlace<Since> since;
  for (const auto& pool : content.pools) {
    auto& backends = since[pool.id];
    backends.reserve(pool.backends.size());
    for (const auto& backend : pool.backends) {
      const Since* const before = find(since_, pool.id, backend.id);
      const bool same = before && before->state == backend.state;
      backends.emplace(backend.id, Since{backend.state, same ? before->version : content.version});
    }
  }
  since_ = std::move(since);
  const route::RouteTablePointer before =
      std::exchange(table_, std::make_shared<const route::RouteTable>(std::move(content)));
  note_rules(*table_);
  covers(revision);
  return true;
}

void Publication::covers(std::int64_t revision) {
  if (!table_) return;
  compiled_at_ = revision;
  unacknowledged_[table_->version] = revision;
  if (unacknowledged_.size() > kMostUnacknowledged) unacknowledged_.erase(unacknowledged_.begin());
  note_in_force();
}

// Of the tables that workers have acknowledged the newest says the most.
void Publication::note_in_force() {
  if (!table_ || foreign_ || feedback_.acknowledged > table_->version) return;
  const auto end = unacknowledged_.upper_bound(feedback_.acknowledged);
  if (end == unacknowledged_.begin()) return;
  const auto newest = std::prev(end);
  in_force_ = std::max(in_force_, newest->second);
  unacknowledged_.erase(unacknowledged_.begin(), newest);  // it stays itself: it may come to say more
}

// The table before is still there, so that what each rule did can be compared.
void Publication::note_rules(const route::RouteTable& table) {
  std::unordered_map<std::string, RuleSince> rules;
  for (const auto& listener : table.listeners) {
    for (const auto& rule : listener.rules) {
      const auto known = rules_.find(rule.id);
      const bool same = known != rules_.end() && *known->second.action == rule.action;
      rules.emplace(rule.id, RuleSince{&rule.action, same ? known->second.version : table.version});
    }
  }
  rules_ = std::move(rules);
}

bool Publication::acknowledged_rule(const std::string& id, std::int64_t revision) const {
  if (!table_ || foreign_ || compiled_at_ < revision || feedback_.acknowledged > table_->version) return false;
  const auto found = rules_.find(id);
  return found == rules_.end() || feedback_.acknowledged >= found->second.version;
}

void Publication::on_feedback(route::Feedback feedback) {
  feedback_ = std::move(feedback);
  statuses_.clear();
  for (std::size_t i = 0; i < feedback_.backends.size(); ++i) {
    statuses_[feedback_.backends[i].pool][feedback_.backends[i].backend] = i;
  }
  if (table_ && feedback_.acknowledged > table_->version) {
    // Not a table of ours. Every table from now on is newer than it, and nothing of this process counts as known there.
    foreign_ = true;
    offset_ = std::max(offset_, feedback_.acknowledged);
    since_.clear();
    rules_.clear();
    unacknowledged_.clear();
    in_force_ = -1;
  }
  note_in_force();
}

bool Publication::acknowledged(const std::string& pool, const std::string& backend, route::BackendState state) const {
  if (!table_ || feedback_.acknowledged > table_->version) return false;
  const Since* const found = find(since_, pool, backend);
  return found && found->state == state && feedback_.acknowledged >= found->version;
}

const route::BackendStatus* Publication::status(const std::string& pool, const std::string& backend) const {
  const std::size_t* const found = find(statuses_, pool, backend);
  return found ? &feedback_.backends[*found] : nullptr;
}

}  // namespace weir::control
