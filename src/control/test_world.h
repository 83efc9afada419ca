// TestWorld: control's neighbours as hand-written fakes, and short ways to say a wish and to look at what became of it.
// For tests only; one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "control/control.h"
#include "model/documents.h"
#include "store/memory_store.h"

namespace weir::control::testing {

inline const model::Scope kScope{"000000000000", "eu-west-1"};

inline std::string group_arn(const std::string& name) {
  return "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/" + name + "/0123456789abcdef";
}
inline std::string definition_arn(const std::string& family, int revision) {
  return "arn:aws:ecs:eu-west-1:000000000000:task-definition/" + family + ":" + std::to_string(revision);
}

// Tasks move on only when a test says so.
class FakeRuntime final : public runtime::Runtime {
 public:
  Result<> start(const runtime::TaskSpec& spec) override {
    ++starts;
    if (refuse_starts) return fail("Io", "no room");
    if (tasks.contains(spec.id)) return {};
    runtime::TaskObservation task{.id = spec.id};
    for (const auto& container : spec.containers) {
      runtime::ContainerObservation seen{.name = container.name};
      for (const auto& port : container.ports) seen.ports.push_back({port.container_port, next_port++});
      task.containers.push_back(seen);
    }
    specs[spec.id] = spec;
    tasks[spec.id] = task;
    return {};
  }
  void stop(const std::string& id) override {
    if (tasks.contains(id)) sigterm.insert(id);
  }
  void forget(const std::string& id) override {
    tasks.erase(id);
    forgotten.insert(id);
  }
  std::optional<runtime::TaskObservation> find(const std::string& id) const override {
    const auto found = tasks.find(id);
    if (found == tasks.end()) return std::nullopt;
    return found->second;
  }
  std::vector<runtime::ContainerUse> stats(const std::string& id) const override {
    ++looks;
    const auto found = uses.find(id);
    return found == uses.end() ? std::vector<runtime::ContainerUse>() : found->second;
  }
  std::vector<std::string> list() const override {
    std::vector<std::string> ids;
    for (const auto& [id, task] : tasks) ids.push_back(id);
    return ids;
  }
  void on_change(std::function<void(const std::string&)>) override {}

  void run(const std::string& id) {
    tasks[id].phase = runtime::TaskPhase::running;
    for (auto& container : tasks[id].containers) container.running = true, container.pid = 4711;
  }
  void end(const std::string& id, int exit_code, std::string failure = "") {
    tasks[id].phase = runtime::TaskPhase::stopped;
    tasks[id].failure = std::move(failure);
    for (auto& container : tasks[id].containers) container.running = false, container.exit_code = exit_code;
  }

  std::map<std::string, runtime::TaskObservation> tasks;
  std::map<std::string, runtime::TaskSpec> specs;
  std::map<std::string, std::vector<runtime::ContainerUse>> uses;
  std::set<std::string> sigterm, forgotten;
  mutable std::size_t looks = 0;  // at uses
  std::uint16_t next_port = 30000;
  int starts = 0;
  bool refuse_starts = false;
};

// Prepares nothing, and fails as it is told.
class FakePreparation final : public Preparation {
 public:
  Result<> prepare(const model::Task& task, const model::ecs::TaskDefinition&, runtime::TaskSpec& spec) override {
    ++prepared[task.id];
    if (failure) return std::unexpected(*failure);
    spec.containers.at(0).environment["SECRET"] = "s";
    return {};
  }
  std::map<std::string, int> prepared;  // how often, by task
  std::optional<Error> failure;
};

class FakeDataPlane final : public DataPlane {
 public:
  void publish(route::RouteTablePointer table) override { tables.push_back(std::move(table)); }
  std::vector<route::RouteTablePointer> tables;
};

class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view message) override {
    if (level >= LogLevel::warning) lines.emplace_back(message);
  }
  std::vector<std::string> lines;
};

// Stands still until told otherwise; its calendar can be moved besides.
class MovableClock final : public Clock {
 public:
  Instant now() const override { return steady_.now(); }
  Timestamp wall() const override { return steady_.wall() + moved_; }
  void advance(Duration by) { steady_.advance(by); }
  void move_calendar(Duration by) { moved_ += by; }

 private:
  ManualClock steady_;
  Duration moved_{};
};

class TestWorld {
 public:
  TestWorld() { restart(); }

  // Control dies and is made anew on the same store, runtime and proxy.
  void restart() {
    control.reset();
    control = std::make_unique<Control>(store_in_use ? *store_in_use : store, runtime, plane, clock, random, log,
                                        ControlOptions{.port_offset = 8000, .preparation = &preparation});
    control->on_connected();
  }
  std::optional<Instant> step() { return control->step(); }

