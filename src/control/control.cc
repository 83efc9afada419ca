#include "control/control.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/check.h"
#include "control/definition_keep.h"
#include "control/deployment_alarms.h"
#include "control/discovery_writes.h"
#include "control/hook_desk.h"
#include "control/limits.h"
#include "control/listener_news.h"
#include "control/mesh_control.h"
#include "control/mesh_logs.h"
#include "control/mirror.h"
#include "control/pool_compiler.h"
#include "control/publication.h"
#include "control/route_writes.h"
#include "control/runtime_watch.h"
#include "control/service_reconciler.h"
#include "control/table_compiler.h"
#include "control/target_reconciler.h"
#include "control/task_reconciler.h"
#include "control/task_spec.h"
#include "control/time_keeper.h"
#include "control/wake_list.h"

namespace weir::control {

namespace {

// Puts the group among `groups`, or takes it out.
void note(std::set<Group>& groups, const Group& group, bool is_among) {
  if (is_among) {
    groups.insert(group);
  } else {
    groups.erase(group);
  }
}

}  // namespace

struct Control::State {
  State(store::Store& the_store, runtime::Runtime& the_runtime, DataPlane& the_data_plane, const Clock& the_clock,
        Random& the_random, Log& the_log, ControlOptions the_options)
      : store(the_store),
        runtime(the_runtime),
        data_plane(the_data_plane),
        clock(the_clock),
        random(the_random),
        log(the_log),
        options(std::move(the_options)),
        time(the_clock, options.boot),
        mirror(the_store, the_log),
        watch(the_runtime),
        definitions(the_store),
        mesh(mirror, definitions, the_clock, the_log,
             {.range = options.mesh_range, .port_offset = options.port_offset, .balancers_at = options.listen_address},
             options.certificates, options.access_logs) {}

  std::optional<Instant> step();
  void hear(route::Feedback feedback);

  // --- what there is to do
  bool know_the_time();
  bool gather();
  void look_at_runtime();
  // The store failed a moment ago.
  bool is_waiting() const { return retry != Duration(0) && clock.now() < retry_at; }
  std::optional<Instant> next_instant() const;

  // --- one group
  // False where the store failed; what was to be done then stays to be done.
  bool reconcile(const Group& group);
  bool reconcile_service(const Group& group, const store::Versioned<model::Service>& service);
  struct History {
    std::optional<store::Versioned<model::ServiceDeployment>> record;
    std::optional<model::ServiceRevision> fallback;
    const model::TaskDefinition* fallback_definition = nullptr;
  };
  Result<> find_definitions(ServiceView& view);
  Result<History> deployment_of(const ServiceView& view);
  Result<> erase_history(const model::Service& service, std::vector<store::Write>& writes);
  bool reconcile_tasks_alone(const Group& group);
  bool reconcile_targets(const Group& group);
  TaskStep step_one(const store::Versioned<model::Task>& task);
  bool follow_mesh();
  std::vector<TaskStep> step_tasks(const std::set<std::string>& keys);
  TaskView view_task(const model::Task& task, std::optional<runtime::TaskObservation>& observation,
                     const std::vector<MeshWish>& wishes) const;
  TargetView view_target(const std::string& pool, const std::string& backend) const;
  bool write_tasks(const std::vector<TaskStep>& steps, std::vector<store::Write>& writes);
  void carry_out(const Group& group, const std::vector<TaskStep>& steps, std::optional<Moment> next,
                 bool awaits = false);
  std::optional<Moment> start(const model::Task& task);
  // Errors: with ErrorSource::client it can never start.
  Result<> start(const model::Task& task, const model::ecs::TaskDefinition& definition);

  // --- the table
  void publish();
  bool note_listeners();

  // --- the store
  enum class Committed { yes, conflict, failed };
  Committed commit(const std::vector<store::Write>& writes);
  void store_works();
  void store_failed(const Error& error);

