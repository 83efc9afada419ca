// TaskPreparation: before a task's containers start, the streams that they write to are made. Owned by Server; control
// thread.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "control/preparation.h"
#include "main/log_courier.h"
#include "store/store.h"

namespace weir {

class TaskPreparation final : public control::Preparation {
 public:
  // All outlive this.
  TaskPreparation(store::Store& store, const Clock& clock, Random& random, LogCourier& courier)
      : store_(store), clock_(clock), random_(random), courier_(courier) {}

  Result<> prepare(const model::Task& task, const model::ecs::TaskDefinition& definition,
                   runtime::TaskSpec& spec) override;

 private:
  Result<> open_logs(const model::Task& task, const model::ecs::TaskDefinition& definition);

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
  LogCourier& courier_;
};

}  // namespace weir
