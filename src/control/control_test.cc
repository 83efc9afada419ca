#include "control/control.h"

#include <gtest/gtest.h>

#include "control/test_world.h"
#include "model/mesh_address.h"
#include "model/mesh_documents.h"
#include "store/fault_store.h"

namespace weir::control {
namespace {

using route::BackendState;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeRuntime;
using testing::group_arn;
using testing::kScope;
using testing::TestWorld;

class ControlTest : public ::testing::Test, protected TestWorld {
 protected:
  void SetUp() override {
    wish_definition(1);
    wish_definition(2, "web:2");
    wish_group("blue");
  }
  std::string only_task() {
    const auto all = tasks();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? "" : all[0].id;
  }
};

TEST_F(ControlTest, a_service_without_balancer_runs_and_is_steady) {
  wish_service(2);
  step();
  ASSERT_EQ(tasks("PENDING").size(), 2u);
  EXPECT_EQ(runtime.tasks.size(), 2u);
  EXPECT_EQ(state().pending_count, 2);
  for (const auto& task : tasks()) runtime.run(task.id);
  step();
  EXPECT_EQ(tasks("RUNNING").size(), 2u);
  const auto now = state();
  EXPECT_EQ(now.running_count, 2);
  EXPECT_EQ(now.deployments.size(), 1u);
  EXPECT_EQ(now.deployments[0].rollout_state, "COMPLETED");
  EXPECT_TRUE(now.steady);
  const auto task = tasks()[0];
  EXPECT_EQ(task.containers[0].last_status, "RUNNING");
  EXPECT_EQ(task.containers[0].network_bindings[0].hostPort, 30000);
  const auto said_now = messages();
  ASSERT_EQ(said_now.size(), 3u);
  EXPECT_EQ(said_now[0].find("has started 2 tasks: (task "), 0u);
  EXPECT_EQ(said_now[1], "(deployment " + now.deployments[0].id + ") deployment completed.");
  EXPECT_EQ(said_now[2], "has reached a steady state.");
}

TEST_F(ControlTest, a_task_serves_only_when_every_worker_knows_it) {
  wish_service(1, 1, "blue");
  step();
  const std::string id = only_task();
  runtime.run(id);
  step();
  EXPECT_EQ(tasks()[0].last_status, "ACTIVATING");
  EXPECT_EQ(tasks()[0].targets[0].state, "checking");
  EXPECT_EQ(tasks()[0].targets[0].port, 30000);
  EXPECT_EQ(backend_state(id), BackendState::checking);

  health = route::Health::unknown;
  acknowledge();
  step();
  EXPECT_EQ(tasks()[0].last_status, "RUNNING");
  EXPECT_EQ(tasks()[0].targets[0].state, "checking");

  health = route::Health::healthy;
  acknowledge();
  step();
  EXPECT_EQ(tasks()[0].targets[0].state, "serving");
  EXPECT_EQ(backend_state(id), BackendState::serving);
  EXPECT_FALSE(tasks()[0].targets[0].acknowledged);
  EXPECT_FALSE(state().steady);

  acknowledge();
  step();
  EXPECT_TRUE(tasks()[0].targets[0].acknowledged);
  EXPECT_TRUE(state().steady);
  EXPECT_TRUE(said("registered 1 targets in (target-group " + group_arn("blue") + ")"));
}

TEST_F(ControlTest, what_the_store_says_is_in_force_once_every_worker_runs_a_table_that_says_it) {
  model::VirtualService service;
  service.about.scope = {"000000000000", "eu-central-1"};
  service.about.mesh = "m";
  service.about.name = "s.local";
  ASSERT_TRUE(store.commit(std::vector{store::put(service, store::Expect::kAny)}));
  step();
  EXPECT_EQ(control->in_force(), -1);
  EXPECT_FALSE(MUST(store.list(model::MeshAddress::kKind, "")).empty()) << "the table has its address already";
  acknowledge();
  EXPECT_EQ(control->in_force(), store.revision());
  service.about.status = "INACTIVE";
  ASSERT_TRUE(store.commit(std::vector{store::put(service, store::Expect::kAny)}));
  EXPECT_LT(control->in_force(), store.revision());
  step();
  EXPECT_EQ(control->in_force(), store.revision()) << "the table is the same";
  control->on_connected();
  EXPECT_EQ(control->in_force(), -1);
}

TEST_F(ControlTest, a_task_gets_its_sigterm_only_after_acknowledgement_and_its_last_exchange) {
  wish_service(1, 1, "blue");
  settle();
  const std::string id = only_task();
  const std::int64_t serving_version = control->table()->version;
  active_of[id] = 3;
  acknowledge();
  wish_service(0);
  step();
  EXPECT_EQ(tasks()[0].last_status, "DEACTIVATING");
  EXPECT_EQ(backend_state(id), BackendState::draining);
  active_of[id] = 0;
  say(serving_version);  // idle, but some worker may still send to it
  step();
  EXPECT_TRUE(runtime.sigterm.empty());
  active_of[id] = 1;
  acknowledge();
  step();
  EXPECT_TRUE(runtime.sigterm.empty());
  EXPECT_TRUE(tasks()[0].targets[0].draining_since);
  active_of[id] = 0;
  acknowledge();
  step();
  EXPECT_TRUE(runtime.sigterm.contains(id));
  EXPECT_EQ(tasks()[0].last_status, "STOPPING");
  EXPECT_FALSE(has_backend(id));
  runtime.end(id, 0);
  step();
  EXPECT_EQ(tasks()[0].last_status, "STOPPED");
  EXPECT_EQ(tasks()[0].stop_code, "ServiceSchedulerInitiated");
  EXPECT_EQ(tasks()[0].containers[0].exit_code, 0);
  EXPECT_TRUE(runtime.forgotten.contains(id));
  EXPECT_TRUE(said("has stopped 1 running tasks: (task " + id + ")."));
  EXPECT_TRUE(said("deregistered 1 targets in (target-group " + group_arn("blue") + ")"));
  EXPECT_TRUE(said("has begun draining connections on 1 tasks."));
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, the_deregistration_delay_counts_from_the_acknowledgement) {
  wish_group("blue", "10");
  wish_service(1, 1, "blue");
  settle();
  const std::string id = only_task();
  active_of[id] = 1;
  wish_service(0);
  step();
  clock.advance(hours(1));
  step();
  EXPECT_TRUE(runtime.sigterm.empty());  // no acknowledgement: it waits for ever
  acknowledge();
  auto next = step();
  ASSERT_TRUE(next);
  EXPECT_EQ(*next - clock.now(), seconds(10));
  clock.advance(seconds(9));
  step();
  EXPECT_TRUE(runtime.sigterm.empty());
  clock.advance(seconds(1));
  step();
  EXPECT_TRUE(runtime.sigterm.contains(id));
}

TEST_F(ControlTest, an_update_keeps_the_old_task_until_the_new_one_serves) {
  wish_service(1, 1, "blue");
  settle();
  const std::string old_id = only_task();
  clock.advance(seconds(1));
  wish_service(1, 2);
  step();
  ASSERT_EQ(tasks().size(), 2u);
  const std::string new_id = tasks()[1].id;
  EXPECT_EQ(runtime.specs[new_id].containers[0].image, "web:2");
  ASSERT_EQ(state().deployments.size(), 2u);
  EXPECT_EQ(state().deployments[0].status, "PRIMARY");
  EXPECT_EQ(state().deployments[1].status, "ACTIVE");
  runtime.run(new_id);
  step();
  acknowledge();
  step();  // healthy: serving in a table that is not acknowledged yet
  EXPECT_EQ(backend_state(new_id), BackendState::serving);
  EXPECT_EQ(backend_state(old_id), BackendState::serving);
  acknowledge();
  step();
  EXPECT_EQ(backend_state(old_id), BackendState::draining);
  settle();
  EXPECT_EQ(state().deployments.size(), 1u);
  EXPECT_EQ(state().deployments[0].rollout_state, "COMPLETED");
  EXPECT_EQ(tasks("STOPPED")[0].id, old_id);
}

TEST_F(ControlTest, a_crashed_task_leaves_the_table_at_once_and_is_replaced) {
  wish_service(2, 1, "blue");
  settle();
  const std::string id = tasks()[0].id;
  runtime.end(id, 137);
  step();
  EXPECT_FALSE(has_backend(id));
  EXPECT_EQ(tasks("STOPPED").size(), 1u);
  EXPECT_EQ(tasks("STOPPED")[0].stop_code, "EssentialContainerExited");
  EXPECT_EQ(tasks("STOPPED")[0].stopped_reason, "Essential container in task exited");
  EXPECT_EQ(tasks("STOPPED")[0].containers[0].exit_code, 137);
  EXPECT_EQ(tasks("PENDING").size(), 1u);  // it had served: no back-off
  EXPECT_EQ(state().failures_in_a_row, 0);
  settle();
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, a_task_that_cannot_start_is_tried_again_with_growing_delays) {
  wish_service(1, 1, "blue");
  step();
  const std::string reason = "CannotPullContainerError: web:1: not found";
  std::vector<Duration> delays;
  for (int i = 0; i < 5; ++i) {
    const auto pending = tasks("PENDING");
    ASSERT_EQ(pending.size(), 1u) << i;
    clock.advance(milliseconds(1));
    runtime.end(pending[0].id, 0, reason);
    const auto next = step();
    delays.push_back(tasks("PENDING").empty() ? *next - clock.now() : Duration(0));
    clock.advance(delays.back());
    step();
  }
  EXPECT_EQ(delays, (std::vector<Duration>{seconds(0), seconds(1), seconds(2), seconds(4), seconds(8)}));
  EXPECT_EQ(tasks("STOPPED")[0].stop_code, "TaskFailedToStart");
  EXPECT_EQ(tasks("STOPPED")[0].stopped_reason, reason);
  EXPECT_EQ(state().deployments[0].failed_tasks, 5);
  EXPECT_TRUE(said("was unable to place a task. Reason: " + reason));
  EXPECT_TRUE(said("is unable to consistently start tasks successfully."));
  settle();
  EXPECT_EQ(state().failures_in_a_row, 0);
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, a_new_deployment_ends_the_back_off) {
  wish_service(1);
  for (int i = 0; i < 4; ++i) {
    step();
    for (const auto& task : tasks("PENDING")) runtime.end(task.id, 1);
    step();
    clock.advance(seconds(5));
  }
  step();
  for (const auto& task : tasks("PENDING")) runtime.end(task.id, 1);
  step();
  EXPECT_TRUE(tasks("PENDING").empty());
  wish_service(1, 2);
  step();
  EXPECT_EQ(tasks("PENDING").size(), 1u);
}

TEST_F(ControlTest, an_unhealthy_task_is_replaced_once_its_grace_is_over) {
  wish_service(1, 1, "blue");
  change_service([](auto& service) { service.health_check_grace_period_seconds = 30; });
  settle();
  const std::string id = only_task();
  health_of[id] = route::Health::unhealthy;
  acknowledge();
  const auto next = step();
  EXPECT_EQ(tasks("RUNNING").size(), 1u);
  EXPECT_EQ(tasks()[0].targets[0].health, "unhealthy");
  clock.advance(*next - clock.now());
  step();
  EXPECT_EQ(tasks("DEACTIVATING").size(), 1u);
  EXPECT_EQ(tasks("DEACTIVATING")[0].stopped_reason,
            "Task failed ELB health checks in (target-group " + group_arn("blue") + ")");
  EXPECT_EQ(tasks("PENDING").size(), 1u);
  EXPECT_TRUE(said("(port 30000) is unhealthy in (target-group " + group_arn("blue") +
                   ") due to (reason Health checks failed)"));
  settle();
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, a_task_stopped_by_its_user_drains_and_is_replaced) {
  wish_service(1, 1, "blue");
  settle();
  auto task = tasks()[0];
  task.desired_status = "STOPPED";
  task.stop_code = "UserInitiated";
  task.stopped_reason = "because";
  wish(task);
  step();
  EXPECT_EQ(tasks("DEACTIVATING").size(), 1u);
  EXPECT_EQ(tasks("PENDING").size(), 1u);
  settle();
  EXPECT_EQ(tasks("STOPPED")[0].stop_code, "UserInitiated");
  EXPECT_EQ(tasks("STOPPED")[0].stopped_reason, "because");
  EXPECT_EQ(state().failures_in_a_row, 0);
}

TEST_F(ControlTest, hundred_hundred_says_that_it_cannot_move) {
  wish_service(2, 1, "blue");
  change_service([](auto& service) { service.maximum_percent = 100; });
  settle();
  wish_service(2, 2);
  settle();
  EXPECT_TRUE(said("was unable to stop or start tasks during a deployment because of the service deployment"));
  const auto count = messages().size();
  settle();
  EXPECT_EQ(messages().size(), count);
  change_service([](auto& service) { service.minimum_healthy_percent = 50; });
  settle();
  EXPECT_EQ(state().deployments.size(), 1u);
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, a_deleted_service_drains_becomes_inactive_and_goes_after_an_hour) {
  wish_service(2, 1, "blue");
  settle();
  change_service([](auto& service) { service.status = "DRAINING"; });
  step();
  EXPECT_EQ(tasks("DEACTIVATING").size(), 2u);
  settle();
  EXPECT_EQ(MUST(store::load<model::Service>(store, kScope.prefix() + "main/web"))->document.status, "INACTIVE");
  EXPECT_EQ(state().running_count, 0);
  EXPECT_EQ(tasks("STOPPED").size(), 2u);
  clock.advance(hours(1));
  EXPECT_FALSE(step());
  EXPECT_TRUE(tasks().empty());
  EXPECT_FALSE(MUST(store::load<model::Service>(store, kScope.prefix() + "main/web")));
  EXPECT_FALSE(MUST(store::load<model::ServiceState>(store, kScope.prefix() + "main/web")));
}

TEST_F(ControlTest, a_service_made_anew_begins_with_a_clean_sheet) {
  wish_service(1, 1);
  settle();
  change_service([](auto& service) { service.status = "DRAINING"; });
  settle();
  change_service([](auto& service) { service.status = "ACTIVE", service.deployment_id = "ecs-svc/2"; });
  settle();
  EXPECT_EQ(state().deployments.size(), 1u);
  EXPECT_EQ(messages()[0].find("has started 1 tasks"), 0u);
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, a_missing_task_definition_is_told_once) {
  wish_service(1, 9);
  step();
  EXPECT_TRUE(said("was unable to place a task. Reason: The task definition"));
  change_service([](auto& service) { service.propagate_tags = "SERVICE"; });
  step();
  EXPECT_EQ(messages().size(), 1u);
}

TEST_F(ControlTest, feedback_without_news_writes_nothing) {
  wish_service(2, 1, "blue");
  settle();
  const auto revision = store.revision();
  const auto tables = plane.tables.size();
  for (std::uint32_t i = 0; i < 5; ++i) {
    active_of[tasks()[0].id] = i % 2;
    acknowledge();
    step();
  }
  EXPECT_EQ(store.revision(), revision);
  EXPECT_EQ(plane.tables.size(), tables);
}

TEST_F(ControlTest, a_proxy_that_comes_back_gets_the_table_and_nobody_is_let_go_meanwhile) {
  wish_service(2, 1, "blue");
  settle();
  const auto tables = plane.tables.size();
  control->on_connected();
  EXPECT_EQ(plane.tables.size(), tables + 1);
  EXPECT_EQ(plane.tables.back(), control->table());
  wish_service(2, 2);
  step();
  health = route::Health::unknown;
  for (const auto& task : tasks("PENDING")) runtime.run(task.id);
  acknowledge();
  step();
  EXPECT_TRUE(tasks("DEACTIVATING").empty());
  health = route::Health::healthy;
  settle();
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, a_proxy_that_ran_a_foreign_newer_table_is_given_one_that_is_newer_still) {
  wish_service(1, 1, "blue");
  step();
  const std::string id = only_task();
  runtime.run(id);
  step();
  health = route::Health::unknown;
  say(1'000'000);
  step();
  EXPECT_EQ(tasks()[0].last_status, "ACTIVATING");
  EXPECT_GT(control->table()->version, 1'000'000);
  acknowledge();
  step();
  EXPECT_EQ(tasks()[0].last_status, "RUNNING");
}

TEST_F(ControlTest, after_a_restart_the_same_content_is_published_with_a_version_that_does_not_go_back) {
  wish_service(1, 1, "blue");
  settle();
  const auto before = *control->table();
  restart();
  step();
  auto after = *control->table();
  EXPECT_GE(after.version, before.version);
  after.version = before.version;
  EXPECT_EQ(after, before);
}

TEST_F(ControlTest, tasks_that_nobody_wished_are_stopped_and_forgotten) {
  ASSERT_TRUE(runtime.start({.id = "stray"}));
  runtime.run("stray");
  step();
  EXPECT_TRUE(runtime.sigterm.contains("stray"));
  runtime.end("stray", 143);
  step();
  EXPECT_TRUE(runtime.forgotten.contains("stray"));
}

TEST_F(ControlTest, a_task_whose_host_forgot_it_is_replaced) {
  wish_service(1, 1, "blue");
  settle();
  const std::string id = only_task();
  runtime.tasks.clear();
  step();
  EXPECT_EQ(tasks("STOPPED").size(), 1u);
  EXPECT_FALSE(has_backend(id));
  settle();
  EXPECT_TRUE(state().steady);
}

TEST_F(ControlTest, a_refused_start_is_tried_again) {
  runtime.refuse_starts = true;
  wish_service(1);
  const auto next = step();
  ASSERT_TRUE(next);
  EXPECT_EQ(log.lines.size(), 1u);
  runtime.refuse_starts = false;
  clock.advance(*next - clock.now());
  step();
  EXPECT_EQ(runtime.tasks.size(), 1u);
}

TEST_F(ControlTest, a_task_starts_with_what_was_prepared_for_it) {
  wish_definition(1);
  wish_service(1);
  settle();
  ASSERT_EQ(runtime.specs.size(), 1u);
  EXPECT_EQ(runtime.specs.begin()->second.containers[0].environment.at("SECRET"), "s");
}

TEST_F(ControlTest, a_task_whose_preparation_fails_for_good_ends_with_its_reason) {
  preparation.failure = {"ResourceInitializationError", "ResourceInitializationError: no secret", ErrorSource::client};
  wish_definition(1);
  wish_service(1);
  step();
  ASSERT_EQ(tasks("STOPPED").size(), 1u);
  const auto ended = tasks("STOPPED")[0];
  EXPECT_EQ(ended.stop_code, "TaskFailedToStart");
  EXPECT_EQ(ended.stopped_reason, "ResourceInitializationError: no secret");
  EXPECT_EQ(runtime.starts, 0);
  EXPECT_EQ(preparation.prepared[ended.id], 1);
  preparation.failure.reset();
  clock.advance(std::chrono::minutes(10));
  settle();
  EXPECT_EQ(tasks("RUNNING").size(), 1u);
}

TEST_F(ControlTest, a_preparation_that_cannot_be_made_now_is_tried_again) {
  preparation.failure = {"Io", "the disk is full"};
  wish_definition(1);
  wish_service(1);
  step();
  EXPECT_EQ(tasks("PROVISIONING").size(), 1u);
  preparation.failure.reset();
  clock.advance(std::chrono::seconds(10));
  settle();
  EXPECT_EQ(tasks("RUNNING").size(), 1u);
}

TEST_F(ControlTest, a_target_group_that_goes_takes_its_targets_out_in_order) {
  wish_service(1, 1, "blue");
  settle();
  const std::string id = only_task();
  unwish<model::TargetGroup>(kScope.prefix() + "blue");
  step();
  EXPECT_EQ(backend_state(id), BackendState::draining);
  acknowledge();
  step();
  EXPECT_FALSE(has_backend(id));
  EXPECT_EQ(tasks("RUNNING").size(), 1u);
}

TEST_F(ControlTest, says_what_the_proxy_says_of_listeners_once) {
  model::LoadBalancer balancer{.scope = kScope};
  balancer.balancer.LoadBalancerArn = "arn:lb";
  balancer.balancer.LoadBalancerName = "front";
  balancer.balancer.DNSName = "front.elb.localhost";
  wish(balancer);
  model::Listener listener{.scope = kScope};
  listener.listener.ListenerArn = "arn:listener";
  listener.listener.LoadBalancerArn = "arn:lb";
  listener.listener.Port = 80;
  wish(listener);
  step();
  ASSERT_EQ(control->table()->listeners.size(), 1u);
  EXPECT_EQ(control->table()->listeners[0].port, 8080);
  acknowledge();
  step();
  const auto stored = MUST(store::load<model::ListenerState>(store, listener.key()));
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->document.listening);
  acknowledge();
  step();
  EXPECT_EQ(MUST(store::load<model::ListenerState>(store, listener.key()))->revision, stored->revision);
  unwish<model::Listener>(listener.key());
  step();
  EXPECT_FALSE(MUST(store::load<model::ListenerState>(store, listener.key())));
}

TEST_F(ControlTest, tells_services_that_their_listener_cannot_be_reached_and_when_it_can_be_again) {
  wish_definition(1);
  wish_group("blue");
  wish_service(1, 1, "blue");
  model::LoadBalancer balancer{.scope = kScope};
  balancer.balancer.LoadBalancerArn = "arn:lb";
  balancer.balancer.LoadBalancerName = "front";
  wish(balancer);
  model::Listener listener{.scope = kScope};
  listener.listener.ListenerArn = "arn:listener";
  listener.listener.LoadBalancerArn = "arn:lb";
  listener.listener.Port = 9000;
  auto& action = listener.listener.DefaultActions.emplace().emplace_back();
  action.Type = "forward";
  action.TargetGroupArn = group_arn("blue");
  wish(listener);
  settle();
  const auto say = [&](bool listening, const std::string& error) {
    route::Feedback feedback{.acknowledged = control->table()->version};
    feedback.listeners.push_back({.listener = "port-9000", .listening = listening, .error = error});
    control->on_feedback(std::move(feedback));
    step();
  };
  EXPECT_FALSE(said("listener on port 9000")) << "it worked from the beginning";
  say(false, "Address already in use");
  EXPECT_EQ(messages().back(),
            "is not reachable through its load balancer's listener on port 9000: Address already in use");
  const auto told = messages().size();
  say(false, "Address already in use");
  EXPECT_EQ(messages().size(), told) << "once";
  say(true, "");
  EXPECT_EQ(messages().back(), "is reachable again through its load balancer's listener on port 9000.");
}

// A store whose commits fail as long as it is told to.
class StubbornStore final : public store::Store {
 public:
  explicit StubbornStore(store::Store& inner) : inner_(inner) {}
  Result<std::optional<store::Document>> get(const store::Key& key) override { return inner_.get(key); }
  Result<std::vector<store::Document>> list(std::string_view kind, std::string_view prefix) override {
    return inner_.list(kind, prefix);
  }
  Result<std::int64_t> commit(std::span<const store::Write> writes) override {
    ++tries;
    if (!error.empty()) return fail(error, "the disk is full", ErrorSource::store);
    return inner_.commit(writes);
  }
  std::int64_t revision() const override { return inner_.revision(); }
  Result<std::vector<store::Change>> changes(std::int64_t after) override { return inner_.changes(after); }
  void on_commit(std::function<void()>) override {}