  store::Store& store;
  runtime::Runtime& runtime;
  DataPlane& data_plane;
  const Clock& clock;
  Random& random;
  Log& log;
  const ControlOptions options;
  TimeKeeper time;

  Mirror mirror;
  RuntimeWatch watch;
  Publication publication;
  CompiledTable compiled;  // its table moved into the publication; who is served by what stays
  WakeList wakes;
  std::set<Group> dirty;
  std::set<Group> awaiting;  // an acknowledgement
  std::set<Group> draining;  // targets that finish what they have
  std::set<Group> named;     // tasks to which names may still lead
  std::int64_t names_followed = -1;
  bool compiled_once = false;
  bool listeners_dirty = false;
  Now now;

  HookDesk hooks;
  DefinitionKeep definitions;
  MeshControl mesh;
  std::set<std::string> failing_starts;         // tasks whose start was refused, and that was logged
  std::map<std::string, std::string> refusals;  // tasks that can never start: why, until they have ended
  Duration retry{};                             // not 0 while the store fails
  Instant retry_at;
};

// --- the turn
// -----------------------------------------------------------------------------------------------------------

std::optional<Instant> Control::State::step() {
  if (is_waiting()) return retry_at;
  if (!know_the_time()) return next_instant();
  for (int round = 0; round < kMostRounds; ++round) {
    if (auto followed = mirror.follow(); !followed) {
      store_failed(followed.error());
      return next_instant();
    }
    if (!gather()) {
      publish();
      if (!note_listeners()) return next_instant();
      dirty.merge(mirror.take_dirty());
      if (dirty.empty()) {
        store_works();
        return next_instant();
      }
    }
    for (const Group& group : std::exchange(dirty, {})) {
      // After a failure nothing more is tried in this step, and nothing is forgotten.
      if (is_waiting() || !reconcile(group)) dirty.insert(group);
    }
    if (is_waiting()) return next_instant();
  }
  log.error("control: two decisions undo each other; going on later");
  retry_at = clock.now() + kFirstRetry;
  retry = kFirstRetry;
  return next_instant();
}

// False where the store failed.
bool Control::State::know_the_time() {
  if (!time.resumed()) {
    auto stored = store::load<model::TimeLine>(store, model::TimeLine::kKey);
    if (!stored) {
      store_failed(stored.error());
      return false;
    }
    time.resume(*stored ? std::optional((*stored)->document) : std::nullopt);
  }
  now = time.now();
  // Where that fails the next step tries again; no task has to wait for it.
  const auto line = time.worth_storing();
  if (line && store.commit(std::vector{store::put(*line, store::Expect::kAny)})) time.on_stored(*line);
  return true;
}

// Whether there is anything to be done before a table says all that the store does.
bool Control::State::gather() {
  dirty.merge(mirror.take_dirty());
  dirty.merge(wakes.take_due(now.moment));
  const bool numbered = follow_mesh();
  look_at_runtime();
  return numbered || !dirty.empty();
}

// Whether the mesh has got numbers, which the mirror has yet to see.
bool Control::State::follow_mesh() {
  auto news = mesh.take_news();
  dirty.merge(news.groups);
  const Committed committed = commit(news.writes);
  if (committed != Committed::yes) mirror.mesh().note_changed();
  return committed == Committed::yes && !news.writes.empty();
}

void Control::State::look_at_runtime() {
  for (const auto& id : watch.take_changes()) {
    if (const auto* task = mirror.task_by_id(id)) {
      dirty.insert(group_of(task->document));
      continue;
    }
    // Nobody wished it, or nobody knows of it any more.
    const auto orphan = runtime.find(id);
    if (!orphan) continue;
    if (orphan->phase == runtime::TaskPhase::stopped) {
      runtime.forget(id);
    } else {
      runtime.stop(id);
    }
  }
}

std::optional<Instant> Control::State::next_instant() const {
  if (is_waiting()) return retry_at;
  std::optional<Instant> next = mesh.next_look();
  if (const auto due = wakes.next()) {
    const Instant then = clock.now() + std::max(Duration(0), *due - now.moment);
    next = next ? std::min(*next, then) : then;
  }
  return next;
}

void Control::State::hear(route::Feedback feedback) {
  const route::Feedback& before = publication.feedback();
  const auto look_at = [&](const route::BackendStatus& status, bool only_if_stopping) {
    if (is_registered_backend(status.backend)) {
      const Group group{Group::Kind::targets, status.pool};
      if (!only_if_stopping || draining.contains(group)) dirty.insert(group);
      return;
    }
    const auto* task = mirror.task_by_id(task_of_backend(status.backend));
    if (!task || (only_if_stopping && task->document.desired_status == "RUNNING")) return;
    dirty.insert(group_of(task->document));
  };
  for (const auto& status : feedback.backends) {
    const auto* last = publication.status(status.pool, status.backend);
    if (!last || last->health != status.health || last->reason != status.reason ||
        last->description != status.description) {
      look_at(status, false);
    } else if ((last->active == 0) != (status.active == 0)) {
      look_at(status, true);
    }
  }
  if (feedback.acknowledged != before.acknowledged) dirty.insert(awaiting.begin(), awaiting.end());
  if (feedback.listeners != before.listeners) listeners_dirty = true;
  publication.on_feedback(std::move(feedback));
}

// --- one group
// ----------------------------------------------------------------------------------------------------------

bool Control::State::reconcile(const Group& group) {
  definitions.trim();
  if (group.kind == Group::Kind::targets) return reconcile_targets(group);
  if (group.kind == Group::Kind::task) return reconcile_tasks_alone(group);
  const auto service = mirror.services().find(group.key);
  return service == mirror.services().end() ? reconcile_tasks_alone(group) : reconcile_service(group, service->second);
}

bool Control::State::reconcile_service(const Group& group, const store::Versioned<model::Service>& service) {
  const auto stored = mirror.states().find(group.key);
  const bool known = stored != mirror.states().end();
  ServiceView view{.service = service.document, .tasks = step_tasks(mirror.tasks_of(group.key))};
  if (known) {
    view.state = stored->second.document;
  } else {
    view.state.scope = service.document.scope;
    view.state.cluster = service.document.cluster;
    view.state.name = service.document.name;
  }
  if (const auto found = find_definitions(view); !found) {
    store_failed(found.error());
    return false;
  }
  const auto before = deployment_of(view);
  if (!before) {
    store_failed(before.error());
    return false;
  }
  if (before->record) view.record = before->record->document;
  view.fallback = before->fallback ? &*before->fallback : nullptr;
  view.alarms = alarms_in_alarm(mirror, view.service, view.state);
  view.alarm_bake = alarm_bake_time(mirror, view.service, view.state);
  if (const auto* found = before->fallback_definition) {
    view.fallback_definition = &found->definition;
    view.fallback_tags = found->tags ? &*found->tags : nullptr;
  }
  view.routes = view_routes(view.service, view.state, mirror, publication);
  view.minute = options.minute;
  view.replies = hooks.replies_to(group.key);
  const ServiceStep step = step_service(std::move(view), now, random);

  const std::int64_t state_revision = known ? stored->second.revision : store::Expect::kAbsent;
  std::vector<store::Write> writes;
  if (!write_tasks(step.tasks, writes)) return false;
  for (const auto& task : step.started) writes.push_back(store::put(task, store::Expect::kAbsent));
  if (step.erase) {
    writes.push_back(store::erase(service));
    if (known) writes.push_back(store::erase(stored->second));
    if (auto erased = erase_history(service.document, writes); !erased) {
      store_failed(erased.error());
      return false;
    }
  } else {
    if (step.service_changed) writes.push_back(store::put(step.service, service.revision));
    if (step.state_changed) writes.push_back(store::put(step.state, state_revision));
    if (step.record_changed) writes.push_back(store::put(*step.record, before->record->revision));
    write_routes(service.document.scope, step.routes, mirror, writes);
  }
  const Committed committed = commit(writes);
  if (committed != Committed::yes) return false;
  hooks.forget_replies(group.key);
  carry_out(group, step.tasks, step.next, step.awaits_acknowledgement);
  hooks.call(step.calls);
  return true;
}

// What the service's tasks are made from.
Result<> Control::State::find_definitions(ServiceView& view) {
  const auto tags = [](const model::TaskDefinition& found) { return found.tags ? &*found.tags : nullptr; };
  const model::Scope& scope = view.service.scope;
  if (const auto* wished = TRY(definitions.find(scope, view.service.task_definition))) {
    view.definition = &wished->definition;
    view.definition_tags = tags(*wished);
  }
  for (const auto& set : view.service.task_sets) {
    const auto* found = TRY(definitions.find(scope, set.task_definition));
    if (found) view.task_sets[set.id] = {&found->definition, tags(*found)};
  }
  return {};
}

// What of the service's history its step needs: nothing while no deployment goes on.
Result<Control::State::History> Control::State::deployment_of(const ServiceView& view) {
  const auto& deployments = view.state.deployments;
  const bool goes_on = deployments.empty() || deployments.front().id != view.service.deployment_id ||
                       deployments.front().rollout_state == "IN_PROGRESS" || view.state.staged ||
                       !view.service.stop_requested.empty();
  History history;
  if (!goes_on) return history;
  const std::string prefix = view.service.key() + "/";
  if (!view.service.service_deployment_id.empty()) {
    history.record = TRY(store::load<model::ServiceDeployment>(store, prefix + view.service.service_deployment_id));
  }
  if (!view.state.completed_revision.empty()) {
    auto found = TRY(store::load<model::ServiceRevision>(store, prefix + view.state.completed_revision));
    if (found) history.fallback = std::move(found->document);
  }
  if (history.fallback) {
    history.fallback_definition = TRY(definitions.find(view.service.scope, history.fallback->task_definition));
  }
  return history;
}

Result<> Control::State::erase_history(const model::Service& service, std::vector<store::Write>& writes) {
  for (const char* kind : {model::ServiceDeployment::kKind, model::ServiceRevision::kKind}) {
    for (const auto& raw : TRY(store.list(kind, service.key() + "/"))) writes.push_back({raw.key, std::nullopt});
  }
  return {};
}

// A task that belongs to no service; or the tasks of one that is gone, which go as well.
bool Control::State::reconcile_tasks_alone(const Group& group) {
  const bool is_service = group.kind == Group::Kind::service;
  std::vector<TaskStep> steps = step_tasks(is_service ? mirror.tasks_of(group.key) : std::set{group.key});
  std::vector<store::Write> writes;
  std::optional<Moment> next;
  for (auto& step : steps) {
    if (is_service) tell_to_stop(step, "The service is gone");
    if (step.next) next = next ? std::min(*next, *step.next) : *step.next;
  }
  if (!write_tasks(steps, writes)) return false;
  const auto state = is_service ? mirror.states().find(group.key) : mirror.states().end();
  if (steps.empty() && state != mirror.states().end()) writes.push_back(store::erase(state->second));
  const Committed committed = commit(writes);
  if (committed == Committed::yes) carry_out(group, steps, next);
  return committed == Committed::yes;
}

bool Control::State::reconcile_targets(const Group& group) {
  std::vector<store::Write> writes;
  std::optional<Moment> next;
  bool awaits = false, drains = false;
  for (const auto& key : mirror.targets_of(group.key)) {
    const auto wish = mirror.targets().find(key);
    const auto stored = mirror.target_states().find(key);
    const model::TargetState* const before =
        stored == mirror.target_states().end() ? nullptr : &stored->second.document;
    const TargetView view = view_target(group.key, before ? backend_id(before->target) : std::string());
    const TargetStep step =
        step_target(wish == mirror.targets().end() ? nullptr : &wish->second.document, before, view, now.moment);
    if (step.next) next = next ? std::min(*next, *step.next) : *step.next;
    awaits |= step.awaits_acknowledgement;
    drains |= step.drains;
    if (before && !step.state) {
      writes.push_back(store::erase(stored->second));
    } else if (step.changed) {
      writes.push_back(store::put(*step.state, before ? stored->second.revision : store::Expect::kAbsent));
    }
  }
  if (commit(writes) != Committed::yes) return false;
  note(awaiting, group, awaits);
  note(draining, group, drains);
  wakes.set(group, next);
  return true;
}

std::vector<TaskStep> Control::State::step_tasks(const std::set<std::string>& keys) {
  std::vector<TaskStep> steps;
  for (const auto& key : keys) {
    const auto task = mirror.tasks().find(key);
    if (task == mirror.tasks().end()) continue;
    steps.push_back(step_one(task->second));
  }
  return steps;
}

// What it has in a mesh follows the mesh before anything else.
TaskStep Control::State::step_one(const store::Versioned<model::Task>& versioned) {
  const model::Task& stored = versioned.document;
  auto observation = runtime.find(stored.id);
  const auto wishes = mesh.wishes_of(stored);
  const auto meshed = with_mesh_targets(stored, wishes);
  const model::Task& task = meshed ? *meshed : stored;
  TaskView view = view_task(task, observation, wishes);
  if (options.awaits_names) view.names_followed = names_followed >= versioned.revision;
  TaskStep step = step_task(task, view, now);
  if (meshed && !step.changed) {
    ++step.task.version;
    step.changed = true;
  }
  return step;
}

TaskView Control::State::view_task(const model::Task& task, std::optional<runtime::TaskObservation>& observation,
                                   const std::vector<MeshWish>& wishes) const {
  TaskView view{.observation = observation ? &*observation : nullptr};
  view.pace = options.pace;
  if (const auto refused = refusals.find(task.id); refused != refusals.end()) view.refusal = &refused->second;
  for (const auto& target : task.targets) {
    TargetView seen = view_target(target.target_group, backend_id(task, target));
    if (is_mesh_pool(target.target_group)) {
      seen.group_exists = is_wished(wishes, target.target_group);
      seen.drain_delay = kMeshDrainDelay;
    }
    view.targets.push_back(std::move(seen));
  }
  return view;
}

TargetView Control::State::view_target(const std::string& pool, const std::string& backend) const {
  using route::BackendState;
  const model::TargetGroup* group = mirror.target_group(pool);
  TargetView seen;
  seen.group_exists = group != nullptr;
  seen.drain_delay = group ? drain_delay(*group) : Duration(kDeregistrationDelay);
  seen.acknowledged_serving = publication.acknowledged(pool, backend, BackendState::serving);
  seen.acknowledged_draining = publication.acknowledged(pool, backend, BackendState::draining);
  seen.acknowledged_checking =
      seen.acknowledged_serving || publication.acknowledged(pool, backend, BackendState::checking);
  seen.status = publication.status(pool, backend);
  return seen;
}

// And what stands for them in Cloud Map. False where the store failed.
bool Control::State::write_tasks(const std::vector<TaskStep>& steps, std::vector<store::Write>& writes) {
  DiscoveryWrites discovery(store, writes);
  for (const auto& step : steps) {
    const auto& stored = mirror.tasks().at(step.task.key());
    if (step.erase) {
      writes.push_back(store::erase(stored));
    } else if (step.changed) {
      writes.push_back(store::put(step.task, stored.revision));
      if (auto followed = discovery.follow(stored.document, step.task, now.date); !followed) {
        store_failed(followed.error());
        return false;
      }
    }
  }
  return true;
}

// After the commit: the wish is durable, so that a crash from here on repeats the effect and never forgets it.
void Control::State::carry_out(const Group& group, const std::vector<TaskStep>& steps, std::optional<Moment> next,
                               bool awaits) {
  bool awaits_names = false;
  for (const auto& step : steps) {
    awaits |= step.awaits_acknowledgement;
    awaits_names |= step.awaits_names;
    if (step.task.last_status == "STOPPED") refusals.erase(step.task.id);
    switch (step.effect) {
      case TaskEffect::none:
        break;
      case TaskEffect::start:
        if (const auto again = start(step.task)) next = next ? std::min(*next, *again) : *again;
        break;
      case TaskEffect::stop:
        runtime.stop(step.task.id);
        break;
      case TaskEffect::forget:
        runtime.forget(step.task.id);
        dirty.insert(group);  // only now nothing is left of it
        break;
    }
  }
  note(awaiting, group, awaits);
  note(named, group, awaits_names);
  wakes.set(group, next);
}

// Returns when to try again, where that is needed.
std::optional<Moment> Control::State::start(const model::Task& task) {
  const auto wished = definitions.find(task.scope, task.task_definition);
  const auto started = wished && *wished ? start(task, (*wished)->definition)
                                         : Result<>(fail("TaskDefinition", task.task_definition + " is not there"));
  if (!started && started.error().source == ErrorSource::client) {
    refusals[task.id] = started.error().message;
    dirty.insert(group_of(task));
    return std::nullopt;
  }
  if (started) {
    failing_starts.erase(task.id);
    return std::nullopt;
  }
  if (failing_starts.insert(task.id).second) {
    log.warning("control: task " + task.id + " cannot be started yet: " + started.error().message);
  }
  return now.moment + kLongestRetry;
}

Result<> Control::State::start(const model::Task& task, const model::ecs::TaskDefinition& definition) {
  runtime::TaskSpec spec = task_spec(task.id, definition, task.overrides);
  TRY(mesh.lead_to_gateways(task, spec));
  connect_sidecar(spec, sidecar_pipe(options.access_logs, task.id));
  if (options.preparation) TRY(options.preparation->prepare(task, definition, spec));
  return runtime.start(spec);
}

// --- the table
// ----------------------------------------------------------------------------------------------------------

void Control::State::publish() {
  if (!mirror.take_routes_dirty() && compiled_once && !publication.is_foreign()) {
    return publication.covers(mirror.revision());
  }
  TableSources sources;
  for (const auto& [key, each] : mirror.balancers()) sources.balancers.push_back(&each.document);
  for (const auto& [key, each] : mirror.listeners()) sources.listeners.push_back(&each.document);
  for (const auto& [key, each] : mirror.rules()) sources.rules.push_back(&each.document);
  for (const auto& [key, each] : mirror.target_groups()) sources.groups.push_back(&each.document);
  for (const auto& [key, each] : mirror.tasks()) {
    if (std::any_of(each.document.targets.begin(), each.document.targets.end(), in_table)) {
      sources.tasks.push_back(&each.document);
    }
  }
  for (const auto& [key, each] : mirror.target_states()) sources.targets.push_back(&each.document);
  for (const auto& [key, each] : mirror.trust_stores()) sources.trust_stores.push_back(&each.document);
  for (const auto& [key, each] : mirror.certificates()) sources.certificates.push_back(&each.document);
  mesh.add_to(sources);
  compiled = compile_table(sources, options);
  compiled_once = true;
  listeners_dirty = true;
  if (publication.update(std::move(compiled.table), mirror.revision())) {
    data_plane.publish(publication.table());
  } else {
    // What was waited for was in force already: nobody will acknowledge it again.
    dirty.insert(awaiting.begin(), awaiting.end());
  }
}

bool Control::State::note_listeners() {
  if (!mirror.take_listeners_dirty() && !listeners_dirty) return true;
  listeners_dirty = false;
  std::map<std::string, const route::ListenerStatus*> statuses;
  for (const auto& status : publication.feedback().listeners) statuses[status.listener] = &status;
  std::vector<store::Write> writes;
  ListenerNews news(mirror, now, random);
  for (const auto& [key, listener] : mirror.listeners()) {
    const std::string arn = listener.document.listener.ListenerArn.value_or("");
    model::ListenerState state{.scope = listener.document.scope, .arn = arn};
    if (const auto refused = compiled.refused.find(arn); refused != compiled.refused.end()) {
      state.error = refused->second;
    } else {
      const auto served = compiled.served_by.find(arn);
      const auto status = served == compiled.served_by.end() ? statuses.end() : statuses.find(served->second);
      if (status == statuses.end()) continue;  // the proxy has not said
      state.listening = status->second->listening;
      state.error = status->second->error;
    }
    const auto stored = mirror.listener_states().find(key);
    const bool known = stored != mirror.listener_states().end();
    news.note(listener.document, known ? &stored->second.document : nullptr, state);
    if (!known) {
      writes.push_back(store::put(state, store::Expect::kAbsent));
    } else if (stored->second.document.listening != state.listening || stored->second.document.error != state.error) {
      writes.push_back(store::put(state, stored->second.revision));
    }
  }
  for (const auto& [key, state] : mirror.listener_states()) {
    if (!mirror.listeners().contains(key)) writes.push_back(store::erase(state));
  }
  news.write(writes);
  const Committed committed = commit(writes);
  if (committed != Committed::yes) listeners_dirty = true;
  return committed != Committed::failed;
}

// --- the store
// ----------------------------------------------------------------------------------------------------------

Control::State::Committed Control::State::commit(const std::vector<store::Write>& writes) {
  if (writes.empty()) return Committed::yes;
  const auto revision = store.commit(writes);
  if (!revision) {
    if (revision.error().code == "Conflict") return Committed::conflict;
    store_failed(revision.error());
    return Committed::failed;
  }
  return Committed::yes;
}

void Control::State::store_works() {
  if (retry != Duration(0)) log.info("control: the store works again");
  retry = Duration(0);
}

void Control::State::store_failed(const Error& error) {
  if (retry == Duration(0)) log.error("control: the store fails, trying again: " + error.message);
  retry = retry == Duration(0) ? Duration(kFirstRetry) : std::min<Duration>(retry * 2, kLongestRetry);
  retry_at = clock.now() + retry;
}

// --- the class
// ----------------------------------------------------------------------------------------------------------

Control::Control(store::Store& store, runtime::Runtime& runtime, DataPlane& data_plane, const Clock& clock,
                 Random& random, Log& log, ControlOptions options)
    : state_(std::make_unique<State>(store, runtime, data_plane, clock, random, log, std::move(options))) {}
Control::~Control() = default;

std::optional<Instant> Control::step() { return state_->step(); }

void Control::on_runtime_change(const std::string& task_id) { state_->watch.tell(task_id); }

void Control::on_connected() {
  state_->publication.on_connected();
  if (state_->publication.table()) state_->data_plane.publish(state_->publication.table());
}

void Control::on_feedback(route::Feedback feedback) { state_->hear(std::move(feedback)); }

void Control::on_hook_call(std::function<void(const HookCall&)> call) { state_->hooks.calls = std::move(call); }
void Control::on_hook_reply(const HookCall& call, HookReply reply) {
  state_->hooks.hear(call, std::move(reply));
  state_->dirty.insert({Group::Kind::service, call.service});
}

void Control::on_names_followed(std::int64_t revision) {
  state_->names_followed = revision;
  state_->dirty.insert(state_->named.begin(), state_->named.end());
}

const model::Task* Control::task(std::string_view id) const {
  const auto* found = state_->mirror.task_by_id(id);
  return found ? &found->document : nullptr;
}
Result<const model::TaskDefinition*> Control::definition(const model::Task& task) {
  return state_->definitions.find(task.scope, task.task_definition);
}

const std::map<std::string, std::int32_t>& Control::virtual_services() const { return state_->mesh.services(); }

std::int64_t Control::in_force() const { return state_->publication.in_force(); }

route::RouteTablePointer Control::table() const { return state_->publication.table(); }
const route::Feedback& Control::feedback() const { return state_->publication.feedback(); }

}  // namespace weir::control
