// The environment files of a task's containers: objects of S3 in AWS, files beneath a folder of buckets here
// (docs/decisions/0015). Control thread.
#pragma once

#include <string>

#include "model/documents.h"
#include "runtime/runtime.h"

namespace weir {

// Adds what the files say to the containers' environments; what is there already goes before. Errors: of
// ErrorSource::client, in the words of a stoppedReason, where a file is not there or too long.
Result<> add_environment_files(const std::string& buckets, const model::Task& task,
                               const model::ecs::TaskDefinition& definition, runtime::TaskSpec& spec);

}  // namespace weir
