// TaskPreparation: before a task's containers start, the streams that they write to are made, and the secrets and
// environment files that they want are looked up; each container is told where its metadata is. Owned by Server;
// control thread.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret_box.h"
#include "control/preparation.h"
#include "main/log_courier.h"
#include "store/store.h"

namespace weir {

class TaskPreparation final : public control::Preparation {
 public:
  // All outlive this.
  TaskPreparation(store::Store& store, const Clock& clock, Random& random, LogCourier& courier, const SecretBox& box,
                  std::string buckets)
      : store_(store), clock_(clock), random_(random), courier_(courier), box_(box), buckets_(std::move(buckets)) {}

  // Where containers reach this server: "http://127.0.0.1:4566".
  void serve_metadata_at(std::string endpoint) { endpoint_ = std::move(endpoint); }

  Result<> prepare(const model::Task& task, const model::ecs::TaskDefinition& definition,
                   runtime::TaskSpec& spec) override;

 private:
  Result<> add_secrets(const model::Task& task, const model::ecs::TaskDefinition& definition, runtime::TaskSpec& spec);
  Result<> open_logs(const model::Task& task, const model::ecs::TaskDefinition& definition);

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
  LogCourier& courier_;
  const SecretBox& box_;
  const std::string buckets_;  // the folder that stands for S3
  std::string endpoint_;
};

}  // namespace weir
