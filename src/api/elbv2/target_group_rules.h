// What makes a target group valid, and the defaults AWS gives it by protocol version. Pure functions; any thread.
#pragma once

#include "base/result.h"
#include "model/elbv2/shapes.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// The group that `input` asks for, checked and completed; without its ARN. Errors: ValidationError.
Result<shapes::TargetGroup> make_group(const shapes::CreateTargetGroupInput& input);

// What both CreateTargetGroup and ModifyTargetGroup say of health checks.
template <class Input>
void take_health_check(shapes::TargetGroup& group, const Input& input) {
  if (input.HealthCheckProtocol) group.HealthCheckProtocol = input.HealthCheckProtocol;
  if (input.HealthCheckPort) group.HealthCheckPort = input.HealthCheckPort;
  if (input.HealthCheckEnabled) group.HealthCheckEnabled = input.HealthCheckEnabled;
  if (input.HealthCheckPath) group.HealthCheckPath = input.HealthCheckPath;
  if (input.HealthCheckIntervalSeconds) group.HealthCheckIntervalSeconds = input.HealthCheckIntervalSeconds;
  if (input.HealthCheckTimeoutSeconds) group.HealthCheckTimeoutSeconds = input.HealthCheckTimeoutSeconds;
  if (input.HealthyThresholdCount) group.HealthyThresholdCount = input.HealthyThresholdCount;
  if (input.UnhealthyThresholdCount) group.UnhealthyThresholdCount = input.UnhealthyThresholdCount;
  if (input.Matcher) group.Matcher = input.Matcher;
}

// Gives a health check by HTTP the path and matcher that it does not say.
void complete_health_check(shapes::TargetGroup& group);

// Errors: ValidationError.
Result<> check_health_check(const shapes::TargetGroup& group);

// "200", "200,202" and "200-299" with codes from `least` to `most`.
bool is_matcher(std::string_view text, int least, int most);

}  // namespace weir::api::elbv2
