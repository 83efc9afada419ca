// BalancerMetrics: what the proxy counts, as CloudWatch's AWS/ApplicationELB and AWS/NetworkELB have it: what came
// since the last time, by balancer and by target group. A metric that AWS reports only where it is not zero is left out
// where it is. Control thread; owned by main/.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/documents.h"
#include "observe/metric_keep.h"
#include "route/feedback.h"
#include "store/store.h"

namespace weir::control {

class BalancerMetrics {
 public:
  // `port_offset`: added to listener ports below 1024, as in the table.
  BalancerMetrics(store::Store& store, observe::MetricKeep& keep, unsigned port_offset)
      : store_(store), keep_(keep), port_offset_(port_offset) {}

  // Publishes what `feedback` counts beyond the last one, at `at`. Call it about once a second; `revision` is the
  // store's. Errors: the store's; "Throttling" where there are too many metrics.
  Result<> publish(const route::Feedback& feedback, std::int64_t revision, Timestamp at);

 private:
  struct Balancer {
    model::Scope scope;
    std::string name_space;                        // AWS/ApplicationELB, AWS/NetworkELB
    std::string label;                             // app/NAME/ID
    std::map<std::string, std::string> listeners;  // the table's, that are its alone, with their protocols: TCP
    std::set<std::string> groups;                  // ARNs
  };
  // What a balancer or one of its groups counted since the last time.
  struct Sums;

  Result<> look_up(std::int64_t revision);
  route::Counters since_last(std::map<std::string, route::Counters>& last, const std::string& id,
                             const route::Counters& now);
  Result<> publish_balancer(const Balancer& balancer, Timestamp at);
  Result<> publish_flows(const Balancer& balancer, const route::Counters& of_pools, Sums& sums);
  Result<> publish_hosts(const Balancer& balancer, const std::string& group, const route::Counters& counted,
                         Timestamp at);

  store::Store& store_;
  observe::MetricKeep& keep_;
  const unsigned port_offset_;
  std::int64_t revision_ = -1;
  std::vector<Balancer> balancers_;
  bool begun_ = false;  // what was counted before is nobody's news
  std::map<std::string, route::Counters> last_pools_, last_listeners_;
  std::map<std::string, route::Counters> pools_, listeners_;  // since the last time
  std::map<std::string, std::uint64_t> open_;                 // connections, by listener
  struct Hosts {
    std::uint32_t healthy = 0, unhealthy = 0;
  };
  std::map<std::string, Hosts> hosts_;  // by pool
};

}  // namespace weir::control
