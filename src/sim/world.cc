#include "sim/world.h"

#include <fmt/format.h>

#include <utility>

#include "sim/limits.h"

namespace weir::sim {

// Shows each table to the witness before it leaves control.
class World::PublishWatch final : public control::DataPlane {
 public:
  explicit PublishWatch(World& world) : world_(world) {}
  void publish(route::RouteTablePointer table) override {
    if (world_.trace_.on()) trace_table(*table);
    world_.witness_.on_publish(*table);
    world_.proxy_->publish(table);
    if (world_.options_.mutation == Mutation::stops_at_once) stop_draining(*table);
  }

 private:
  void trace_table(const route::RouteTable& table) {
    static constexpr const char* kStates[] = {"checking", "serving", "draining", "entering"};
    std::string text;
    for (const auto& pool : table.pools)
      for (const auto& backend : pool.backends)
        text += fmt::format(" {}:{}", backend.id.substr(0, 8), kStates[static_cast<int>(backend.state)]);
    world_.trace_.line(fmt::format("control  publishes table {}{}", table.version, text));
  }
  void stop_draining(const route::RouteTable& table) {
    for (const auto& pool : table.pools)
      for (const auto& backend : pool.backends)
        if (const SimTask* task = world_.runtime_.at_port(backend.port);
            task != nullptr && backend.state == route::BackendState::draining)
          world_.runtime_.stop(task->spec.id);
  }
  World& world_;
};

class World::TraceLog final : public Log {
 public:
  explicit TraceLog(Trace& trace) : trace_(trace) {}
  void write(LogLevel, std::string_view message) override {
    if (trace_.on()) trace_.line(fmt::format("log      {}", message));
  }

