#include "rollout/rolling.h"

#include <algorithm>
#include <tuple>

namespace weir::rollout {

namespace {

// The tasks in the order in which they would be let go, and what may still be done with them.
class Roll {
 public:
  Roll(const RollingWish& wish, const std::vector<RollingTask>& tasks) : wish_(wish) {
    for (const auto& task : tasks) {
      if (task.stage == Stage::stopping) {
        ++stopping_;
        continue;
      }
      alive_.push_back(&task);
      if (task.stage == Stage::serving) ++serving_;
      if (is_coming(task)) ++coming_;
      if (task.wished && task.stage != Stage::unhealthy) ++wished_;
    }
    std::sort(alive_.begin(), alive_.end(), [](const RollingTask* a, const RollingTask* b) {
      return std::tie(a->stage, a->made, a->id) < std::tie(b->stage, b->made, b->id);
    });
  }

  RollingPlan plan() {
    stop_those_of_no_use();
    stop_wished(wished_ - wish_.desired);
    stop_old_serving(serving_ - wish_.desired);
    const std::int32_t missing = std::max(0, wish_.desired - wished_);
    if (wish_.may_start) {
      make_room(missing);
      plan_.start = std::clamp(most_tasks(wish_) - total(), 0, missing);
    }
    plan_.blocked = wish_.may_start && missing > 0 && plan_.start == 0 && stopping_ == 0 && coming_ == 0;
    return std::move(plan_);
  }

 private:
  static bool is_coming(const RollingTask& task) {
    return task.stage == Stage::starting || task.stage == Stage::up || task.stage == Stage::unsure;
  }
  std::int32_t total() const { return static_cast<std::int32_t>(alive_.size()) + stopping_; }

  // Unhealthy ones, and those of replaced deployments that never came to serve.
  void stop_those_of_no_use() {
    stop_where([](const RollingTask& task) {
      return task.stage == Stage::unhealthy || (!task.wished && task.stage != Stage::serving);
    });
  }

  // Scale-in of the wished deployment.
  void stop_wished(std::int32_t count) {
    std::int32_t left = count;
    std::int32_t spare = serving_ - fewest_serving(wish_);
    stop_where([&](const RollingTask& task) {
      if (!task.wished || left <= 0) return false;
      if (task.stage == Stage::serving && spare-- <= 0) return false;
      --left;
      return true;
    });
  }

  void stop_old_serving(std::int32_t count) {
    std::int32_t left = std::min(count, serving_ - fewest_serving(wish_));
    stop_where([&](const RollingTask& task) { return !task.wished && left-- > 0; });
  }

  // Where new ones do not fit even when all that are stopping have gone, old ones go first, as far as the minimum
  // allows.
  void make_room(std::int32_t missing) {
    const std::int32_t room = most_tasks(wish_) - static_cast<std::int32_t>(alive_.size());
    stop_old_serving(missing - room);
  }

  template <class Which>
  void stop_where(Which which) {
    std::erase_if(alive_, [&](const RollingTask* task) {
      if (task->stage == Stage::unsure || !which(*task)) return false;
      plan_.stop.push_back(task->id);
      ++stopping_;
      if (task->stage == Stage::serving) --serving_;
      if (is_coming(*task)) --coming_;
      if (task->wished && task->stage != Stage::unhealthy) --wished_;
      return true;
    });
  }

  const RollingWish& wish_;
  RollingPlan plan_;
  std::vector<const RollingTask*> alive_;  // not stopping
  std::int32_t stopping_ = 0;
  std::int32_t serving_ = 0;
  std::int32_t coming_ = 0;  // alive, not serving yet
  std::int32_t wished_ = 0;  // alive and of use, of the wished deployment
};

}  // namespace

std::int32_t fewest_serving(const RollingWish& wish) {
  const std::int64_t percent = std::clamp(wish.minimum_percent, 0, 100);
  return static_cast<std::int32_t>((wish.desired * percent + 99) / 100);
}

std::int32_t most_tasks(const RollingWish& wish) {
  const std::int64_t percent = std::max(wish.maximum_percent, 0);
  return static_cast<std::int32_t>(wish.desired * percent / 100);
}

RollingPlan plan_rolling(const RollingWish& wish, const std::vector<RollingTask>& tasks) {
  return Roll(wish, tasks).plan();
}

}  // namespace weir::rollout
