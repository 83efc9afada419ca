// Preparation: what a task needs before its containers start and the runtime knows nothing of: log streams, secrets.
// Made in main/; control thread.
#pragma once

#include "base/result.h"
#include "model/documents.h"
#include "runtime/runtime.h"

namespace weir::control {

class Preparation {
 public:
  virtual ~Preparation() = default;
  // Makes it ready and completes `spec`. A repeat for the same task is harmless. Errors: with ErrorSource::client the
  // task can never start, and the message is its stoppedReason; others are tried again.
  virtual Result<> prepare(const model::Task& task, const model::ecs::TaskDefinition& definition,
                           runtime::TaskSpec& spec) = 0;
};

}  // namespace weir::control
