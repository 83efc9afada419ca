// World: what there is at first: services, versions, balancers, requests.
#include <fmt/format.h>

#include "sim/world.h"

namespace weir::sim {

namespace {

// A service can always move under these, whatever its desired count is.
struct Percents {
  std::int32_t minimum, maximum;
};
constexpr Percents kOfDaemons{0, 100};
constexpr Percents kPercents[] = {{100, 200}, {100, 200}, {50, 200}, {0, 100}, {0, 200}, {100, 300}};

}  // namespace

void World::draw_temper() {
  proxy_settings_.workers = static_cast<unsigned>(random_.between(1, 4));
  proxy_settings_.tells_idle = random_.chance(60);
  if (random_.chance(15)) proxy_settings_.slow_answer_percent = 10;
  if (random_.chance(20)) return;  // a world in which nothing breaks
  const auto some = [this](unsigned most) {
    return random_.chance(50) ? static_cast<unsigned>(random_.below(most)) : 0;
  };
  temper_ = {.crash = some(40),
             .hang = some(20),
             .sick = some(30),
             .deaf = some(30),
             .leak = random_.chance(10) ? 2U : 0U,
             .bad_version = some(40),
             .fault = some(60),
             .pause = milliseconds(random_.between(300, 5'000))};
}

void World::build() {
  wishes_.create_cluster();
  const std::int64_t balancers = random_.between(1, 3);
  for (std::int64_t i = 0; i < balancers; ++i) {
    const std::string name = fmt::format("front-{}", i + 1);
    balancers_.push_back(wishes_.create_balancer(name));
    name_witness_.add_fixed(name + "-1.elb.localhost", "127.0.0.1");
  }
  const std::int64_t services = random_.chance(2) ? random_.between(6, 30) : random_.between(1, 5);
  most_services_ = static_cast<std::size_t>(services) + 4;
  for (std::int64_t i = 0; i < services; ++i) add_service();
  if (random_.chance(25)) add_external_service();
  if (random_.chance(30)) add_mesh();
  if (!meshes_.empty() && random_.chance(30)) add_mesh();
  // Every target group belongs to one listener; some listeners choose between two.
  std::vector<Weight> open;
  for (const ServicePlan& service : services_) {
    if (service.group.empty() || !service.listener.empty()) continue;
    open.push_back({service.group, static_cast<std::int32_t>(random_.between(1, 10))});
    if (open.size() == 2 || random_.chance(50)) {
      add_listener(open);
      open.clear();
    }
  }
  if (!open.empty()) add_listener(open);
}

void World::add_service() {
  ServicePlan service;
  service.name = fmt::format("service-{}", services_.size() + 1);
  if (!random_.chance(15)) service.group = add_group();
  if (!service.group.empty() && random_.chance(40)) {
    service.alternate = add_group();
    service.listener = add_staged_listener(service);
    if (random_.chance(30)) service.test_listener = add_staged_listener(service);
    witness_.on_staged(service.group, service.alternate);
  }
  if (random_.chance(20)) service.registry = add_registry(service.name);
  wish_service(service);
  services_.push_back(std::move(service));
}

std::string World::add_group() {
  return wishes_.create_group({.name = fmt::format("group-{}", ++groups_),
                               .check_interval = static_cast<std::int32_t>(random_.between(1, 3)),
                               .check_timeout = 1,
                               .healthy = static_cast<std::int32_t>(random_.between(2, 3)),
                               .unhealthy = static_cast<std::int32_t>(random_.between(2, 3)),
                               .drain_delay = static_cast<std::int32_t>(random_.between(0, 6))});
}

void World::wish_service(ServicePlan& service) {
  service.daemon = service.alternate.empty() && random_.chance(8);
  const auto& percents = service.daemon ? kOfDaemons : kPercents[random_.below(std::size(kPercents))];
  service.grace = random_.chance(50) ? 5 : 0;
  const std::string definition = new_definition(service);
  const std::int32_t desired = service.daemon ? 1 : draw_count();
  service.vacant = desired == 0;
  service.stopped = false;
  service.misled = is_parted(service);
  service.alarmed = false;
  if (service.alarm.empty() && random_.chance(30)) service.alarm = service.name + "-errors";
  if (!service.alarm.empty()) wishes_.create_alarm(service.alarm);
  const std::vector<HookWish> hooks = draw_hooks();
  service.hooked = !hooks.empty();
  service.breaker = random_.chance(50);
  service.rolls_back = random_.chance(70);
  wishes_.create_service({.name = service.name,
                          .definition = definition,
                          .desired = desired,
                          .minimum_percent = percents.minimum,
                          .maximum_percent = percents.maximum,
                          .group = service.group,
                          .grace = service.grace,
                          .breaker = service.breaker,
                          .rolls_back = service.rolls_back,
                          .strategy = service.alternate.empty() ? "ROLLING" : draw_strategy(),
                          .alternate = service.alternate,
                          .listener = service.listener,
                          .test_listener = service.test_listener,
                          .hooks = hooks,
                          .alarm = service.alarm,
                          .bake = static_cast<std::int32_t>(random_.between(0, 4)),
                          .registry = service.registry,
                          .daemon = service.daemon});
}

// A version of the service's image that has not been before, with a nature of its own.
std::string World::new_definition(ServicePlan& service) {
  ++service.revision;
  const std::string image = fmt::format("{}:v{}", service.name, service.revision);
  ImageBehaviour behaviour{.slowest_start = milliseconds(service.grace > 0 && random_.chance(40) ? 4'000 : 300),
                           .crash_percent = temper_.crash,
                           // Nobody replaces what only a mesh finds ill.
                           .hang_percent = service.meshed ? 0 : temper_.hang,
                           .sick_percent = temper_.sick,
                           .deaf_percent = temper_.deaf,
                           .leak_percent = temper_.leak};
  service.bad = random_.chance(temper_.bad_version);
  if (service.bad) {
    const std::uint64_t how = random_.below(3);
    behaviour.crash_loop = how == 0;
    behaviour.never_healthy = how == 1 && !service.group.empty();
    behaviour.pullable = how != 2;
    if (how == 2) {  // no such image yet
      agenda_.after(seconds(random_.between(1, 30)), [this, image] { runtime_.images[image].pullable = true; });
    }
    service.bad = behaviour.bad();
  }
  behaviour.eats_memory = random_.chance(30);
  runtime_.images[image] = behaviour;
  std::vector<HelperWish> helpers;
  if (!draw_helpers(image, helpers)) service.bad = true;
  const std::string arn = wishes_.register_definition(service.name, service.revision, image,
                                                      static_cast<std::int32_t>(random_.between(1, 4)), helpers);
  if (service.bad) bad_.insert(arn);
  return arn;
}

bool World::draw_helpers(const std::string& name, std::vector<HelperWish>& helpers) {
  bool lets_start = true;
  if (random_.chance(20)) {
    const bool fails = random_.chance(temper_.bad_version / 3);
    HelperWish first{.name = "init", .image = "init-" + name, .condition = random_.chance(50) ? "SUCCESS" : "COMPLETE"};
    runtime_.images[first.image] = {.ends_with = fails ? 1 : 0};
    lets_start = !fails || first.condition == "COMPLETE";
    helpers.push_back(std::move(first));
  }
  if (random_.chance(20)) {
    HelperWish side{.name = "side", .image = "side-" + name, .essential = random_.chance(50)};
    if (side.essential && random_.chance(50)) side.condition = "HEALTHY";
    side.restarts = random_.chance(60);
    runtime_.images[side.image] = {.crash_percent = temper_.crash / 2, .unhealthy_percent = temper_.sick / 2};
    helpers.push_back(std::move(side));
  }
  return lets_start;
}

std::string World::add_staged_listener(const ServicePlan& service) {
  add_listener({{service.group, 1}, {service.alternate, 0}});
  listeners_.back().staged = true;
  witness_.on_staged_listener(listeners_.back().port);
  return listeners_.back().arn;
}

void World::add_listener(const std::vector<Weight>& weights) {
  ListenerPlan listener;
  listener.port = 8001 + static_cast<std::int32_t>(listeners_.size());
  listener.arn = wishes_.create_listener(balancers_[random_.below(balancers_.size())], listener.port, weights);
  listener.weights = weights;
  listener.pause = milliseconds(random_.between(15, 120));
  listeners_.push_back(std::move(listener));
}

void World::send_requests(std::size_t listener) {
  if (lonely_) return;
  const ListenerPlan& plan = listeners_[listener];
  proxy_->request(static_cast<std::uint16_t>(plan.port));
  agenda_.after(std::chrono::microseconds(random_.between(0, 2 * std::chrono::microseconds(plan.pause).count())),
                [this, listener] { send_requests(listener); });
}

std::int32_t World::draw_count() {
  return static_cast<std::int32_t>(random_.chance(10) ? 0 : random_.between(1, random_.chance(10) ? 8 : 4));
}

}  // namespace weir::sim