  std::string error;
  int tries = 0;

 private:
  store::Store& inner_;
};

TEST_F(ControlTest, a_full_disk_is_told_once_and_loses_nothing) {
  StubbornStore stubborn(store);
  store_in_use = &stubborn;
  restart();
  stubborn.error = "Full";
  wish_service(2);
  for (int i = 0; i < 5; ++i) {
    const auto next = step();
    ASSERT_TRUE(next);
    EXPECT_TRUE(runtime.tasks.empty());
    const int tries = stubborn.tries;
    step();  // too early
    EXPECT_EQ(stubborn.tries, tries);
    clock.advance(*next - clock.now());
  }
  EXPECT_EQ(log.lines.size(), 1u);
  stubborn.error.clear();
  step();
  EXPECT_EQ(runtime.tasks.size(), 2u);
  control.reset();
}

TEST_F(ControlTest, a_kill_before_or_after_any_commit_changes_nothing_in_the_end) {
  using store::FaultStore;
  for (const auto death : {FaultStore::Death::before_commit, FaultStore::Death::after_commit}) {
    for (int at = 1; at <= 30; ++at) {
      SCOPED_TRACE(at);
      TestWorld world;
      world.wish_definition(1);
      world.wish_definition(2, "web:2");
      world.wish_group("blue");
      world.wish_service(2, 1, "blue");
      FaultStore mortal(world.store);
      mortal.die_at(at, death);
      world.store_in_use = &mortal;
      world.restart();
      const auto live = [&] {
        for (int i = 0; i < 30; ++i) {
          world.settle();
          if (mortal.dead() && world.store_in_use) {
            world.store_in_use = nullptr;
            world.restart();
          }
        }
      };
      live();
      world.clock.advance(milliseconds(5));
      world.wish_service(3, 2);
      live();
      EXPECT_EQ(world.tasks("RUNNING").size(), 3u);
      EXPECT_EQ(world.runtime.tasks.size(), 3u);
      EXPECT_EQ(world.tasks("STOPPED").size(), 2u);
      EXPECT_EQ(world.runtime.starts, 5);
      EXPECT_TRUE(world.state().steady);
      EXPECT_EQ(world.state().deployments.size(), 1u);
      world.control.reset();
    }
  }
}

}  // namespace
}  // namespace weir::control
