#include "control/service_metrics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "control/limits.h"
#include "control/task_spec.h"

namespace weir::control {

namespace {

constexpr double kUnitsPerProcessor = 1024;

observe::Aggregate percent(double used, double whole) { return observe::Aggregate::of(100 * used / whole); }

}  // namespace

// Of a cluster's tasks.
struct ServiceMetrics::Sums {
  Share cpu, memory;
};

// What the task reserves as a whole, else what its containers do; of memory what they are to get, else what they may.
Result<> ServiceMetrics::reserve(const model::Task& task, Use& use) {
  const auto* definition = TRY(control_.definition(task));
  if (!definition) return {};
  const auto spec = task_spec(task.id, definition->definition, task.overrides);
  double cpu = 0, memory = 0;
  for (const auto& container : spec.containers) {
    const auto& limits = container.limits;
    cpu += static_cast<double>(limits.cpu_shares);
    memory += static_cast<double>(limits.reservation != 0 ? limits.reservation : limits.memory);
  }
  if (spec.limits.cpu_quota != 0) cpu = static_cast<double>(spec.limits.cpu_quota);
  use.cpu.reserved = cpu / kUnitsPerProcessor;
  use.memory.reserved = spec.limits.memory != 0 ? static_cast<double>(spec.limits.memory) : memory;
  return {};
}

void ServiceMetrics::begin_round() {
  round_ = runtime_.list();
  next_ = 0;
  // Both are in order.
  auto listed = round_.begin();
  std::erase_if(uses_, [&](const auto& one) {
    listed = std::lower_bound(listed, round_.end(), one.first);
    return listed == round_.end() || *listed != one.first;
  });
}

Result<bool> ServiceMetrics::look(Instant now) {
  for (std::size_t looked = 0; looked < kUsesPerLook && next_ < round_.size(); ++looked) {
    TRY(look_at(round_[next_++], now));
  }
  return next_ < round_.size();
}

Result<> ServiceMetrics::look_at(const std::string& id, Instant now) {
  const model::Task* task = control_.task(id);
  const auto running =
      task && task->last_status == "RUNNING" ? runtime_.stats(id) : std::vector<runtime::ContainerUse>();
  if (running.empty()) {
    uses_.erase(id);
    return {};
  }
  const auto [found, is_new] = uses_.try_emplace(id);
  Use& use = found->second;
  if (is_new) {
    use.scope = task->scope;
    use.cluster = task->cluster;
    use.service = task->service;
    if (auto reserved = reserve(*task, use); !reserved) {
      uses_.erase(found);
      return reserved;
    }
  }
  std::int64_t spent = 0;
  use.memory.used = 0;
  for (const auto& container : running) {
    spent += container.use.cpu_nanoseconds;
    use.memory.used += static_cast<double>(container.use.memory_bytes);
  }
  if (!is_new && now > use.at) {
    // A container that was started again counts from 0.
    const std::int64_t more = std::max<std::int64_t>(0, spent - use.cpu_nanoseconds);
    use.cpu.used = static_cast<double>(more) / static_cast<double>((now - use.at).count());
    use.measured = true;
  }
  use.cpu_nanoseconds = spent;
  use.at = now;
  return {};
}

Result<> ServiceMetrics::publish(Timestamp at, Instant now) {
  if (at.millis / 1000 == second_) return {};
  second_ = at.millis / 1000;
  if (next_ == round_.size()) begin_round();
  TRY(look(now));
  using Service = std::tuple<const model::Scope&, const std::string&, const std::string&>;
  std::map<std::pair<model::Scope, std::string>, Sums> clusters;
  std::map<Service, std::pair<observe::Aggregate, observe::Aggregate>> services;
  for (const auto& [id, use] : uses_) {
    if (!use.measured) continue;
    Sums& sums = clusters[{use.scope, use.cluster}];
    sums.cpu.used += use.cpu.used, sums.cpu.reserved += use.cpu.reserved;
    sums.memory.used += use.memory.used, sums.memory.reserved += use.memory.reserved;
    if (use.service.empty()) continue;
    auto& [cpu, memory] = services[{use.scope, use.cluster, use.service}];
    // Without a reservation of the processor a task is weighed against all of them.
    cpu.add(percent(use.cpu.used, use.cpu.reserved != 0 ? use.cpu.reserved : machine_.processors));
    if (use.memory.reserved != 0) memory.add(percent(use.memory.used, use.memory.reserved));
  }
  for (const auto& [name, values] : services) {
    const auto& [scope, cluster, service] = name;
    observe::MetricId metric{scope, "AWS/ECS", "CPUUtilization", {{"ClusterName", cluster}, {"ServiceName", service}}};
    TRY(keep_.feed(metric, "Percent", values.first, at));
    metric.name = "MemoryUtilization";
    TRY(keep_.feed(metric, "Percent", values.second, at));
  }
  for (const auto& [name, sums] : clusters) TRY(put_cluster(name.first, name.second, sums, at));
  return {};
}

Result<> ServiceMetrics::put_cluster(const model::Scope& scope, const std::string& cluster, const Sums& sums,
                                     Timestamp at) {
  observe::MetricId metric{scope, "AWS/ECS", "", {{"ClusterName", cluster}}};
  const auto put = [&](const char* name, double used, double whole) {
    metric.name = name;
    return whole == 0 ? Result<>() : keep_.feed(metric, "Percent", percent(used, whole), at);
  };
  TRY(put("CPUUtilization", sums.cpu.used, machine_.processors));
  TRY(put("CPUReservation", sums.cpu.reserved, machine_.processors));
  TRY(put("MemoryUtilization", sums.memory.used, machine_.memory));
  return put("MemoryReservation", sums.memory.reserved, machine_.memory);
}

}  // namespace weir::control
