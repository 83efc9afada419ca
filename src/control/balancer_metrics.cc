#include "control/balancer_metrics.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/histogram.h"
#include "control/real_port.h"

namespace weir::control {

namespace {

namespace elbv2 = model::elbv2;
using observe::Aggregate;
using route::Count;
using route::Counters;

constexpr const char* kApplication = "AWS/ApplicationELB";
constexpr const char* kNetwork = "AWS/NetworkELB";

using Dimensions = std::vector<std::pair<std::string, std::string>>;  // by name

// What is counted one by one: the sum of some counts, reported where it is not 0.
struct Counted {
  const char* metric;
  std::vector<Count> counts;
};

// Of what targets answered: of the balancer and of each of its groups.
const Counted kOfTargets[] = {
    {"RequestCount", {Count::requests}},
    {"HTTPCode_Target_2XX_Count", {Count::answered_2xx}},
    {"HTTPCode_Target_3XX_Count", {Count::answered_3xx}},
    {"HTTPCode_Target_4XX_Count", {Count::answered_4xx}},
    {"HTTPCode_Target_5XX_Count", {Count::answered_5xx}},
    {"TargetConnectionErrorCount", {Count::failed_refused, Count::failed_connect_timeout}},
    {"TargetTLSNegotiationErrorCount", {Count::failed_handshake}},
};
// Of what the balancer answered by itself, and of its clients: of the balancer alone.
const Counted kOfBalancer[] = {
    {"HTTPCode_ELB_3XX_Count", {Count::own_3xx}}, {"HTTPCode_ELB_4XX_Count", {Count::own_4xx}},
    {"HTTPCode_ELB_5XX_Count", {Count::own_5xx}}, {"HTTPCode_ELB_502_Count", {Count::own_502}},
    {"HTTPCode_ELB_503_Count", {Count::own_503}}, {"HTTPCode_ELB_504_Count", {Count::own_504}},
};
const Counted kOfListeners[] = {
    {"NewConnectionCount", {Count::connections}},
    {"ClientTLSNegotiationErrorCount", {Count::tls_failures}},
    {"HTTP_Redirect_Count", {Count::redirects}},
    {"HTTP_Fixed_Response_Count", {Count::fixed_responses}},
};
// Of a network balancer, which has no requests.
const Counted kOfNetworkListeners[] = {{"ClientTLSNegotiationErrorCount", {Count::tls_failures}}};
const Counted kOfNetworkTargets[] = {{"TargetTLSNegotiationErrorCount", {Count::failed_handshake}}};

std::uint64_t sum_of(const Counters& counters, const Counted& counted) {
  std::uint64_t sum = 0;
  for (const Count count : counted.counts) sum += counters[count];
  return sum;
}

// "app/NAME/ID" of "arn:…:loadbalancer/app/NAME/ID", "targetgroup/NAME/ID" of "arn:…:targetgroup/NAME/ID".
std::string balancer_label(const std::string& arn) {
  constexpr std::string_view kBefore = ":loadbalancer/";
  const std::size_t at = arn.find(kBefore);
  return at == std::string::npos ? arn : arn.substr(at + kBefore.size());
}
std::string group_label(const std::string& arn) { return arn.substr(arn.rfind(':') + 1); }

// From microseconds in a histogram's buckets to seconds with a distribution.
Aggregate times_of(const Histogram& histogram) {
  Aggregate all;
  histogram.each([&](unsigned bucket, std::uint64_t count) {
    const double micros =
        static_cast<double>(Histogram::low(bucket)) + static_cast<double>(Histogram::width(bucket) - 1) / 2;
    all.add(Aggregate::of(micros / 1e6, static_cast<double>(count)));
  });
  if (!all.empty()) all.sum = static_cast<double>(histogram.sum()) / 1e6;  // exact
  return all;
}

Histogram difference(const Histogram& now, const Histogram& before) {
  std::map<unsigned, std::uint64_t> was;
  before.each([&](unsigned bucket, std::uint64_t count) { was[bucket] = count; });
  Histogram out;
  now.each([&](unsigned bucket, std::uint64_t count) {
    const auto found = was.find(bucket);
    const std::uint64_t old = found == was.end() ? 0 : found->second;
    if (count > old) out.add(bucket, count - old);
  });
  if (now.sum() > before.sum()) out.add_sum(now.sum() - before.sum());
  return out;
}

void add_groups(const std::vector<elbv2::Action>& actions, std::set<std::string>& groups) {
  for (const auto& action : actions) {
    if (action.TargetGroupArn) groups.insert(*action.TargetGroupArn);
    if (!action.ForwardConfig || !action.ForwardConfig->TargetGroups) continue;
    for (const auto& tuple : *action.ForwardConfig->TargetGroups) {
      if (tuple.TargetGroupArn) groups.insert(*tuple.TargetGroupArn);
    }
  }
}

}  // namespace

// Where values go: to one metric after another of the same dimensions.
struct BalancerMetrics::Sums {
  observe::MetricKeep& keep;
  observe::MetricId id;
  Timestamp at;