 private:
  Trace& trace_;
};

World::World(const WorldOptions& options)
    : options_(options),
      machine_(clock_, options.mutation == Mutation::calendar_delays ? MachineClock::Follows::calendar
                                                                     : MachineClock::Follows::time),
      random_(options.seed),
      agenda_(clock_),
      trace_(clock_, options.trace),
      log_(std::make_unique<TraceLog>(trace_)),
      wishes_(store_, clock_, random_),
      runtime_(agenda_, random_, trace_),
      witness_(clock_, runtime_, wishes_),
      task_witness_(store_, runtime_, wishes_,
                    [this](const char* invariant, std::string what) { witness_.breach(invariant, std::move(what)); }),
      deployment_witness_(store_, clock_,
                          [this](std::string what) { witness_.breach(kStageInvariant, std::move(what)); }),
      registry_witness_(store_, wishes_,
                        [this](std::string what) { witness_.breach(kRegistryInvariant, std::move(what)); }),
      mesh_witness_(clock_, [this](std::string what) { witness_.breach(kMeshInvariant, std::move(what)); }),
      names_(agenda_, random_, trace_, options.mutation),
      name_witness_(store_, clock_, random_, names_, runtime_,
                    [this](std::string what) { witness_.breach(kNamesInvariant, std::move(what)); }),
      row_witness_(store_, clock_) {
  draw_temper();
  proxy_settings_.mutation = options.mutation;
  runtime_.hides_exits = options.mutation == Mutation::forgets_exits;
  runtime_.hides_restarts = options.mutation == Mutation::forgets_restarts;
  runtime_.on_sigterm = [this](const SimTask& task) {
    witness_.on_sigterm(task);
    registry_witness_.on_sigterm(task);
    name_witness_.on_sigterm(task);
  };
  runtime_.on_start = [this](const runtime::TaskSpec& spec) { witness_.on_start(spec); };
  runtime_.on_exit = [this](SimTask& task) { proxy_->on_exit(task); };
  proxy_ = std::make_unique<SimProxy>(agenda_, random_, trace_, runtime_, proxy_settings_, witness_);
  publish_watch_ = std::make_unique<PublishWatch>(*this);
  witness_.watch(*proxy_, task_witness_, mesh_witness_);
  task_witness_.on_end_wished = [this](const model::Task& document) { witness_.on_end_wished(document); };
  store_.on_commit([this] {
    task_witness_.look();
    deployment_witness_.look();
    registry_witness_.look();
    names_changed();
  });
  build();
}

World::~World() = default;

WorldResult World::run() {
  const Instant start = clock_.now();
  start_control();
  for (std::size_t i = 0; i < listeners_.size(); ++i) send_requests(i);
  ask_names();
  const std::int64_t rounds = random_.between(1, 2);
  for (std::int64_t round = 0; round < rounds && !witness_.breach(); ++round) {
    busy_ = true;
    runtime_.mischief = true;
    do_something();
    if (!run_until(clock_.now() + seconds(random_.between(5, 25)))) break;
    make_peace();
    if (!come_to_rest()) break;
  }
  const bool keeps = options_.mutation == Mutation::kept_services || options_.mutation == Mutation::kept_history;
  if (!witness_.breach() && (keeps || random_.chance(kLongWorlds))) let_time_pass();
  WorldResult result{.breach = witness_.breach(),
                     .events = agenda_.events(),
                     .simulated = clock_.now() - start,
                     .tally = proxy_->tally(),
                     .control_lives = lives_,
                     .operations = operations_,
                     .faults = faults_,
                     .tasks = runtime_.tasks().size(),
                     .visited = task_witness_.visited(),
                     .trace = trace_.lines()};
  result.visited.insert(deployment_witness_.visited().begin(), deployment_witness_.visited().end());
  result.visited.insert(registry_witness_.visited().begin(), registry_witness_.visited().end());
  result.visited.insert(name_witness_.visited().begin(), name_witness_.visited().end());
  return result;
}

// False where an invariant broke.
bool World::run_until(Instant until) {
  while (!witness_.breach()) {
    if (!agenda_.run_next(until)) return true;
    if (agenda_.events() > kMaxEvents) witness_.breach(kQuietInvariant, "the world never comes to rest");
  }
  return false;
}

// --- the control process ---------------------------------------------------------------------------------------------

void World::start_control() {
  ++lives_;
  if (trace_.on()) trace_.line(fmt::format("control  starts, life {}", lives_));
  runtime_.adopt();
  witness_.on_control_started();
  life_ = std::make_unique<ControlLife>(store_, runtime_, *publish_watch_, machine_, names_, random_.next(), *log_);
  life_->mortal_store.full = disk_full_;
  life_->mortal_runtime.makes_twins = options_.mutation == Mutation::twins;
  life_->mortal_runtime.never_forgets = options_.mutation == Mutation::kept_tasks;
  life_->mortal_store.alters = misreading_of(options_.mutation);
  life_->mortal_store.mangles = miswriting_of(options_.mutation);
  life_->control->on_hook_call([this](const control::HookCall& call) { answer_call(call); });
  const bool names_changes = random_.chance(50);
  life_->mortal_runtime.on_change([this, names_changes](const std::string& task_id) {
    if (names_changes) life_->control->on_runtime_change(task_id);
    wake();
  });
  proxy_->attach({.connected =
                      [this] {
                        life_->control->on_connected();
                        wake();
                      },
                  .feedback =
                      [this](route::Feedback feedback) {
                        witness_.on_feedback(feedback);
                        life_->control->on_feedback(std::move(feedback));
                        wake();
                      }});
  alarm_.reset();
  name_witness_.on_control_started();
  follow_due_ = false;
  told_services_.clear();
  names_changed();
  wake();
}

void World::kill_control(const char* how) {
  if (!life_) return;
  if (trace_.on()) trace_.line(fmt::format("fault    control is killed {}", how));
  life_->mortality.die();
  bury_control();
}

void World::bury_control() {
  witness_.on_fault();
  runtime_.on_change(nullptr);
  proxy_->detach();
  name_witness_.on_control_died();
  if (options_.mutation == Mutation::names_of_control) {
    agenda_.after(milliseconds(150), [this] {
      if (!life_) names_.forget();
    });
  }
  life_.reset();
  if (busy_ && random_.chance(10)) move_calendar();
  agenda_.after(milliseconds(random_.between(5, random_.chance(20) ? 4'000 : 300)), [this] { start_control(); });
}

void World::wake() {
  if (step_due_ || !life_) return;
  step_due_ = true;
  agenda_.after(std::chrono::microseconds(random_.between(0, 400)), [this] { step_control(); });
}

void World::step_control() {
  step_due_ = false;
  if (!life_) return;
  steps_at_once_ = clock_.now() == last_step_ ? steps_at_once_ + 1 : 0;
  last_step_ = clock_.now();
  if (steps_at_once_ > kMaxStepsAtOnce)
    return witness_.breach(kQuietInvariant, "control asks for one step after another without an end");
  const auto next = life_->control->step();
  if (life_->mortality.dead()) {
    if (trace_.on()) trace_.line("fault    control is killed between two deeds");
    return bury_control();
  }
  tell_names();
  if (next) wake_at(clock_.now() + machine_.until(*next));
}

// Only the newest answer of step() counts.
void World::wake_at(Instant when) {
  if (alarm_ && *alarm_ == when && when > clock_.now()) return;
  alarm_ = when;
  agenda_.at(when, [this, alarm = ++alarms_] {
    if (alarm != alarms_) return;
    alarm_.reset();
    wake();
  });
}

WorldResult run_world(const WorldOptions& options) { return World(options).run(); }

}  // namespace weir::sim
