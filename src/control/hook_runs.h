// The lifecycle hooks of a deployment's stage: hooks that pause it until somebody answers, and commands that stand in
// for Lambda functions. Pure functions; what is to be called is their result. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/documents.h"

namespace weir::control {

// A call of a hook's target. Made again, with the same number, where nobody has heard its end: targets have to bear
// that, as Lambda functions do.
struct HookCall {
  std::string service;  // the service's key
  std::string id;       // HookRun.id
  std::int32_t number = 0;
  std::string target;   // ARN
  std::string payload;  // JSON
};

struct HookReply {
  std::string id;
  std::int32_t number = 0;
  std::optional<std::string> error;  // it could not be called, or failed; a sentence's end
  std::string output;                // what it said: {"hookStatus": …}
};

// What the hooks of a stage have to do with.
struct HookView {
  const model::Service& service;
  const std::vector<HookReply>& replies;
  Moment now;
  Duration minute{};  // how long an AWS minute lasts
};

struct HookStep {
  bool passed = false;                 // none is left to wait for
  std::optional<std::string> failure;  // why the deployment goes back, in AWS's words
  std::vector<HookCall> calls;
  std::optional<Moment> next;
};

// Makes a run of each hook that the deployment has at its stage.
void begin_hooks(model::StagedDeployment& staged, Now now, Duration minute, Random& random);

// One turn of the stage's runs.
HookStep step_hooks(model::StagedDeployment& staged, const HookView& view);

// What the target of `run` is told, as AWS tells a Lambda function.
Json hook_payload(const model::StagedDeployment& staged, const model::Service& service, const model::HookRun& run);

}  // namespace weir::control
