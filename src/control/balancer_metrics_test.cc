#include "control/balancer_metrics.h"

#include <gtest/gtest.h>

#include <utility>

#include "store/memory_store.h"

namespace weir::control {
namespace {

using route::Count;

constexpr const char* kBalancer = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/shop/0123";
constexpr const char* kGroup = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/blue/4567";
const model::Scope kHere{"000000000000", "eu-west-1"};

class BalancerMetricsTest : public ::testing::Test {
 protected:
  BalancerMetricsTest() {
    model::LoadBalancer balancer{.scope = kHere};
    balancer.balancer.LoadBalancerArn = kBalancer;
    balancer.balancer.Type = "application";
    add(balancer);
    model::Listener listener{.scope = kHere};
    listener.listener.ListenerArn = "listener-1";
    listener.listener.LoadBalancerArn = kBalancer;
    listener.listener.Port = 8080;
    auto& action = listener.listener.DefaultActions.emplace().emplace_back();
    action.Type = "forward";
    action.TargetGroupArn = kGroup;
    add(listener);
    feedback.acknowledged = 1;
    feedback.pools.push_back({kGroup, {}});
    feedback.listener_counters.push_back({"port-8080", {}});
    publish();
  }
  template <class D>
  void add(const D& document) {
    const auto write = store::put(document, store::Expect::kAny);
    MUST(store.commit({&write, 1}));
  }
  route::Counters& pool() { return feedback.pools.at(0).counters; }
  route::Counters& listener() { return feedback.listener_counters.at(0).counters; }
  void publish() { MUST(metrics.publish(feedback, store.revision(), {(now += 1) * 1000})); }

  // The statistic of everything that was published so far; "-" for nothing.
  std::string sum(const char* metric, const char* statistic = "Sum", bool of_group = false) {
    observe::MetricId id{kHere, "AWS/ApplicationELB", metric, {{"LoadBalancer", "app/shop/0123"}}};
    if (of_group) id.dimensions.emplace_back("TargetGroup", "targetgroup/blue/4567");
    const auto points = MUST(keep.read(id, std::nullopt, {kStart, kStart + 3600, 3600}, {now * 1000}));
    if (points.empty()) return "-";
    const auto value = MUST(observe::Statistic::parse(statistic)).of(points[0].values);
    return value ? std::to_string(*value).substr(0, 5) : "?";
  }

