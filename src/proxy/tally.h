// Tally: what one worker has counted of one listener, pool or backend since its last report. Counting is an increment;
// memory is taken with the first. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "route/counters.h"

namespace weir::proxy {

using route::Count;

// A tally on its way to the main thread: of a listener, of a pool, or of a pool's backend.
struct TallyLine {
  std::string listener;
  std::string pool;
  std::string backend;
  route::Counters counters;
};

class Tally {
 public:
  void count(Count what, std::uint64_t by = 1) { news()[what] += by; }
  void duration(std::uint64_t micros) { news().duration.record(micros); }
  void response_time(std::uint64_t micros) { news().response_time.record(micros); }
  // To count several things at once.
  route::Counters& counters() { return news(); }
  // Something has been counted since take().
  bool has_news() const { return has_news_; }
  route::Counters take() {
    has_news_ = false;
    route::Counters taken = *counters_;
    counters_->reset();
    return taken;
  }

 private:
  route::Counters& news() {
    if (counters_ == nullptr) [[unlikely]]
      counters_ = std::make_unique<route::Counters>();
    has_news_ = true;
    return *counters_;
  }

  std::unique_ptr<route::Counters> counters_;
  bool has_news_ = false;
};

// The tallies of a worker's listeners, by id: a listener may have several entrances, one after the other.
class ListenerTallies {
 public:
  std::shared_ptr<Tally> of(const std::string& listener) {
    std::shared_ptr<Tally>& tally = tallies_[listener];
    if (!tally) tally = std::make_shared<Tally>();
    return tally;
  }
  // Appends what is new, and forgets those that nobody holds any more.
  void collect(std::vector<TallyLine>& lines) {
    for (auto& [listener, tally] : tallies_) {
      if (tally->has_news()) lines.push_back({listener, {}, {}, tally->take()});
    }
    std::erase_if(tallies_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }

 private:
  std::map<std::string, std::shared_ptr<Tally>> tallies_;
};

}  // namespace weir::proxy
