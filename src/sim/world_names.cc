// World: names. Control's process writes the zones a moment after the store has changed, and tells control once they
// can have been read, as main/ does it.
#include <fmt/format.h>

#include <limits>

#include "control/mesh_compiler.h"
#include "dns/limits.h"
#include "sim/limits.h"
#include "sim/world.h"

namespace weir::sim {

std::string World::add_registry(const std::string& name) {
  const std::string id = wishes_.create_registry(name, random_.chance(20));
  name_witness_.add(fmt::format("{}.{}", name, kNamespace), id);
  return id;
}

// Where virtual services are, which control alone knows.
void World::tell_names() {
  const auto& known = life_->control->virtual_services();
  if (known == told_services_) return;
  told_services_ = known;
  control::VirtualServices services;
  for (const auto& [name, number] : known)
    services[name] = {.host = *dns::ipv4_of(control::mesh_address(kMeshRange, number)), .tasks = std::nullopt};
  life_->names.set_virtual_services(std::move(services));
  names_changed();
}

void World::names_changed() {
  if (!life_ || follow_due_) return;
  follow_due_ = true;
  agenda_.after(kBetweenFollows, [this, life = lives_] {
    if (life_ && life == lives_) follow_names();
  });
}

void World::follow_names() {
  follow_due_ = false;
  const auto followed = life_->names.follow();
  if (life_->mortality.dead()) {
    if (trace_.on()) trace_.line("fault    control is killed while it writes names");
    return bury_control();
  }
  const auto later = [this](Duration delay, auto what) {
    agenda_.after(delay, [this, life = lives_, what] {
      if (life_ && life == lives_) what();
    });
  };
  if (!followed) return later(kFollowAgain, [this] { follow_names(); });
  const bool hasty = options_.mutation == Mutation::hasty_names;
  const std::int64_t revision = hasty ? std::numeric_limits<std::int64_t>::max() : life_->names.revision();
  later(dns::kZoneReadWithin, [this, revision] {
    life_->control->on_names_followed(revision);
    wake();
  });
}

void World::ask_names() {
  if (lonely_) return;
  name_witness_.ask_any();
  agenda_.after(milliseconds(random_.between(5, 150)), [this] { ask_names(); });
}

bool World::kill_names() {
  names_.kill();
  return true;
}

}  // namespace weir::sim
