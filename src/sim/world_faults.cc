// World: what breaks.
#include "sim/world.h"

namespace weir::sim {

bool World::kill_control_now() {
  if (!life_) return false;
  kill_control("at rest");
  return true;
}

bool World::kill_control_soon() {
  if (!life_) return false;
  life_->mortality.die_at(static_cast<std::uint64_t>(random_.between(1, 8)),
                          random_.chance(50) ? Mortality::Death::before_deed : Mortality::Death::after_deed);
  return true;
}

bool World::cut_connection() {
  proxy_->cut();
  return true;
}

bool World::kill_proxy() {
  proxy_->kill();
  return true;
}

bool World::fill_disk() {
  if (disk_full_) return false;
  if (trace_.on()) trace_.line("fault    the disk is full");
  disk_full_ = names_.full = true;
  if (life_) life_->mortal_store.full = true;
  agenda_.after(milliseconds(random_.between(200, 5'000)), [this] {
    if (trace_.on()) trace_.line("fault    the disk has room again");
    disk_full_ = names_.full = false;
    witness_.on_fault();
    if (life_) life_->mortal_store.full = false;
  });
  return true;
}

bool World::slow_down() {
  if (trace_.on()) trace_.line("fault    messages are slow");
  proxy_->delay = {milliseconds(200), milliseconds(1'500), 20};
  proxy_settings_.to_worker = {milliseconds(50), milliseconds(600), 20};
  agenda_.after(milliseconds(random_.between(500, 6'000)), [this] {
    proxy_->delay = {milliseconds(2), milliseconds(60), 5};
    proxy_settings_.to_worker = {milliseconds(2), milliseconds(40), 5};
  });
  return true;
}

bool World::refuse_starts() {
  if (trace_.on()) trace_.line("fault    the runtime refuses to start tasks");
  runtime_.refuses_starts = true;
  agenda_.after(milliseconds(random_.between(100, 4'000)), [this] { runtime_.refuses_starts = false; });
  return true;
}

// Its task ends with it.
bool World::kill_shim() {
  std::vector<std::string> alive;
  for (const auto& [id, task] : runtime_.tasks())
    if (task.started && !task.exited) alive.push_back(id);
  if (alive.empty()) return false;
  runtime_.kill_shim(alive[random_.below(alive.size())]);
  return true;
}

bool World::reboot() {
  if (!life_) return false;
  if (trace_.on()) trace_.line("fault    the machine starts anew");
  kill_control("with its machine");
  proxy_->kill();
  names_.kill();
  runtime_.reboot();
  return true;
}

}  // namespace weir::sim