  // --- wishes
  template <class D>
  void wish(const D& document) {
    (void)MUST(store.commit(std::vector{store::put(document, store::Expect::kAny)}));
  }
  template <class D>
  void unwish(const std::string& key) {
    (void)MUST(store.commit(std::vector{store::Write{{D::kKind, key}, std::nullopt}}));
  }
  void wish_definition(int revision, const std::string& image = "web:1") {
    model::TaskDefinition document{.scope = kScope};
    document.definition.family = "web";
    document.definition.revision = revision;
    document.definition.taskDefinitionArn = definition_arn("web", revision);
    model::ecs::ContainerDefinition container;
    container.name = "app";
    container.image = image;
    container.portMappings.emplace().emplace_back().containerPort = 8080;
    document.definition.containerDefinitions.emplace().push_back(container);
    wish(document);
  }
  void wish_group(const std::string& name, const std::string& delay = "300") {
    model::TargetGroup document{.scope = kScope};
    document.group.TargetGroupArn = group_arn(name);
    document.group.TargetGroupName = name;
    document.group.Protocol = "HTTP";
    document.attributes["deregistration_delay.timeout_seconds"] = delay;
    wish(document);
  }
  void wish_service(std::int32_t desired, int revision = 1, const std::string& group = "") {
    model::Service service{.scope = kScope, .cluster = "main", .name = "web"};
    if (auto stored = MUST(store::load<model::Service>(store, kScope.prefix() + "main/web"))) {
      service = stored->document;
    } else {
      service.created_at = clock.wall();
    }
    const std::string arn = definition_arn("web", revision);
    if (service.task_definition != arn) {
      service.task_definition = arn;
      service.deployment_id = "ecs-svc/" + std::to_string(1'000'000'000'000'000'000 + revision);
      service.deployment_created_at = clock.wall();
    }
    service.desired_count = desired;
    if (!group.empty()) {
      service.load_balancers.clear();
      auto& balancer = service.load_balancers.emplace_back();
      balancer.targetGroupArn = group_arn(group);
      balancer.containerName = "app";
      balancer.containerPort = 8080;
    }
    wish(service);
  }
  template <class Change>
  void change_service(Change change) {
    auto stored = *MUST(store::load<model::Service>(store, kScope.prefix() + "main/web"));
    change(stored.document);
    wish(stored.document);
  }

  // --- facts
  std::vector<model::Task> tasks() {
    std::vector<model::Task> all;
    for (auto& each : MUST(store::load_all<model::Task>(store, ""))) all.push_back(std::move(each.document));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.created_at < b.created_at; });
    return all;
  }
  std::vector<model::Task> tasks(const std::string& last_status) {
    auto all = tasks();
    std::erase_if(all, [&](const auto& task) { return task.last_status != last_status; });
    return all;
  }
  model::ServiceState state() {
    return MUST(store::load<model::ServiceState>(store, kScope.prefix() + "main/web"))->document;
  }
  std::vector<std::string> messages() {  // oldest first, without the service's name
    std::vector<std::string> all;
    for (const auto& event : state().events) all.push_back(event.message.substr(event.message.find(')') + 2));
    std::reverse(all.begin(), all.end());
    return all;
  }
  bool said(const std::string& part) {
    const auto all = messages();
    return std::any_of(all.begin(), all.end(), [&](const auto& m) { return m.find(part) != std::string::npos; });
  }
  route::BackendState backend_state(const std::string& task_id) {
    for (const auto& pool : control->table()->pools) {
      for (const auto& backend : pool.backends) {
        if (backend.id.starts_with(task_id)) return backend.state;
      }
    }
    ADD_FAILURE() << "no backend of " << task_id;
    return {};
  }
  bool has_backend(const std::string& task_id) {
    for (const auto& pool : control->table()->pools) {
      for (const auto& backend : pool.backends) {
        if (backend.id.starts_with(task_id)) return true;
      }
    }
    return false;
  }

  // --- the proxy: it runs the newest table, and says so
  route::Health health = route::Health::healthy;
  std::map<std::string, route::Health> health_of;  // by task id
  std::map<std::string, std::uint32_t> active_of;
  void acknowledge() { say(control->table()->version); }
  void say(std::int64_t version) {
    route::Feedback feedback{.acknowledged = version};
    for (const auto& pool : control->table()->pools) {
      for (const auto& backend : pool.backends) {
        const std::string id = backend.id.substr(0, backend.id.find(':'));
        feedback.backends.push_back({.pool = pool.id,
                                     .backend = backend.id,
                                     .health = health_of.contains(id) ? health_of[id] : health,
                                     .active = active_of[id]});
      }
    }
    for (const auto& listener : control->table()->listeners) {
      feedback.listeners.push_back({.listener = listener.id, .listening = true});
    }
    control->on_feedback(std::move(feedback));
  }
  // Lets everything happen that comes of itself: tasks run, the proxy acknowledges, told tasks end.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      step();
      for (const auto& id : runtime.list()) {
        if (runtime.tasks[id].phase == runtime::TaskPhase::starting) runtime.run(id);
        if (runtime.sigterm.contains(id)) runtime.end(id, 143);
      }
      if (control->table()) acknowledge();
    }
    step();
  }

  store::MemoryStore store;
  store::Store* store_in_use = nullptr;
  FakeRuntime runtime;
  FakePreparation preparation;
  FakeDataPlane plane;
  MovableClock clock;
  Random random{7};
  RecordingLog log;
  std::unique_ptr<Control> control;
};

}  // namespace weir::control::testing