  static constexpr std::int64_t kStart = 1'700'006'400;
  store::MemoryStore store;
  observe::MetricKeep keep{""};
  BalancerMetrics metrics{store, keep, 0};
  route::Feedback feedback;
  std::int64_t now = kStart;
};

TEST_F(BalancerMetricsTest, publishes_what_came_since_the_last_time) {
  pool()[Count::requests] = 10;
  pool()[Count::answered_2xx] = 9;
  pool()[Count::answered_5xx] = 1;
  publish();
  pool()[Count::requests] = 15;
  publish();
  publish();
  EXPECT_EQ(sum("RequestCount"), "15.00");
  EXPECT_EQ(sum("RequestCount", "Average"), "1.000") << "as AWS has it";
  EXPECT_EQ(sum("RequestCount", "Sum", true), "15.00");
  EXPECT_EQ(sum("HTTPCode_Target_2XX_Count"), "9.000");
  EXPECT_EQ(sum("HTTPCode_Target_5XX_Count", "Sum", true), "1.000");
  EXPECT_EQ(sum("HTTPCode_Target_4XX_Count"), "-") << "left out where it is 0";
}

TEST_F(BalancerMetricsTest, counts_anew_where_the_proxy_does) {
  pool()[Count::requests] = 10;
  publish();
  pool()[Count::requests] = 3;
  publish();
  EXPECT_EQ(sum("RequestCount"), "13.00");
}

TEST_F(BalancerMetricsTest, does_not_tell_what_was_counted_before_it_began) {
  pool()[Count::requests] = 10;
  publish();
  BalancerMetrics later(store, keep, 0);
  MUST(later.publish(feedback, store.revision(), {now * 1000}));
  MUST(later.publish({}, store.revision(), {now * 1000}));  // the proxy is away for a moment
  MUST(later.publish(feedback, store.revision(), {now * 1000}));
  EXPECT_EQ(sum("RequestCount"), "10.00");
}

TEST_F(BalancerMetricsTest, carries_response_times_with_their_percentiles) {
  for (int i = 0; i < 90; ++i) pool().response_time.record(10'000);
  for (int i = 0; i < 10; ++i) pool().response_time.record(500'000);
  publish();
  publish();
  EXPECT_EQ(sum("TargetResponseTime", "SampleCount"), "100.0");
  EXPECT_EQ(sum("TargetResponseTime", "Average"), "0.059");
  EXPECT_NEAR(std::stod(sum("TargetResponseTime", "p50")), 0.010, 0.0005);
  EXPECT_NEAR(std::stod(sum("TargetResponseTime", "p99", true)), 0.5, 0.02);
}

TEST_F(BalancerMetricsTest, tells_hosts_always_and_connections_where_there_are_any) {
  feedback.backends.push_back({.pool = kGroup, .backend = "a", .health = route::Health::healthy});
  feedback.backends.push_back({.pool = kGroup, .backend = "b", .health = route::Health::unhealthy});
  publish();
  publish();
  EXPECT_EQ(sum("HealthyHostCount", "Maximum", true), "1.000");
  EXPECT_EQ(sum("UnHealthyHostCount", "Minimum", true), "1.000");
  EXPECT_EQ(sum("HealthyHostCount", "SampleCount", true), "2.000");
  EXPECT_EQ(sum("ActiveConnectionCount", "Maximum"), "-");
  listener()[Count::connections] = 5;
  listener()[Count::connections_closed] = 2;
  publish();
  EXPECT_EQ(sum("ActiveConnectionCount", "Maximum"), "3.000");
  EXPECT_EQ(sum("NewConnectionCount"), "5.000");
}

TEST_F(BalancerMetricsTest, tells_the_flows_of_a_network_balancer_by_protocol) {
  constexpr const char* kNet = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/net/raw/89ab";
  model::LoadBalancer balancer{.scope = kHere};
  balancer.balancer.LoadBalancerName = "raw";
  balancer.balancer.LoadBalancerArn = kNet;
  balancer.balancer.Type = "network";
  add(balancer);
  for (const auto& [port, protocol] : {std::pair(9000, "TCP"), std::pair(9443, "TLS")}) {
    model::Listener made{.scope = kHere};
    made.listener.ListenerArn = "listener-" + std::to_string(port);
    made.listener.LoadBalancerArn = kNet;
    made.listener.Port = port;
    made.listener.Protocol = protocol;
    add(made);
    feedback.listener_counters.push_back({"port-" + std::to_string(port), {}});
  }
  publish();
  auto& tcp = feedback.listener_counters.at(1).counters;
  auto& tls = feedback.listener_counters.at(2).counters;
  tcp[Count::requests] = tcp[Count::connections] = 3;
  tcp[Count::bytes_in] = 10;
  tls[Count::requests] = tls[Count::connections] = 2;
  tls[Count::connections_closed] = 1;
  tls[Count::tls_failures] = 4;
  publish();
  const auto said = [&](const char* metric) {
    const observe::MetricId id{kHere, "AWS/NetworkELB", metric, {{"LoadBalancer", "net/raw/89ab"}}};
    const auto points = MUST(keep.read(id, std::nullopt, {kStart, kStart + 3600, 3600}, {now * 1000}));
    return points.empty() ? 0 : points[0].values.sum;
  };
  EXPECT_EQ(said("NewFlowCount"), 5);
  EXPECT_EQ(said("NewFlowCount_TCP"), 3);
  EXPECT_EQ(said("NewFlowCount_TLS"), 2);
  EXPECT_EQ(said("ActiveFlowCount"), 4);
  EXPECT_EQ(said("ActiveFlowCount_TLS"), 1);
  EXPECT_EQ(said("ProcessedBytes_TCP"), 10);
  EXPECT_EQ(said("ProcessedBytes_TLS"), 0);
  EXPECT_EQ(said("ClientTLSNegotiationErrorCount"), 4);
}

TEST_F(BalancerMetricsTest, tells_the_balancers_own_answers_by_its_listener) {
  listener()[Count::own_4xx] = 2;
  listener()[Count::own_5xx] = 4;
  listener()[Count::own_503] = 3;
  listener()[Count::own_504] = 1;
  publish();
  EXPECT_EQ(sum("HTTPCode_ELB_4XX_Count"), "2.000");
  EXPECT_EQ(sum("HTTPCode_ELB_5XX_Count"), "4.000");
  EXPECT_EQ(sum("HTTPCode_ELB_503_Count"), "3.000");
  EXPECT_EQ(sum("HTTPCode_ELB_502_Count"), "-");
}

}  // namespace
}  // namespace weir::control
