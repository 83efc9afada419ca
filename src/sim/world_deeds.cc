// World: what people do to it, and what breaks.
#include <fmt/format.h>

#include <algorithm>

#include "sim/world.h"

namespace weir::sim {

struct World::Deed {
  const char* name;
  unsigned weight;
  bool (World::*act)();  // false where it is not possible now
};

void World::do_something() {
  static constexpr Deed kOperations[] = {
      {"deploy", 8, &World::deploy},
      {"redeploy", 2, &World::redeploy},
      {"stop deployment", 2, &World::stop_deployment},
      {"continue deployment", 4, &World::continue_deployment},
      {"strategy", 2, &World::switch_strategy},
      {"alarm", 1, &World::sound_alarm},
      {"scale", 5, &World::scale},
      {"percents", 1, &World::set_percents},
      {"weights", 3, &World::shift_weights},
      {"stop task", 3, &World::stop_task},
      {"run task", 2, &World::run_task},
      {"delete", 1, &World::delete_service},
      {"create", 1, &World::create_service},
      {"create again", 2, &World::create_again},
      {"rehome", 1, &World::rehome},
      {"task sets", 8, &World::change_task_sets},
      {"mesh", 6, &World::change_mesh},
  };
  static constexpr Deed kFaults[] = {
      {"kill control", 2, &World::kill_control_now},
      {"kill control soon", 6, &World::kill_control_soon},
      {"cut", 3, &World::cut_connection},
      {"kill proxy", 2, &World::kill_proxy},
      {"kill names", 1, &World::kill_names},
      {"full disk", 1, &World::fill_disk},
      {"slow", 2, &World::slow_down},
      {"kill shim", 2, &World::kill_shim},
      {"refuse starts", 1, &World::refuse_starts},
      {"reboot", 1, &World::reboot},
      {"calendar", 2, &World::move_calendar},
  };
  if (!busy_) return;
  // Who counts by the calendar is to see it move.
  const bool by_calendar =
      options_.mutation == Mutation::calendar_delays || options_.mutation == Mutation::forgotten_time;
  if (by_calendar && random_.chance(70) && move_calendar()) wake();
  const bool fault = random_.chance(temper_.fault);
  const std::span<const Deed> deeds = fault ? std::span<const Deed>(kFaults) : std::span<const Deed>(kOperations);
  unsigned total = 0;
  for (const Deed& deed : deeds) total += deed.weight;
  std::uint64_t drawn = random_.below(total);
  for (const Deed& deed : deeds) {
    if (drawn < deed.weight) {
      // The façade lives in control's process: no operations while it is dead, none while nothing can be written.
      const bool possible = fault || (life_ && !life_->mortality.dead() && !disk_full_);
      if (possible && (this->*deed.act)()) {
        ++(fault ? faults_ : operations_);
        if (fault) witness_.on_fault();
        wake();
      }
      break;
    }
    drawn -= deed.weight;
  }
  agenda_.after(std::chrono::microseconds(random_.between(0, 2 * std::chrono::microseconds(temper_.pause).count())),
                [this] { do_something(); });
}

World::ServicePlan* World::any_service() {
  ServicePlan& drawn = services_[random_.below(services_.size())];
  return drawn.deleted || drawn.external ? nullptr : &drawn;
}

// A deployment of the service is about to be wished.
void World::note_deployment(ServicePlan& service) {
  const auto now = wishes_.service(service.name);
  service.vacant = now->desired_count == 0;
  service.stopped = service.alarmed = false;
  const auto state = wishes_.service_state(service.name);
  service.misled = is_parted(service) && (!state || state->completed_deployment.empty());
}

bool World::is_parted(const ServicePlan& service) {
  if (service.listener.empty()) return false;
  const auto weights = wishes_.weights(service.listener);
  return std::ranges::count_if(weights, [](const Weight& each) { return each.weight > 0; }) != 1;
}

void World::lead_to_one_side(const ServicePlan& service) {
  wishes_.set_weights(service.listener, {{service.group, 1}, {service.alternate, 0}});
}

// --- operations ------------------------------------------------------------------------------------------------------

bool World::deploy() {
  ServicePlan* service = any_service();
  if (service == nullptr) return false;
  const std::string definition = new_definition(*service);
  if (trace_.on()) trace_.line(fmt::format("wish     {} moves to v{}", service->name, service->revision));
  note_deployment(*service);
  return wishes_.deploy(service->name, definition);
}

// The same definition again: what forceNewDeployment does.
bool World::redeploy() {
  ServicePlan* service = any_service();
  if (service == nullptr) return false;
  if (trace_.on()) trace_.line(fmt::format("wish     {} is deployed anew", service->name));
  note_deployment(*service);
  return wishes_.deploy(service->name, wishes_.service(service->name)->task_definition);
}

bool World::stop_deployment() {
  ServicePlan* service = any_service();
  if (service == nullptr) return false;
  const bool back = random_.chance(60);
  if (!wishes_.stop_deployment(service->name, back)) return false;
  if (trace_.on())
    trace_.line(fmt::format("wish     the deployment of {} {}", service->name, back ? "goes back" : "stops"));
  service->stopped = true;
  return true;
}

bool World::scale() {
  ServicePlan* service = any_service();
  if (service == nullptr || service->daemon) return false;
  const std::int32_t count = draw_count();
  if (trace_.on()) trace_.line(fmt::format("wish     {} scales to {}", service->name, count));
  service->vacant = service->vacant || count == 0;
  return wishes_.scale(service->name, count);
}

bool World::set_percents() {
  ServicePlan* service = any_service();
  if (service == nullptr || service->daemon) return false;
  const bool strict = random_.chance(50);
  if (trace_.on()) trace_.line(fmt::format("wish     {} wants {} percent", service->name, strict ? 100 : 50));
  return wishes_.set_percents(service->name, strict ? 100 : 50, 200);
}

bool World::shift_weights() {
  if (listeners_.empty()) return false;
  ListenerPlan& listener = listeners_[random_.below(listeners_.size())];
  if (listener.staged || listener.meshed) return false;
  for (Weight& weight : listener.weights) weight.weight = static_cast<std::int32_t>(random_.between(0, 10));
  if (trace_.on()) {
    std::string text;
    for (const Weight& weight : listener.weights) text += fmt::format(" {}", weight.weight);
    trace_.line(fmt::format("wish     listener {} weighs{}", listener.port, text));
  }
  wishes_.set_weights(listener.arn, listener.weights);
  return true;
}

bool World::stop_task() {
  std::vector<std::string> running;
  for (const auto& task : wishes_.tasks())
    if (task.desired_status == "RUNNING") running.push_back(task.id);
  if (running.empty()) return false;
  const std::string& id = running[random_.below(running.size())];
  if (trace_.on()) trace_.line(fmt::format("wish     task {} is stopped by hand", id.substr(0, 8)));
  return wishes_.stop_task(id);
}

// Tasks of no service, beside the others: some have an end, some run on.
bool World::run_task() {
  ++batches_;
  const std::string image = fmt::format("batch:v{}", batches_);
  ImageBehaviour behaviour{.crash_percent = temper_.crash, .deaf_percent = temper_.deaf};
  behaviour.pullable = !random_.chance(temper_.bad_version / 2);
  behaviour.eats_memory = random_.chance(50);
  if (random_.chance(60)) behaviour.ends_with = static_cast<std::int32_t>(random_.between(0, 2));
  runtime_.images[image] = behaviour;
  std::vector<HelperWish> helpers;
  (void)draw_helpers(image, helpers);
  wishes_.register_definition("batch", batches_, image, static_cast<std::int32_t>(random_.between(1, 4)), helpers);
  const std::int64_t count = random_.between(1, 3);
  if (trace_.on()) trace_.line(fmt::format("wish     {} runs {} times", image, count));
  for (std::int64_t i = 0; i < count; ++i) wishes_.run_task("batch", batches_);
  return true;
}

bool World::delete_service() {
  ServicePlan* service = any_service();
  if (service == nullptr) return false;
  if (trace_.on()) trace_.line(fmt::format("wish     {} is deleted", service->name));
  service->deleted = true;
  return wishes_.delete_service(service->name);
}

bool World::create_service() {
  if (services_.size() >= most_services_) return false;
  if (trace_.on()) trace_.line("wish     one more service");
  const std::size_t before = listeners_.size();
  add_service();
  const ServicePlan& service = services_.back();
  if (!service.group.empty() && service.listener.empty()) add_listener({{service.group, 1}});
  for (std::size_t i = before; i < listeners_.size(); ++i) send_requests(i);
  return true;
}

// A deleted service's name, once it is free.
bool World::create_again() {
  for (ServicePlan& service : services_) {
    if (!service.deleted || service.external || wishes_.service(service.name)->status != "INACTIVE") continue;
    if (trace_.on()) trace_.line(fmt::format("wish     {} is created again", service.name));
    service.deleted = false;
    // It may have been deleted while its requests were parted: most people lead them to one side first.
    if (!service.listener.empty() && !random_.chance(20)) lead_to_one_side(service);
    wish_service(service);
    return true;
  }
  return false;
}

// The service's next tasks are reached through another target group and port; those that are there go on meanwhile.
bool World::rehome() {
  ServicePlan* service = any_service();
  if (service == nullptr || service->group.empty() || listeners_.size() >= 8) return false;
  if (!service->listener.empty()) return false;
  if (trace_.on()) trace_.line(fmt::format("wish     {} moves to another target group", service->name));
  service->group = add_group();
  note_deployment(*service);
  add_listener({{service->group, 1}});
  send_requests(listeners_.size() - 1);
  return wishes_.rehome(service->name, service->group);
}

}  // namespace weir::sim
