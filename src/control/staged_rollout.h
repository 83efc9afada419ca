// A deployment in stages, BLUE_GREEN, LINEAR or CANARY, as pure functions over its document: the stage that is next,
// the weights that the rules of its balancers are to have, and the hooks that are to be called. Which tasks run is the
// service's matter (service_reconciler.h). Any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "control/hook_runs.h"
#include "control/traffic.h"
#include "model/documents.h"

namespace weir::control {

// Whether blue can take all traffic back.
enum class WayBack {
  open,     // it serves, or green does not either
  blocked,  // it has nobody left and green serves: its tasks come again
  gone,     // that has been so for too long
};

// What is so of the service's tasks.
struct StagedFacts {
  bool reconciled = true;     // none are left that are neither blue's nor green's, or blue is missing
  bool green_serves = false;  // as many as are desired
  bool old_gone = false;      // none are left but green's
  WayBack way_back = WayBack::open;
};

struct StagedView {
  const model::Service& service;
  const RouteViews& routes;
  const std::vector<HookReply>& replies;
  StagedFacts facts;
  Now now;
  Duration minute{};  // how long an AWS minute lasts
};

struct StagedStep {
  std::map<std::string, Actions> routes;  // what rules and listeners are to say, by ARN
  std::vector<HookCall> calls;
  bool awaits_acknowledgement = false;
  std::optional<Moment> next;
  std::optional<std::string> failure;  // why it cannot go on, in AWS's words
  bool over = false;                   // there is nothing left to do for it
};

// A staged deployment of `service`, whose deployment is `green`.
model::StagedDeployment begin_staged(const model::Service& service, const model::ServiceState& state,
                                     const model::Deployment& green, Moment now);

// As many stages on as there is nothing to wait for.
StagedStep advance_staged(model::StagedDeployment& staged, const StagedView& view, Random& random);

// It goes back: traffic is blue's at once, wherever blue has somebody to take it.
void turn_back(model::StagedDeployment& staged, Moment now);
// What is left to do then: until every worker sends all to blue, and the hooks have been told, `staged.stage` is a
// traffic shift; afterwards it is CLEAN_UP, and green may end.
StagedStep go_back(model::StagedDeployment& staged, const StagedView& view, Random& random);

// A newer deployment takes its place: over once traffic is blue's again, and at once where there is no blue, or where
// it is past the way back. Where the way back is gone, it is over once all traffic is green's.
StagedStep withdraw(model::StagedDeployment& staged, const StagedView& view);

// Whether blue has begun to end: what is green is then what the service is.
bool is_past_return(const model::StagedDeployment& staged);

}  // namespace weir::control
