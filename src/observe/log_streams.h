// The streams that a task's containers write to: made before the task starts, with the deliveries that fill them. One
// thread (the control thread).
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "model/documents.h"
#include "model/log_documents.h"
#include "observe/awslogs_options.h"
#include "store/store.h"

namespace weir::observe {

// A container whose output goes to CloudWatch Logs.
struct ContainerLog {
  std::string container;
  std::string container_id;
  AwslogsOptions options;
};

// Makes what is missing, in one commit. A repeat finds what is there. Errors: "ResourceNotFoundException" where a group
// is missing that nobody may make; the store's.
Result<std::vector<model::LogDelivery>> open_log_streams(store::Store& store, Random& random, Timestamp now,
                                                         const model::Task& task,
                                                         const std::vector<ContainerLog>& containers);

}  // namespace weir::observe
