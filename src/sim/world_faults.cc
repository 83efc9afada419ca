// World: what breaks.
#include <fmt/format.h>

#include "model/time_line.h"
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
  // Where the calendar has moved and nobody noted it, nobody can tell that from the time that a boot takes.
  if (!life_ || !is_time_known()) return false;
  if (trace_.on()) trace_.line("fault    the machine starts anew");
  machine_.boot();
  kill_control("with its machine");
  proxy_->kill();
  names_.kill();
  runtime_.reboot();
  return true;
}

// By seconds or hours, in either direction.
bool World::move_calendar() {
  // The line of time begins at the date that the first control finds, and goes on at the one that the first of a boot
  // does.
  const auto line = MUST(store::load<model::TimeLine>(store_, model::TimeLine::kKey));
  const bool goes_on = line && line->document.boot == machine_.boot_id();
  if (!goes_on && options_.mutation != Mutation::forgotten_time) return false;
  static constexpr std::int64_t kUnits[] = {1, 60, 3'600};
  const Duration by = seconds(random_.between(2, 59) * kUnits[random_.below(std::size(kUnits))]);
  const bool back = random_.chance(50);
  if (trace_.on())
    trace_.line(fmt::format("fault    the calendar is set {} by {} s", back ? "back" : "forward",
                            std::chrono::duration_cast<seconds>(by).count()));
  clock_.move_calendar(back ? -by : by);
  return true;
}

bool World::is_time_known() {
  const auto line = MUST(store::load<model::TimeLine>(store_, model::TimeLine::kKey));
  if (!line) return false;
  const Duration behind = milliseconds(line->document.date.millis - line->document.moment.millis);
  return behind - clock_.moved() < seconds(1) && clock_.moved() - behind < seconds(1);
}

}  // namespace weir::sim
