#include "control/publication.h"

#include <algorithm>

namespace weir::control {

bool Publication::update(route::RouteTable content, std::int64_t revision) {
  const std::int64_t last = table_ ? table_->version : 0;
  content.version = last;
  if (table_ && !foreign_ && content == *table_) return false;
  foreign_ = false;
  content.version = std::max({revision + offset_, last + 1, std::int64_t{1}});
  std::map<Place, Since> since;
  for (const auto& pool : content.pools) {
    for (const auto& backend : pool.backends) {
      const Place place{pool.id, backend.id};
      const auto before = since_.find(place);
      const bool same = before != since_.end() && before->second.state == backend.state;
      since.emplace(place, Since{backend.state, same ? before->second.version : content.version});
    }
  }
  since_ = std::move(since);
  table_ = std::make_shared<const route::RouteTable>(std::move(content));
  return true;
}

void Publication::on_feedback(route::Feedback feedback) {
  feedback_ = std::move(feedback);
  statuses_.clear();
  for (std::size_t i = 0; i < feedback_.backends.size(); ++i) {
    statuses_[{feedback_.backends[i].pool, feedback_.backends[i].backend}] = i;
  }
  if (table_ && feedback_.acknowledged > table_->version) {
    // Not a table of ours. Every table from now on is newer than it, and nothing of this process counts as known there.
    foreign_ = true;
    offset_ = std::max(offset_, feedback_.acknowledged);
    since_.clear();
  }
}

bool Publication::acknowledged(const std::string& pool, const std::string& backend, route::BackendState state) const {
  if (!table_ || feedback_.acknowledged > table_->version) return false;
  const auto found = since_.find({pool, backend});
  return found != since_.end() && found->second.state == state && feedback_.acknowledged >= found->second.version;
}

const route::BackendStatus* Publication::status(const std::string& pool, const std::string& backend) const {
  const auto found = statuses_.find({pool, backend});
  return found == statuses_.end() ? nullptr : &feedback_.backends[found->second];
}

}  // namespace weir::control
