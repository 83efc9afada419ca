#include "control/service_metrics.h"

#include <gtest/gtest.h>

#include "control/limits.h"
#include "control/test_world.h"

namespace weir::control::testing {
namespace {

constexpr std::int64_t kMebibyte = 1 << 20;

class ServiceMetricsTest : public ::testing::Test, protected TestWorld {
 protected:
  // Two tasks of half a processor and 100 MiB each, on a machine of 4 processors and 1000 MiB.
  ServiceMetricsTest() {
    wish_definition(1);
    auto definition = *MUST(store::load<model::TaskDefinition>(store, model::task_definition_key(kScope, "web", 1)));
    auto& container = definition.document.definition.containerDefinitions->at(0);
    container.cpu = 512;
    container.memory = 200;
    container.memoryReservation = 100;
    wish(definition.document);
    wish_service(2);
    settle();
    second();
  }
  // A second in which every task spends so much of a processor.
  void second(double processors = 0, std::int64_t memory = 0) {
    spent += static_cast<std::int64_t>(processors * 1e9);
    for (const auto& id : runtime.list()) runtime.uses[id] = {{"app", {spent, memory, 0}}};
    clock.advance(std::chrono::seconds(1));
    MUST(metrics.publish(clock.wall(), clock.now()));
    while (MUST(metrics.look(clock.now()))) {
    }
  }
  std::string newest(const char* metric, const char* statistic = "Average", bool of_service = true) {
    observe::MetricId id{kScope, "AWS/ECS", metric, {{"ClusterName", "main"}}};
    if (of_service) id.dimensions.emplace_back("ServiceName", "web");
    const std::int64_t at = clock.wall().millis / 1000;
    const auto points = MUST(keep.read(id, std::nullopt, {at, at + 1, 1}, clock.wall()));
    if (points.empty()) return "-";
    return std::to_string(*MUST(observe::Statistic::parse(statistic)).of(points[0].values)).substr(0, 5);
  }

  std::int64_t spent = 0;
  observe::MetricKeep keep{""};
  ServiceMetrics metrics{runtime, *control, keep, {4, 1000 * kMebibyte}};
};

TEST_F(ServiceMetricsTest, tells_the_share_of_what_tasks_reserve) {
  EXPECT_EQ(newest("CPUUtilization"), "-") << "seen once, there is no rate";
  second(0.4, 50 * kMebibyte);
  EXPECT_EQ(newest("CPUUtilization"), "80.00");
  EXPECT_EQ(newest("MemoryUtilization"), "50.00") << "of the soft limit, as ECS has it";
  EXPECT_EQ(newest("CPUUtilization", "SampleCount"), "2.000") << "a value for each task";
}

TEST_F(ServiceMetricsTest, tells_which_task_uses_most_and_least) {
  second();
  auto ids = runtime.list();
  runtime.uses[ids[0]] = {{"app", {250'000'000, 0, 0}}};
  clock.advance(std::chrono::seconds(1));
  MUST(metrics.publish(clock.wall(), clock.now()));
  EXPECT_EQ(newest("CPUUtilization", "Maximum"), "50.00");
  EXPECT_EQ(newest("CPUUtilization", "Minimum"), "0.000");
  EXPECT_EQ(newest("CPUUtilization"), "25.00");
}

TEST_F(ServiceMetricsTest, weighs_a_cluster_against_the_machine) {
  second(0.4, 50 * kMebibyte);
  EXPECT_EQ(newest("CPUUtilization", "Average", false), "20.00");
  EXPECT_EQ(newest("MemoryUtilization", "Average", false), "10.00");
  EXPECT_EQ(newest("CPUReservation", "Average", false), "25.00");
  EXPECT_EQ(newest("MemoryReservation", "Average", false), "20.00");
}

TEST_F(ServiceMetricsTest, tells_nothing_where_nothing_runs) {
  second(0.4);
  wish_service(0);
  settle();
  second(0.4);
  EXPECT_EQ(newest("CPUUtilization"), "-");
  EXPECT_EQ(newest("CPUReservation", "Average", false), "-");
}

TEST_F(ServiceMetricsTest, does_not_count_backwards_where_a_container_began_anew) {
  second(0.4);
  spent = 0;
  second(0.1);
  EXPECT_EQ(newest("CPUUtilization"), "0.000");
  second(0.1);
  EXPECT_EQ(newest("CPUUtilization"), "20.00");
}

TEST_F(ServiceMetricsTest, looks_at_a_few_of_many_tasks_at_a_time) {
  wish_service(100);
  settle();
  second();
  runtime.looks = 0;
  clock.advance(std::chrono::seconds(1));
  MUST(metrics.publish(clock.wall(), clock.now()));
  EXPECT_EQ(runtime.looks, kUsesPerLook);
  EXPECT_TRUE(MUST(metrics.look(clock.now())));
  EXPECT_EQ(runtime.looks, 2 * kUsesPerLook);
  clock.advance(std::chrono::seconds(1));
  MUST(metrics.publish(clock.wall(), clock.now()));
  EXPECT_EQ(runtime.looks, 3 * kUsesPerLook) << "the round goes on";
}

}  // namespace
}  // namespace weir::control::testing
