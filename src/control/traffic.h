// How the traffic of a deployment in stages is parted: what the rules of listeners say before it begins, and their
// weights while it goes on. Pure functions; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/documents.h"
#include "rollout/lifecycle.h"

namespace weir::control {

using Actions = std::vector<model::elbv2::Action>;

// A rule of a listener, its default rule, or a listener, as it is now.
struct RouteView {
  Actions actions;
  bool in_force = false;  // every worker runs it
};
using RouteViews = std::map<std::string, RouteView>;  // by ARN; those that are not there are missing

// The target groups of a new deployment of `service`, one a balancer: of a pair the one that production does not use;
// for a rolling one the one that it does. Without a pair, the only one.
std::vector<std::string> groups_of_deployment(const model::Service& service, const std::string& strategy,
                                              const std::vector<std::string>& completed_groups);

// The routes of a deployment that has `groups`: of each balancer that has a pair.
std::vector<model::StagedRoute> routes_of(const model::Service& service, const std::vector<std::string>& groups);

// `actions` with these weights for the two groups; both are added where they are missing. None where nothing is
// forwarded.
std::optional<Actions> with_weights(const Actions& actions, const model::StagedRoute& route,
                                    const rollout::Weights& weights);

// Why a deployment cannot shift traffic by these routes, in AWS's words; none where it can.
std::optional<std::string> network_fault(const std::vector<model::StagedRoute>& routes, const RouteViews& views);

}  // namespace weir::control
