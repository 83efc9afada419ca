#include "control/task_reconciler.h"

#include <gtest/gtest.h>

#include <ostream>

#include "base/random.h"
#include "control/limits.h"
#include "control/test_time.h"

namespace weir::control {
namespace {

using model::Task;
using runtime::TaskPhase;
using std::chrono::seconds;

// What the runtime knows: "-" nothing, "refused" neither and it can never start, then the phases.
std::optional<runtime::TaskObservation> observation(const std::string& phase) {
  if (phase == "-" || phase == "refused") return std::nullopt;
  runtime::TaskObservation seen{.id = "t"};
  auto& container = seen.containers.emplace_back(runtime::ContainerObservation{.name = "app"});
  container.ports.push_back({8080, 30000});
  if (phase == "starting") seen.phase = TaskPhase::starting;
  if (phase == "running") seen.phase = TaskPhase::running, container.running = true, container.pid = 42;
  if (phase == "stopping") seen.phase = TaskPhase::stopping;
  if (phase == "releasing") seen.phase = TaskPhase::releasing, container.exit_code = 0;
  if (phase == "stopped") seen.phase = TaskPhase::stopped, container.exit_code = 3;
  if (phase == "failed") seen.phase = TaskPhase::stopped, seen.failure = "CannotPullContainerError: no such image";
  return seen;
}

// What the proxy knows of the target: "-" nothing; c, s, d: all workers have it checking, serving, draining; then its
// health u, h or x, and how many exchanges are in flight.
struct Proxy {
  explicit Proxy(const std::string& text) {
    const char state = text[0];
    view.acknowledged_checking = state == 'c' || state == 's';
    view.acknowledged_serving = state == 's';
    view.acknowledged_draining = state == 'd';
    view.drain_delay = seconds(10);
    if (text.size() < 3) return;
    status.health = text[1] == 'h'   ? route::Health::healthy
                    : text[1] == 'x' ? route::Health::unhealthy
                                     : route::Health::unknown;
    status.reason = "Timeout";
    status.active = static_cast<std::uint32_t>(text[2] - '0');
    view.status = &status;
  }
  route::BackendStatus status;
  TargetView view;
};

struct Row {
  const char* says;
  // before
  const char* desired;
  const char* last;
  const char* target;
  const char* runtime;
  const char* proxy;
  // after
  const char* desired_then;
  const char* last_then;
  const char* target_then;
  TaskEffect effect = TaskEffect::none;
  const char* stop_code = "";
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.says; }

Task task_of(const Row& row) {
  Task task{.id = "t", .desired_status = row.desired, .last_status = row.last, .created_at = kNow};
  task.containers.push_back({.name = "app"});
  if (*row.target) {
    task.targets.push_back({.target_group = "blue", .container = "app", .container_port = 8080, .state = row.target});
    if (std::string(row.target) == "serving") task.targets[0].health = "healthy";
  }
  task.since = kNow;
  if (task.last_status == "RUNNING") task.started_at = kNow;
  if (task.last_status == "STOPPED") task.stopped_at = kNow;
  return task;
}

const char* const kRun = "RUNNING";
const char* const kStop = "STOPPED";

const Row kStageRows[] = {
    {"a new task is begun", kRun, "PROVISIONING", "waiting", "-", "-", kRun, "PROVISIONING", "waiting",
     TaskEffect::start},
    {"and pending once the runtime has it", kRun, "PROVISIONING", "waiting", "starting", "-", kRun, "PENDING",
     "waiting"},
    {"a start that was lost with the machine is repeated", kRun, "PENDING", "waiting", "-", "-", kRun, "PENDING",
     "waiting", TaskEffect::start},
    {"a starting task is waited for", kRun, "PENDING", "waiting", "starting", "-", kRun, "PENDING", "waiting"},
    {"a running one without targets runs", kRun, "PENDING", "", "running", "-", kRun, kRun, ""},
    {"a running one enters the table as checking", kRun, "PENDING", "waiting", "running", "-", kRun, "ACTIVATING",
     "checking"},
    {"without a proxy it stays activating", kRun, "ACTIVATING", "checking", "running", "-", kRun, "ACTIVATING",
     "checking"},
    {"once every worker has it, it runs", kRun, "ACTIVATING", "checking", "running", "cu0", kRun, kRun, "checking"},
    {"health makes it serve", kRun, kRun, "checking", "running", "ch0", kRun, kRun, "serving"},
    {"ill health does not", kRun, kRun, "checking", "running", "cx0", kRun, kRun, "checking"},
    {"a serving one stays serving when its checks fail", kRun, kRun, "serving", "running", "sx0", kRun, kRun,
     "serving"},
    {"a proxy that knows nothing yet takes nothing back", kRun, kRun, "serving", "running", "-", kRun, kRun, "serving"},

    {"told to stop before anything began", kStop, "PROVISIONING", "waiting", "-", "-", kStop, "STOPPED", "gone"},
    {"told to stop before its start was asked for", kStop, "PENDING", "waiting", "-", "-", kStop, "STOPPED", "gone"},
    {"told to stop while starting: nothing to drain", kStop, "PENDING", "waiting", "starting", "-", kStop, "STOPPING",
     "waiting", TaskEffect::stop},
    {"told to stop without targets", kStop, kRun, "", "running", "-", kStop, "STOPPING", "", TaskEffect::stop},
    {"told to stop while serving: drains first", kStop, kRun, "serving", "running", "sh1", kStop, "DEACTIVATING",
     "draining"},
    {"told to stop while checking: drains too", kStop, kRun, "checking", "running", "cu0", kStop, "DEACTIVATING",
     "draining"},
    {"draining waits for the acknowledgement although idle", kStop, "DEACTIVATING", "draining", "running", "sh0", kStop,
     "DEACTIVATING", "draining"},
    {"draining waits without a proxy", kStop, "DEACTIVATING", "draining", "running", "-", kStop, "DEACTIVATING",
     "draining"},
    {"draining waits for what is in flight", kStop, "DEACTIVATING", "draining", "running", "dh1", kStop, "DEACTIVATING",
     "draining"},
    {"draining of which the proxy says nothing waits", kStop, "DEACTIVATING", "draining", "running", "d", kStop,
     "DEACTIVATING", "draining"},
    {"acknowledged and idle: SIGTERM", kStop, "DEACTIVATING", "draining", "running", "dh0", kStop, "STOPPING", "gone",
     TaskEffect::stop},
    {"a stop that got lost is repeated", kStop, "STOPPING", "gone", "running", "-", kStop, "STOPPING", "gone",
     TaskEffect::stop},
    {"a stopping task is waited for", kStop, "STOPPING", "gone", "stopping", "-", kStop, "STOPPING", "gone"},
    {"its last process has gone, what it had has not", kStop, "STOPPING", "gone", "releasing", "-", kStop,
     "DEPROVISIONING", "gone"},
    {"what it had is given back", kStop, "DEPROVISIONING", "gone", "stopped", "-", kStop, "DEPROVISIONING", "gone",
     TaskEffect::forget},
    {"both at once", kStop, "STOPPING", "gone", "stopped", "-", kStop, "DEPROVISIONING", "gone", TaskEffect::forget},
    {"and nothing is left of it", kStop, "DEPROVISIONING", "gone", "-", "-", kStop, "STOPPED", "gone"},
    {"forgetting that got lost is repeated", kStop, "STOPPED", "gone", "stopped", "-", kStop, "STOPPED", "gone",
     TaskEffect::forget},
    {"what should be over and runs is stopped", kStop, "STOPPED", "gone", "running", "-", kStop, "STOPPED", "gone",
     TaskEffect::stop},

    {"one that can never start", kRun, "PENDING", "waiting", "refused", "-", kStop, "STOPPED", "gone", TaskEffect::none,
     "TaskFailedToStart"},
    {"an unknown image", kRun, "PENDING", "waiting", "failed", "-", kStop, "DEPROVISIONING", "gone", TaskEffect::forget,
     "TaskFailedToStart"},
    {"an end before it was seen running", kRun, "PENDING", "waiting", "stopped", "-", kStop, "DEPROVISIONING", "gone",
     TaskEffect::forget, "EssentialContainerExited"},
    {"a crash leaves the table at once", kRun, kRun, "serving", "stopped", "sh1", kStop, "DEPROVISIONING", "gone",
     TaskEffect::forget, "EssentialContainerExited"},
    {"a crash of which some processes are left", kRun, kRun, "serving", "stopping", "sh1", kStop, "STOPPING", "gone",
     TaskEffect::none, "EssentialContainerExited"},
    {"a crash of which nothing is given back yet", kRun, kRun, "serving", "releasing", "sh1", kStop, "DEPROVISIONING",
     "gone", TaskEffect::none, "EssentialContainerExited"},
    {"a crash while draining", kStop, "DEACTIVATING", "draining", "stopped", "sh1", kStop, "DEPROVISIONING", "gone",
     TaskEffect::forget},
    {"a task that the runtime lost", kRun, kRun, "serving", "-", "sh0", kStop, "STOPPED", "gone", TaskEffect::none,
     "EssentialContainerExited"},
    {"a stopping task that the runtime lost", kStop, "STOPPING", "gone", "-", "-", kStop, "STOPPED", "gone"},
};

class TaskStages : public ::testing::TestWithParam<Row> {};

TEST_P(TaskStages, step) {
  const Row& row = GetParam();
  const Task task = task_of(row);
  auto seen = observation(row.runtime);
  const Proxy proxy(row.proxy);
  const std::string refusal = "ResourceInitializationError: no secret";
  TaskView view{.observation = seen ? &*seen : nullptr};
  if (std::string(row.runtime) == "refused") view.refusal = &refusal;
  if (!task.targets.empty()) view.targets.push_back(proxy.view);
  const TaskStep step = step_task(task, view, kNow);
  EXPECT_EQ(step.task.desired_status, row.desired_then) << row.says;
  EXPECT_EQ(step.task.last_status, row.last_then) << row.says;
  EXPECT_EQ(task.targets.empty() ? "" : step.task.targets[0].state, row.target_then) << row.says;
  EXPECT_EQ(step.effect, row.effect) << row.says;
  EXPECT_EQ(step.task.stop_code, row.stop_code) << row.says;

  // Once more with its own result: nothing changes, and nothing is told twice.
  const TaskStep first_again = step_task(step.task, view, kNow);
  const TaskStep again = step_task(first_again.task, view, kNow);
  EXPECT_FALSE(again.changed) << row.says;
  EXPECT_TRUE(again.news.empty()) << row.says;
  EXPECT_EQ(to_json_shape(again.task).dump(), to_json_shape(first_again.task).dump());
}

INSTANTIATE_TEST_SUITE_P(Life, TaskStages, ::testing::ValuesIn(kStageRows));

TEST(TaskReconcilerTest, notes_what_the_containers_did) {
  Task task = task_of({.desired = kRun, .last = "PENDING", .target = "waiting"});
  auto seen = *observation("running");
  seen.containers[0].image_digest = "sha256:1";
  const TaskView view{.observation = &seen, .targets = {TargetView{}}};
  task = step_task(task, view, kNow).task;
  EXPECT_EQ(task.address, "127.0.0.1");
  EXPECT_EQ(task.targets[0].port, 30000);
  EXPECT_EQ(task.targets[0].address, "127.0.0.1");
  EXPECT_EQ(task.containers[0].last_status, "RUNNING");
  EXPECT_EQ(task.containers[0].pid, 42);
  EXPECT_EQ(task.containers[0].image_digest, "sha256:1");
  EXPECT_EQ(task.containers[0].network_bindings[0].hostPort, 30000);
  EXPECT_EQ(task.version, 2);
}

TEST(TaskReconcilerTest, an_end_for_want_of_memory_is_the_tasks_reason) {
  Task task = task_of({.desired = kRun, .last = "RUNNING", .target = "serving"});
  auto seen = *observation("stopped");
  seen.failure.clear();
  seen.containers[0].exit_code = 137;
  seen.containers[0].reason = "OutOfMemoryError: Container killed due to memory usage";
  task = step_task(task, {.observation = &seen, .targets = {TargetView{}}}, kNow).task;
  EXPECT_EQ(task.stopped_reason, "OutOfMemoryError: Container killed due to memory usage");
  EXPECT_EQ(task.stop_code, "EssentialContainerExited");
  EXPECT_EQ(task.containers[0].exit_code, 137);
}

TEST(TaskReconcilerTest, at_an_address_of_its_own_a_task_binds_no_port_of_the_host) {
  Task task = task_of({.desired = kRun, .last = "PENDING", .target = "waiting"});
  auto seen = *observation("running");
  seen.address = "169.254.172.9";
  seen.mac = "0a:58:a9:fe:ac:09";
  task = step_task(task, {.observation = &seen, .targets = {TargetView{}}}, kNow).task;
  EXPECT_EQ(task.address, "169.254.172.9");
  EXPECT_EQ(task.targets[0].address, "169.254.172.9");
  EXPECT_TRUE(task.containers[0].network_bindings.empty());
}

TEST(TaskReconcilerTest, a_target_on_an_unmapped_port_uses_the_port_itself) {
  Task task = task_of({.desired = kRun, .last = "PENDING", .target = "waiting"});
  task.targets[0].container_port = 9000;
  auto seen = *observation("running");
  task = step_task(task, {.observation = &seen, .targets = {TargetView{}}}, kNow).task;
  EXPECT_EQ(task.targets[0].port, 9000);
}

TEST(TaskReconcilerTest, the_drain_delay_ends_the_wait) {
  Task task = task_of({.desired = kStop, .last = "DEACTIVATING", .target = "draining"});
  auto seen = *observation("running");
  const Proxy proxy("dh1");
  const TaskView view{.observation = &seen, .targets = {proxy.view}};
  const TaskStep first = step_task(task, view, kNow);
  EXPECT_EQ(first.next, kNow + seconds(10));
  EXPECT_EQ(first.effect, TaskEffect::none);
  const TaskStep last = step_task(first.task, view, kNow + seconds(10));
  EXPECT_EQ(last.effect, TaskEffect::stop);
}

TEST(TaskReconcilerTest, every_target_must_have_drained) {
  Task task = task_of({.desired = kStop, .last = "DEACTIVATING", .target = "draining"});
  task.targets.push_back(task.targets[0]);
  auto seen = *observation("running");
  const Proxy idle("dh0"), busy("dh2");
  const TaskStep step = step_task(task, {.observation = &seen, .targets = {idle.view, busy.view}}, kNow);
  EXPECT_EQ(step.task.targets[0].state, "gone");
  EXPECT_EQ(step.task.targets[1].state, "draining");
  EXPECT_EQ(step.effect, TaskEffect::none);
}

TEST(TaskReconcilerTest, no_sigterm_as_long_as_names_may_lead_to_the_task) {
  Task task = task_of({.desired = kStop, .last = "RUNNING", .target = ""});
  task.registries = {{.service = "srv-1", .state = "entered", .health = "HEALTHY"}};
  auto seen = *observation("running");
  // As the document was, which still told of it.
  const TaskStep leaves = step_task(task, {.observation = &seen, .names_followed = true}, kNow);
  EXPECT_EQ(leaves.task.registries[0].state, "gone");
  EXPECT_EQ(leaves.task.last_status, "DEACTIVATING");
  EXPECT_EQ(leaves.effect, TaskEffect::none);
  EXPECT_TRUE(leaves.awaits_names);
  const TaskStep waits = step_task(leaves.task, {.observation = &seen, .names_followed = false}, kNow);
  EXPECT_FALSE(waits.changed);
  EXPECT_TRUE(waits.awaits_names);
  const TaskStep stops = step_task(leaves.task, {.observation = &seen, .names_followed = true}, kNow);
  EXPECT_EQ(stops.task.last_status, "STOPPING");
  EXPECT_EQ(stops.effect, TaskEffect::stop);
  // Written since, which names have yet to follow: it stays on its way.
  EXPECT_EQ(step_task(stops.task, {.observation = &seen, .names_followed = false}, kNow).task.last_status, "STOPPING");
  // Where nobody tells of names, nobody waits for them.
  EXPECT_EQ(step_task(task, {.observation = &seen}, kNow).effect, TaskEffect::stop);
}

TEST(TaskReconcilerTest, a_task_that_moved_from_node_to_node_counts_while_it_drains_for_the_old_one) {
  const std::string nodes = "arn:aws:appmesh:eu-west-1:000000000000:mesh/m/virtualNode/";
  Task task = task_of({.desired = kRun, .last = kRun, .target = "draining"});
  task.targets[0].target_group = nodes + "old:8080";
  task.targets.push_back({.target_group = nodes + "new:8080", .state = "serving", .health = "healthy"});
  auto seen = *observation("running");
  const Proxy leaves("dx2"), serves("sh0");
  TaskView view{.observation = &seen, .targets = {leaves.view, serves.view}};
  view.targets[0].group_exists = false;
  const TaskStep step = step_task(task, view, kNow);
  EXPECT_EQ(step.task.targets[0].state, "draining");
  EXPECT_TRUE(is_up(step.task));
  EXPECT_TRUE(step.serves_now);
  EXPECT_TRUE(has_proved_itself(step.task, kNow));
  const Proxy has_left("dx0");
  view.targets[0] = has_left.view;
  view.targets[0].group_exists = false;
  const TaskStep left = step_task(step.task, view, kNow);
  EXPECT_EQ(left.task.targets[0].state, "gone");
  EXPECT_TRUE(is_up(left.task));
  EXPECT_TRUE(left.serves_now);
  // What a target group drains is let go; and where it only drains it serves nobody.
  Task balanced = step.task;
  balanced.targets[0].target_group = "blue";
  EXPECT_FALSE(is_up(balanced));
  Task alone = step.task;
  alone.targets.pop_back();
  EXPECT_FALSE(is_up(alone));
}

TEST(TaskReconcilerTest, a_stopped_task_is_kept_for_an_hour) {
  const Task task = task_of({.desired = kStop, .last = "STOPPED", .target = "gone"});
  const TaskStep kept = step_task(task, {.targets = {TargetView{}}}, kNow);
  EXPECT_FALSE(kept.erase);
  EXPECT_EQ(kept.next, kNow + kKeepEnded);
  EXPECT_TRUE(step_task(task, {.targets = {TargetView{}}}, kNow + kKeepEnded).erase);
}

TEST(TaskReconcilerTest, tells_an_early_end_from_a_late_one) {
  const struct {
    const char* target;
    bool acknowledged;
    seconds ran;
    TaskNews news;
  } kEnds[] = {{"", false, seconds(1), TaskNews::ended_early},
               {"", false, seconds(10), TaskNews::ended},
               {"serving", true, seconds(1), TaskNews::ended},
               {"serving", false, seconds(60), TaskNews::ended_early}};
  for (const auto& row : kEnds) {
    Task task = task_of({.desired = kRun, .last = kRun, .target = row.target});
    if (*row.target) task.targets[0].acknowledged = row.acknowledged;
    auto seen = *observation("stopped");
    TaskView view{.observation = &seen};
    if (*row.target) view.targets.emplace_back();
    const TaskStep step = step_task(task, view, kNow + row.ran);
    ASSERT_EQ(step.news.size(), 1u);
    EXPECT_EQ(step.news[0].news, row.news);
  }
}

// Whatever runtime and proxy say in whatever order: a SIGTERM needs the acknowledgement of a target that was ever in
// the table, unless the task ended by itself; a stopped task stays stopped.
TEST(TaskReconcilerTest, no_order_of_news_brings_a_sigterm_before_the_acknowledgement) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    Task task = task_of({.desired = kRun, .last = "PROVISIONING", .target = "waiting"});
    bool acknowledged = false;
    std::string phase = "-";
    for (int i = 0; i < 40; ++i) {
      const bool was_stopped = task.last_status == "STOPPED";
      const std::string state = task.targets[0].state;
      std::string says = "-";
      if (state == "checking" && random.chance(60)) says = "c";
      if (state == "serving" && random.chance(60)) says = random.chance(50) ? "s" : "c";
      if (state == "draining" && random.chance(40)) says = random.chance(50) ? "d" : "s";
      if (says != "-") says += std::string(1, "uhx"[random.below(3)]) + std::to_string(random.below(2));
      if (says[0] == 'd') acknowledged = true;
      auto seen = observation(phase);
      const Proxy proxy(says);
      const TaskStep step =
          step_task(task, {.observation = seen ? &*seen : nullptr, .targets = {proxy.view}}, kNow + seconds(i));
      task = step.task;
      if (step.effect == TaskEffect::stop) {
        ASSERT_TRUE(acknowledged || !task.targets[0].port) << seed;
        if (phase == "running" && random.chance(50)) phase = "stopping";
      }
      ASSERT_TRUE(!was_stopped || task.last_status == "STOPPED");
      if (step.effect == TaskEffect::start) phase = "starting";
      if (phase == "starting" && random.chance(30)) phase = random.chance(90) ? "running" : "failed";
      if (phase == "running" && random.chance(3)) phase = "stopped";
      if (phase == "stopping" && random.chance(30)) phase = "stopped";
      if (random.chance(4)) task.desired_status = "STOPPED";
    }
  }
}

}  // namespace
}  // namespace weir::control
