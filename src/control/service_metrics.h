// ServiceMetrics: what running tasks use of what they reserved, as CloudWatch's AWS/ECS has it, each second. By service
// each task is one value, so that SampleCount in one second is how many run and Maximum the one that uses most; by
// cluster there is one value, of the whole machine, which is ECS's container instance here. A task is looked at for a
// few of the kernel's files, so that only some are at a time and, where there are very many, each more seldom than once
// a second: what is told of it is then what was seen last. Control thread; owned by main/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "control/control.h"
#include "model/documents.h"
#include "observe/metric_keep.h"
#include "runtime/runtime.h"

namespace weir::control {

// What there is to use.
struct Machine {
  double processors = 1;
  double memory = 0;  // bytes
};

class ServiceMetrics {
 public:
  ServiceMetrics(const runtime::Runtime& runtime, Control& control, observe::MetricKeep& keep, Machine machine)
      : runtime_(runtime), control_(control), keep_(keep), machine_(machine) {}

  // Publishes, once in a second of `at`, and begins a new round of looking where the last one is over. Errors: the
  // store's; "Throttling" where there are too many metrics.
  Result<> publish(Timestamp at, Instant now);
  // Looks at some more tasks, kUsesPerLook at most. Returns whether there are more. Errors: the store's.
  Result<bool> look(Instant now);

 private:
  struct Share {
    double used = 0;
    double reserved = 0;  // 0: nothing
  };
  struct Use {
    model::Scope scope;
    std::string cluster;
    std::string service;  // empty for a task that was run by hand
    Share cpu;            // processors
    Share memory;         // bytes
    std::int64_t cpu_nanoseconds = 0;
    Instant at;
    bool measured = false;  // looked at twice, so that there is a rate
  };
  struct Sums;
  void begin_round();
  Result<> look_at(const std::string& id, Instant now);
  Result<> reserve(const model::Task& task, Use& use);
  Result<> put_cluster(const model::Scope& scope, const std::string& cluster, const Sums& sums, Timestamp at);

  const runtime::Runtime& runtime_;
  Control& control_;
  observe::MetricKeep& keep_;
  const Machine machine_;
  std::int64_t second_ = 0;
  std::vector<std::string> round_;   // tasks to look at
  std::size_t next_ = 0;             // of the round
  std::map<std::string, Use> uses_;  // by task id
};

}  // namespace weir::control
