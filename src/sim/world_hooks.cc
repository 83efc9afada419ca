// World: deployments in stages: what holds them up, what ends them, and other strategies on a live service.
#include <fmt/format.h>

#include <iterator>

#include "sim/world.h"

namespace weir::sim {

namespace {

constexpr const char* kStrategies[] = {"BLUE_GREEN", "CANARY", "LINEAR"};
constexpr const char* kStages[] = {"PRE_SCALE_UP",
                                   "POST_SCALE_UP",
                                   "TEST_TRAFFIC_SHIFT",
                                   "POST_TEST_TRAFFIC_SHIFT",
                                   "PRE_PRODUCTION_TRAFFIC_SHIFT",
                                   "PRODUCTION_TRAFFIC_SHIFT",
                                   "POST_PRODUCTION_TRAFFIC_SHIFT"};

}  // namespace

std::string World::draw_strategy() { return kStrategies[random_.below(std::size(kStrategies))]; }

std::vector<HookWish> World::draw_hooks() {
  std::vector<HookWish> hooks;
  while (hooks.size() < 3 && random_.chance(30)) {
    hooks.push_back({.stage = kStages[random_.below(std::size(kStages))],
                     .pauses = random_.chance(50),
                     .timeout = static_cast<std::int32_t>(random_.between(1, 4)),
                     .action = random_.chance(70) ? "CONTINUE" : "ROLLBACK"});
  }
  return hooks;
}

// A hook's target answers in its own time, and not to a control that has died meanwhile.
void World::answer_call(const control::HookCall& call) {
  agenda_.after(milliseconds(random_.between(1, random_.chance(10) ? 3'000 : 200)), [this, call, life = lives_] {
    if (!life_ || lives_ != life || life_->mortality.dead()) return;
    control::HookReply reply{.id = call.id, .number = call.number};
    const std::uint64_t mood = busy_ ? random_.below(20) : 0;
    if (mood == 19) {
      reply.error = "Lambda.TooManyRequestsException";
    } else if (mood == 18) {
      reply.output = R"({"hookStatus": "FAILED"})";
    } else if (mood > 12) {
      reply.output = R"({"hookStatus": "IN_PROGRESS", "callBackDelay": 1})";
    } else {
      reply.output = R"({"hookStatus": "SUCCEEDED"})";
      deployment_witness_.on_answered(call.id);
    }
    if (trace_.on()) trace_.line(fmt::format("hook     {} says {}", call.id.substr(0, 18), reply.output));
    life_->control->on_hook_reply(call, std::move(reply));
    wake();
  });
}

bool World::continue_deployment() {
  ServicePlan* service = any_service();
  if (service == nullptr) return false;
  const char* const action = random_.chance(75) ? "CONTINUE" : "ROLLBACK";
  const auto hook = wishes_.answer_hook(service->name, action);
  if (!hook) return false;
  if (trace_.on()) trace_.line(fmt::format("wish     {} is answered with {}", hook->substr(0, 18), action));
  deployment_witness_.on_answered(*hook);
  return true;
}

bool World::sound_alarm() {
  ServicePlan* service = any_service();
  if (service == nullptr || service->alarm.empty()) return false;
  if (trace_.on()) trace_.line(fmt::format("wish     {} goes off", service->alarm));
  service->alarmed = true;
  wishes_.set_alarm(service->alarm, "ALARM");
  agenda_.after(milliseconds(random_.between(100, 3'000)), [this, alarm = service->alarm] {
    wishes_.set_alarm(alarm, "OK");
    wake();
  });
  return true;
}

bool World::switch_strategy() {
  ServicePlan* service = any_service();
  if (service == nullptr || service->alternate.empty()) return false;
  const std::string strategy = random_.chance(40) ? "ROLLING" : draw_strategy();
  if (trace_.on()) trace_.line(fmt::format("wish     {} is deployed anew, {}", service->name, strategy));
  note_deployment(*service);
  return wishes_.switch_strategy(service->name, strategy, static_cast<std::int32_t>(random_.between(0, 4)));
}

}  // namespace weir::sim
