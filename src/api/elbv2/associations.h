// Who uses what among balancers, listeners and target groups. Control thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "model/certificate_documents.h"
#include "model/documents.h"
#include "store/store.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// None where there is none, or `arn` is not the ARN of one.
Result<std::optional<store::Versioned<model::LoadBalancer>>> find_balancer(Context& context, std::string_view arn);
Result<std::optional<store::Versioned<model::TargetGroup>>> find_target_group(Context& context, std::string_view arn);
Result<std::optional<store::Versioned<model::Listener>>> find_listener(Context& context, std::string_view arn);

Result<std::optional<store::Versioned<model::TrustStore>>> find_trust_store(Context& context, std::string_view arn);

// Of a listener's rules not the default one.
Result<std::optional<store::Versioned<model::Rule>>> find_rule(Context& context, std::string_view arn);

Result<std::vector<store::Versioned<model::Listener>>> all_listeners(Context& context);

// Adds to `writes` the end of each rule of the listener `arn`.
Result<> erase_rules(Context& context, std::string_view arn, std::vector<store::Write>& writes);

// That a listener or one of its rules forwards to a target group; ARNs.
struct Use {
  std::string balancer;
  std::string group;
};
Result<std::vector<Use>> all_uses(Context& context);

// The ARNs of the balancers that forward to the target group `arn`, each once.
std::vector<std::string> balancers_using(const std::vector<Use>& uses, std::string_view arn);
Result<std::vector<std::string>> balancers_using(Context& context, std::string_view arn);

}  // namespace weir::api::elbv2
