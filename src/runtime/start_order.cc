#include "runtime/start_order.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::runtime {
namespace {

const char* word_of(DependencyCondition condition) {
  switch (condition) {
    case DependencyCondition::start:
      return "START";
    case DependencyCondition::complete:
      return "COMPLETE";
    case DependencyCondition::success:
      return "SUCCESS";
    case DependencyCondition::healthy:
      return "HEALTHY";
  }
  return "";
}

}  // namespace

bool is_restarted(const ContainerSpec& container, std::int32_t exit_code, Duration ran) {
  if (!container.restart) return false;
  const auto& ignored = container.restart->ignored_exit_codes;
  return std::ranges::find(ignored, exit_code) == ignored.end() && ran >= container.restart->attempt_period;
}

StartOrder::StartOrder(const std::vector<ContainerSpec>& containers)
    : containers_(containers), started_(containers.size()) {}

bool StartOrder::all_started() const {
  return std::ranges::all_of(started_, [](const auto& at) { return at.has_value(); });
}

std::optional<std::size_t> StartOrder::next(const Seen& seen) const {
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    const auto met = [&](const Dependency& dependency) { return is_met(dependency, seen); };
    if (!has_started(i) && std::ranges::all_of(containers_[i].depends_on, met)) return i;
  }
  return std::nullopt;
}

std::optional<StartOrder::Stuck> StartOrder::stuck(const Seen& seen, Instant now) const {
  bool some_run = false, some_wait = false;
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    some_run |= seen[i].running;
    some_wait |= !has_started(i);
    if (has_started(i)) continue;
    for (const auto& dependency : containers_[i].depends_on) {
      if (is_met(dependency, seen)) continue;
      if (std::string why = why_never(containers_[i], dependency, seen, now); !why.empty()) return Stuck{i, why};
    }
  }
  if (some_run || !some_wait || next(seen)) return std::nullopt;
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    if (!has_started(i)) return Stuck{i, "the containers wait for each other"};
  }
  return std::nullopt;
}

std::optional<Instant> StartOrder::deadline(const Seen& seen) const {
  std::optional<Instant> first;
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    if (has_started(i)) continue;
    for (const auto& dependency : containers_[i].depends_on) {
      const auto at = is_met(dependency, seen) ? std::nullopt : deadline_of(dependency);
      if (at) first = first ? std::min(*first, *at) : *at;
    }
  }
  return first;
}

std::vector<std::size_t> StartOrder::may_stop(const Seen& seen) const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    bool needed = false;
    for (std::size_t j = 0; j < containers_.size(); ++j) {
      const auto names_it = [&](const Dependency& one) { return one.container == containers_[i].name; };
      needed |= j != i && seen[j].running && std::ranges::any_of(containers_[j].depends_on, names_it);
    }
    if (seen[i].running && !needed) all.push_back(i);
  }
  return all;
}

std::optional<std::size_t> StartOrder::index_of(const std::string& name) const {
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    if (containers_[i].name == name) return i;
  }
  return std::nullopt;
}

bool StartOrder::is_met(const Dependency& dependency, const Seen& seen) const {
  const auto on = index_of(dependency.container);
  if (!on || !has_started(*on)) return false;
  const auto& other = seen[*on];
  switch (dependency.condition) {
    case DependencyCondition::start:
      return true;
    case DependencyCondition::complete:
      return other.exit_code.has_value();
    case DependencyCondition::success:
      return other.exit_code == 0;
    case DependencyCondition::healthy:
      return other.running && other.health == ContainerHealth::healthy;
  }
  return false;
}

std::string StartOrder::why_never(const ContainerSpec& waiting, const Dependency& dependency, const Seen& seen,
                                  Instant now) const {
  const auto on = index_of(dependency.container);
  const std::string wait = fmt::format("container {} depends on container {} being {}", waiting.name,
                                       dependency.container, word_of(dependency.condition));
  if (!on) return wait + ", which does not exist";
  if (const auto code = seen[*on].exit_code) return fmt::format("{}, and that ended with exit code {}", wait, *code);
  if (const auto until = deadline_of(dependency); until && *until <= now) {
    return fmt::format("{}, and that did not come to be within its start timeout of {} seconds", wait,
                       containers_[*on].start_timeout->count());
  }
  return "";
}

std::optional<Instant> StartOrder::deadline_of(const Dependency& dependency) const {
  const auto on = index_of(dependency.container);
  if (!on || !has_started(*on) || !containers_[*on].start_timeout) return std::nullopt;
  return *started_[*on] + *containers_[*on].start_timeout;
}

}  // namespace weir::runtime
