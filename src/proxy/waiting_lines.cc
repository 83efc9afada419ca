#include "proxy/waiting_lines.h"

#include <algorithm>

#include "proxy/backend_link.h"
#include "proxy/lane.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

// Of other workers.
std::uint32_t others_waiting(const LivePool& pool) {
  const std::uint32_t all = pool.line().waiting.load();
  return all > pool.waiting ? all - pool.waiting : 0;
}

}  // namespace

WaitingLines::WaitingLines(Lane& lane) : lane_(lane), own_turn_(lane.loop(), [this] { try_all(); }) {}

WaitingLines::~WaitingLines() = default;

WaitingLines::Line* WaitingLines::find(const LivePool& pool) const {
  const auto found = std::ranges::find(lines_, &pool, [](const auto& line) { return line->pool; });
  return found == lines_.end() ? nullptr : found->get();
}

bool WaitingLines::join(Waiter& waiter, LivePool& pool) {
  const unsigned limit = pool.spec().limits.pending.value_or(kMaxPending);
  if (limit == 0 || !SharedLoad::take(pool.line().waiting, limit)) return false;
  ++pool.waiting;
  Line* line = find(pool);
  if (line == nullptr) line = lines_.emplace_back(std::make_unique<Line>(Line{.pool = &pool})).get();
  line->waiters.push_back(&waiter);
  // Another worker may have made room before it could know that somebody waits here; and it may have some to spare.
  room_in(pool);
  tell_others(pool);
  return true;
}

void WaitingLines::leave(Waiter& waiter, LivePool& pool) {
  Line* line = find(pool);
  if (line == nullptr || std::erase(line->waiters, &waiter) == 0) return;
  --pool.waiting;
  pool.line().waiting.fetch_sub(1);
  if (line->waiters.empty()) lane_.loop().at_turn_end(*this);
}

void WaitingLines::room_in(LivePool& pool) {
  Line* line = pool.waiting > 0 ? find(pool) : nullptr;
  if (line == nullptr) return tell_others(pool);
  line->room = true;
  lane_.loop().at_turn_end(*this);
}

bool WaitingLines::owes_room(const LivePool& pool) const {
  if (pool.line().waiting.load() <= pool.waiting) return false;
  const Line* line = find(pool);
  return line == nullptr || line->waiters.empty() || line->served_last;
}

bool WaitingLines::pass_turn(const LivePool& pool) {
  if (others_waiting(pool) == 0) return false;
  if (Line* line = find(pool)) line->served_last = true;
  return true;
}

void WaitingLines::called(const std::string& id) {
  LivePool* pool = lane_.table().find_pool(id);
  if (pool == nullptr) pool = lane_.gates().find(id);
  if (pool == nullptr) return;
  if (pool->waiting > 0) return room_in(*pool);
  const unsigned limit = pool->spec().limits.connections;
  const std::uint32_t wanted = others_waiting(*pool);
  if (limit == 0 || wanted == 0) return;
  for (const auto& backend : pool->backends()) {
    if (!backend->attachment || backend->load->connections.load() < limit) continue;
    static_cast<BackendLink&>(*backend->attachment).give_way(wanted);
  }
}

void WaitingLines::try_all() {
  for (const auto& line : lines_) line->room = true;
  if (!lines_.empty()) lane_.loop().at_turn_end(*this);
}

void WaitingLines::at_turn_end() {
  for (std::size_t i = 0; i < lines_.size(); ++i) {  // who is answered may ask again and wait in a new line
    Line& line = *lines_[i];
    if (std::exchange(line.room, false)) look_after(line);
  }
  std::erase_if(lines_, [](const auto& line) { return line->waiters.empty(); });
  lane_.flush();
}

void WaitingLines::look_after(Line& line) {
  if (line.waiters.empty()) return;
  LivePool& pool = *line.pool;
  const bool shared = others_waiting(pool) > 0;
  if (shared && std::exchange(line.served_last, false)) {
    own_turn_.arm(lane_.loop().now() + kGiveWayTime);
    return tell_others(pool);
  }
  line.served_last = serve(line);
}

// True: somebody does not wait any more.
bool WaitingLines::serve(Line& line) {
  bool served = false;
  std::size_t at = 0;
  for (std::size_t tries = line.waiters.size(); tries > 0 && at < line.waiters.size(); --tries) {
    Waiter& waiter = *line.waiters[at];
    if (waiter.try_again()) {
      served = true;
    } else if (waiter.choosy()) {
      ++at;
    } else {
      break;
    }
  }
  return served;
}

void WaitingLines::tell_others(const LivePool& pool) {
  if (call_others) call_others(pool.id());
}

}  // namespace weir::proxy