  Result<> put(const char* metric, const char* unit, const Aggregate& values) {
    id.name = metric;
    return keep.feed(id, unit, values, at);
  }
  // Each one counts 1, so that the average is 1 too, as AWS has it.
  Result<> put_counts(std::span<const Counted> metrics, const Counters& counters) {
    for (const Counted& counted : metrics) {
      const std::uint64_t sum = sum_of(counters, counted);
      if (sum != 0) TRY(put(counted.metric, "Count", Aggregate::of(1, static_cast<double>(sum))));
    }
    return {};
  }
};

// Which balancer has which target groups and which ports to itself.
Result<> BalancerMetrics::look_up(std::int64_t revision) {
  if (revision == revision_) return {};
  std::map<std::string, Balancer> found;
  for (const auto& one : TRY(store::peek_all<model::LoadBalancer>(store_, ""))) {
    const std::string arn = one->balancer.LoadBalancerArn.value_or("");
    const bool network = one->balancer.Type == "network";
    found[arn] = {one->scope, network ? kNetwork : kApplication, balancer_label(arn), {}, {}};
  }
  std::map<std::string, std::map<std::string, std::string>> sharers;  // of a port: balancers with the protocols
  std::map<std::string, std::string> balancer_of;                     // by listener
  for (const auto& one : TRY(store::peek_all<model::Listener>(store_, ""))) {
    const std::string arn = one->listener.LoadBalancerArn.value_or("");
    const auto balancer = found.find(arn);
    if (balancer == found.end()) continue;
    balancer_of[one->listener.ListenerArn.value_or("")] = arn;
    const auto port = real_port(one->listener.Port.value_or(80), port_offset_);
    sharers["port-" + std::to_string(port)].emplace(arn, one->listener.Protocol.value_or(""));
    add_groups(one->listener.DefaultActions.value_or(std::vector<elbv2::Action>()), balancer->second.groups);
  }
  for (const auto& one : TRY(store::peek_all<model::Rule>(store_, ""))) {
    const auto owner = balancer_of.find(one->listener);
    if (owner == balancer_of.end()) continue;
    add_groups(one->rule.Actions.value_or(std::vector<elbv2::Action>()), found[owner->second].groups);
  }
  for (const auto& [port, arns] : sharers) {
    if (arns.size() == 1) found[arns.begin()->first].listeners.emplace(port, arns.begin()->second);
  }
  balancers_.clear();
  for (auto& [arn, balancer] : found) balancers_.push_back(std::move(balancer));
  revision_ = revision;
  return {};
}

Counters BalancerMetrics::since_last(std::map<std::string, Counters>& last, const std::string& id,
                                     const Counters& now) {
  auto [known, is_new] = last.try_emplace(id);
  const Counters before = std::exchange(known->second, now);
  // A proxy that began anew counts from 0; what was counted before this process began is not its news.
  if (is_new && !begun_) return {};
  if (now[Count::requests] < before[Count::requests] || now[Count::connections] < before[Count::connections])
    return now;
  Counters out;
  for (std::size_t i = 0; i < route::kCounts; ++i) {
    if (now.counts[i] > before.counts[i]) out.counts[i] = now.counts[i] - before.counts[i];
  }
  out.response_time = difference(now.response_time, before.response_time);
  return out;
}

Result<> BalancerMetrics::publish(const route::Feedback& feedback, std::int64_t revision, Timestamp at) {
  if (feedback.acknowledged == 0) return {};  // no proxy has said anything yet
  TRY(look_up(revision));
  pools_.clear();
  listeners_.clear();
  open_.clear();
  hosts_.clear();
  for (const auto& pool : feedback.pools) pools_[pool.pool] = since_last(last_pools_, pool.pool, pool.counters);
  for (const auto& one : feedback.listener_counters) {
    listeners_[one.listener] = since_last(last_listeners_, one.listener, one.counters);
    open_[one.listener] = one.counters[Count::connections] - one.counters[Count::connections_closed];
  }
  for (const auto& backend : feedback.backends) {
    Hosts& hosts = hosts_[backend.pool];
    if (backend.health == route::Health::healthy) ++hosts.healthy;
    if (backend.health == route::Health::unhealthy) ++hosts.unhealthy;
  }
  const auto gone = [](const auto& seen) { return [&seen](const auto& one) { return !seen.contains(one.first); }; };
  std::erase_if(last_pools_, gone(pools_));
  std::erase_if(last_listeners_, gone(listeners_));
  begun_ = true;
  for (const Balancer& balancer : balancers_) TRY(publish_balancer(balancer, at));
  return {};
}

Result<> BalancerMetrics::publish_balancer(const Balancer& balancer, Timestamp at) {
  Counters of_pools, of_listeners;
  std::uint64_t open = 0;
  for (const auto& group : balancer.groups) {
    const auto counted = pools_.find(group);
    if (counted != pools_.end()) of_pools.add(counted->second);
    TRY(publish_hosts(balancer, group, counted == pools_.end() ? Counters() : counted->second, at));
  }
  for (const auto& [listener, protocol] : balancer.listeners) {
    const auto counted = listeners_.find(listener);
    if (counted == listeners_.end()) continue;
    of_listeners.add(counted->second);
    open += open_[listener];
  }
  Sums sums{keep_, {balancer.scope, balancer.name_space, "", {{"LoadBalancer", balancer.label}}}, at};
  if (balancer.name_space == kNetwork) return publish_flows(balancer, of_pools, sums);
  const auto bytes = static_cast<double>(of_pools[Count::bytes_in] + of_pools[Count::bytes_out]);
  if (bytes > 0) TRY(sums.put("ProcessedBytes", "Bytes", Aggregate::of(bytes)));
  TRY(sums.put_counts(kOfTargets, of_pools));
  TRY(sums.put_counts(kOfListeners, of_listeners));
  // Where the ports are shared, what no group was chosen for cannot be told apart.
  TRY(sums.put_counts(kOfBalancer, balancer.listeners.empty() ? of_pools : of_listeners));
  if (of_pools.response_time.count() > 0) {
    TRY(sums.put("TargetResponseTime", "Seconds", times_of(of_pools.response_time)));
  }
  return open > 0 ? sums.put("ActiveConnectionCount", "Count", Aggregate::of(static_cast<double>(open))) : Result<>();
}

// Of a network balancer: its connections, all of them and by protocol. Its listeners share their ports with nobody.
Result<> BalancerMetrics::publish_flows(const Balancer& balancer, const Counters& of_pools, Sums& sums) {
  struct Flows {
    double begun = 0, open = 0, bytes = 0;
  };
  std::map<std::string, Flows> by_protocol;  // "" for all of them
  Counters of_listeners;
  for (const auto& [listener, protocol] : balancer.listeners) {
    const auto counted = listeners_.find(listener);
    if (counted == listeners_.end()) continue;
    const Counters& counts = counted->second;
    of_listeners.add(counts);
    for (const std::string& name : {std::string(), "_" + protocol}) {
      Flows& flows = by_protocol[name];
      flows.begun += static_cast<double>(counts[Count::requests]);
      flows.open += static_cast<double>(open_[listener]);
      flows.bytes += static_cast<double>(counts[Count::bytes_in] + counts[Count::bytes_out]);
    }
  }
  for (const auto& [name, flows] : by_protocol) {
    const auto put = [&](const char* metric, const char* unit, double value) {
      return value > 0 ? sums.put((metric + name).c_str(), unit, Aggregate::of(value)) : Result<>();
    };
    TRY(put("NewFlowCount", "Count", flows.begun));
    TRY(put("ActiveFlowCount", "Count", flows.open));
    TRY(put("ProcessedBytes", "Bytes", flows.bytes));
  }
  TRY(sums.put_counts(kOfNetworkListeners, of_listeners));
  return sums.put_counts(kOfNetworkTargets, of_pools);
}

Result<> BalancerMetrics::publish_hosts(const Balancer& balancer, const std::string& group, const Counters& counted,
                                        Timestamp at) {
  const auto hosts = hosts_.find(group);
  const Hosts now = hosts == hosts_.end() ? Hosts() : hosts->second;
  const std::string label = group_label(group);
  Sums sums{
      keep_, {balancer.scope, balancer.name_space, "", {{"LoadBalancer", balancer.label}, {"TargetGroup", label}}}, at};
  if (now.healthy + now.unhealthy > 0) {
    TRY(sums.put("HealthyHostCount", "Count", Aggregate::of(now.healthy)));
    TRY(sums.put("UnHealthyHostCount", "Count", Aggregate::of(now.unhealthy)));
  }
  if (balancer.name_space == kNetwork) return {};
  TRY(sums.put_counts(kOfTargets, counted));
  if (counted.response_time.count() > 0) {
    TRY(sums.put("TargetResponseTime", "Seconds", times_of(counted.response_time)));
  }
  if (counted[Count::requests] > 0 && now.healthy > 0) {
    const Aggregate each = Aggregate::of(static_cast<double>(counted[Count::requests]) / now.healthy);
    TRY(sums.put("RequestCountPerTarget", "Count", each));
    sums.id.dimensions = {{"TargetGroup", label}};
    TRY(sums.put("RequestCountPerTarget", "Count", each));
  }
  return {};
}

}  // namespace weir::control
