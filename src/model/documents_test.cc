#include "model/documents.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

const Scope kScope{"000000000000", "eu-west-1"};

template <class D>
std::string again(const D& document) {
  const Json read = MUST(Json::parse(to_json_shape(document).dump()));
  return to_json_shape(MUST(from_json_shape<D>(read, Unknown::refuse))).dump();
}

template <class D>
void expect_round_trip(const D& document) {
  EXPECT_EQ(again(document), to_json_shape(document).dump());
}

TEST(Documents, are_named_by_account_region_and_their_own_name) {
  EXPECT_EQ((Cluster{.scope = kScope, .name = "shop"}.key()), "000000000000/eu-west-1/shop");
  EXPECT_EQ((Service{.scope = kScope, .cluster = "shop", .name = "cart"}.key()), "000000000000/eu-west-1/shop/cart");
  EXPECT_EQ((ServiceState{.scope = kScope, .cluster = "shop", .name = "cart"}.key()),
            "000000000000/eu-west-1/shop/cart");
  EXPECT_EQ((Task{.scope = kScope, .cluster = "shop", .id = "0a"}.key()), "000000000000/eu-west-1/shop/0a");
  EXPECT_EQ((TaskDefinitionFamily{.scope = kScope, .family = "cart"}.key()), "000000000000/eu-west-1/cart");
}

TEST(Documents, a_task_set_keeps_its_share_of_the_desired_count_rounded_up) {
  struct Row {
    std::int32_t desired;
    double percent;
    std::int32_t count;
  };
  for (const auto& [desired, percent, count] : std::vector<Row>{{4, 100, 4},
                                                                {4, 0, 0},
                                                                {0, 100, 0},
                                                                {4, 25, 1},
                                                                {4, 26, 2},
                                                                {1, 0.1, 1},
                                                                {3, 40, 2},
                                                                {100, 7, 7},
                                                                {100, 7.1, 8},
                                                                {5000, 99.9, 4995}}) {
    Service service{.desired_count = desired};
    TaskSet set{.percent = percent};
    EXPECT_EQ(computed_desired_count(service, set), count) << desired << " " << percent;
    set.status = "DRAINING";
    EXPECT_EQ(computed_desired_count(service, set), 0);
    set.status = "PRIMARY";
    service.status = "DRAINING";
    EXPECT_EQ(computed_desired_count(service, set), 0);
  }
}

TEST(Documents, the_rules_of_a_listener_are_listed_together) {
  const std::string listener = "arn:aws:elasticloadbalancing:r:a:listener/app/web/1/2";
  Rule rule{.scope = kScope, .listener = listener};
  rule.rule.RuleArn = "arn:aws:elasticloadbalancing:r:a:listener-rule/app/web/1/2/3";
  EXPECT_EQ(rule.key(), rules_of_listener(kScope, listener) + "3");
}

TEST(Documents, a_family_lists_its_revisions_in_the_order_of_numbers) {
  EXPECT_EQ(task_definition_key(kScope, "cart", 9), "000000000000/eu-west-1/cart:0000000009");
  EXPECT_LT(task_definition_key(kScope, "cart", 9), task_definition_key(kScope, "cart", 10));
  TaskDefinition definition{.scope = kScope};
  definition.definition.family = "cart";
  definition.definition.revision = 7;
  EXPECT_EQ(definition.key(), task_definition_key(kScope, "cart", 7));
}

TEST(Documents, an_empty_one_of_each_kind_comes_back_as_it_was) {
  expect_round_trip(Cluster{});
  expect_round_trip(TaskDefinition{});
  expect_round_trip(TaskDefinitionFamily{});
  expect_round_trip(Service{});
  expect_round_trip(ServiceState{});
  expect_round_trip(Task{});
  expect_round_trip(LoadBalancer{});
  expect_round_trip(TargetGroup{});
  expect_round_trip(Listener{});
  expect_round_trip(ListenerState{});
  expect_round_trip(Rule{});
}

TEST(Documents, a_task_keeps_everything_that_is_known_of_it) {
  Task task{.scope = kScope, .cluster = "shop", .id = "0a", .service = "cart"};
  task.created_at = {1'700'000'000'123};
  task.stopping_at = Timestamp{1'700'000'001'000};
  task.containers.push_back({.name = "web", .image = "cart:1", .pid = 1LL << 40, .exit_code = 137, .essential = false});
  task.containers[0].network_bindings.push_back({.containerPort = 80, .hostPort = 20001});
  task.targets.push_back({.target_group = "arn:x", .port = 20001, .state = "draining", .draining_since = Moment{5}});
  expect_round_trip(task);
  const Task read = MUST(from_json_shape<Task>(to_json_shape(task)));
  EXPECT_EQ(read.created_at, task.created_at);
  EXPECT_EQ(read.stopping_at, task.stopping_at);
  EXPECT_FALSE(read.stopped_at);
  EXPECT_EQ(read.containers[0].pid, 1LL << 40);
  EXPECT_EQ(read.containers[0].exit_code, 137);
  EXPECT_FALSE(read.containers[0].essential);
  EXPECT_EQ(read.containers[0].network_bindings[0].hostPort, 20001);
  EXPECT_EQ(read.targets[0].state, "draining");
  EXPECT_EQ(read.targets[0].draining_since, Moment{5});
}

TEST(Documents, maps_and_deployments_come_back_in_order) {
  TargetGroup group{.scope = kScope, .attributes = {{"deregistration_delay.timeout_seconds", "5"}, {"a", ""}}};
  expect_round_trip(group);
  ServiceState state{.scope = kScope, .cluster = "shop", .name = "cart"};
  state.deployments = {{.id = "ecs-svc/2"}, {.id = "ecs-svc/1", .status = "ACTIVE", .failed_tasks = 3}};
  state.events.push_back({.id = "e", .created_at = {1}, .message = "\"quoted\"\n"});
  expect_round_trip(state);
  EXPECT_EQ(MUST(from_json_shape<ServiceState>(to_json_shape(state))).deployments[1].failed_tasks, 3);
}

}  // namespace
}  // namespace weir::model
