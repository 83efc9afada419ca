#include "control/hook_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/uuid.h"
#include "control/limits.h"

namespace weir::control {

namespace {

using model::HookRun;
using model::StagedDeployment;

constexpr std::int32_t kDefaultTimeout = 1440;  // AWS minutes
constexpr unsigned kHookDigits = 32;

// "arn:…:service/CLUSTER/NAME" as the ARN of one of its revisions or deployments.
std::string related_arn(const std::string& service, const char* kind, const std::string& id) {
  constexpr std::string_view kService = ":service/";
  const auto at = service.find(kService);
  if (at == std::string::npos) return id;
  return fmt::format("{}:{}/{}/{}", service.substr(0, at), kind, service.substr(at + kService.size()), id);
}

bool is_waiting(const HookRun& run) { return run.status == "AWAITING_ACTION" || run.status == "IN_PROGRESS"; }

class HookTurn {
 public:
  HookTurn(StagedDeployment& staged, const HookView& view) : staged_(staged), view_(view) {}

  HookStep step() {
    for (auto& run : staged_.hooks) {
      if (is_waiting(run)) hear(run);
      if (is_waiting(run)) time_out(run);
      if (is_waiting(run) && run.target_type != "PAUSE") call(run);
    }
    out_.passed = std::none_of(staged_.hooks.begin(), staged_.hooks.end(), is_waiting);
    return std::move(out_);
  }

 private:
  void wake_at(Moment at) { out_.next = out_.next ? std::min(*out_.next, at) : at; }
  void fail(HookRun& run, const char* status, std::string reason) {
    run.status = status;
    if (!out_.failure) {
      out_.failure = fmt::format("Service deployment rolled back because {} {}", staged_.stage, reason);
    }
  }
  static std::string target_failed(const std::string& how) { return "lifecycle hook(s) failed. " + how; }

  void hear(HookRun& run) {
    for (const auto& answer : view_.service.hook_answers) {
      if (answer.hook != run.id || run.target_type != "PAUSE") continue;
      if (answer.action != "ROLLBACK") {
        run.status = "SUCCEEDED";
      } else {
        fail(run, "FAILED", "pause hook was answered with ROLLBACK.");
      }
      return;
    }
    for (const auto& reply : view_.replies) {
      if (reply.id == run.id && reply.number == run.calls) return take(run, reply);
    }
  }

  void take(HookRun& run, const HookReply& reply) {
    ++run.calls;
    if (reply.error) {
      return fail(run, "FAILED",
                  target_failed(
                      fmt::format("ECS was unable to invoke hook target {} due to {}", run.target_arn, *reply.error)));
    }
    const auto said = Json::parse(reply.output);
    const std::string status = said ? (*said)["hookStatus"].as_string() : "";
    if (status == "SUCCEEDED") {
      run.status = status;
    } else if (status == "FAILED") {
      fail(run, "FAILED",
           target_failed(fmt::format("Lifecycle hook target {} returned FAILED status.", run.target_arn)));
    } else if (status == "IN_PROGRESS") {
      again(run, *said);
    } else {
      fail(run, "FAILED",
           target_failed(fmt::format("ECS was unable to parse the response from {} due to HookStatus must not be null",
                                     run.target_arn)));
    }
  }

  void again(HookRun& run, const Json& said) {
    const Json& delay = said["callBackDelay"];
    const double seconds = delay.is_number() ? delay.as_double() : kHookDelay.count();
    const double most = std::chrono::duration<double>(kLongestHookDelay).count();
    run.next_call = view_.now + std::chrono::milliseconds(std::llround(1000 * std::clamp(seconds, 0.0, most)));
    for (const auto& [name, value] : said["hookDetails"].members()) run.details.set(name, value);
  }

  void time_out(HookRun& run) {
    if (view_.now < run.expires) return wake_at(run.expires);
    if (run.timeout_action == "CONTINUE") {
      run.status = "TIMED_OUT";
    } else if (run.target_type == "PAUSE") {
      fail(run, "TIMED_OUT", "pause hook timed out.");
    } else {
      fail(run, "TIMED_OUT", target_failed(fmt::format("Lifecycle hook target {} timed out.", run.target_arn)));
    }
  }

  void call(HookRun& run) {
    if (view_.now < run.next_call) return wake_at(run.next_call);
    out_.calls.push_back({.service = view_.service.key(),
                          .id = run.id,
                          .number = run.calls,
                          .target = run.target_arn,
                          .payload = hook_payload(staged_, view_.service, run).dump()});
  }

  StagedDeployment& staged_;
  const HookView& view_;
  HookStep out_;
};

}  // namespace

void begin_hooks(StagedDeployment& staged, Now now, Duration minute, Random& random) {
  staged.hooks_begun = true;
  staged.hooks.clear();
  if (!staged.configuration.lifecycleHooks) return;
  for (const auto& hook : *staged.configuration.lifecycleHooks) {
    const auto& stages = hook.lifecycleStages;
    if (!stages || std::find(stages->begin(), stages->end(), staged.stage) == stages->end()) continue;
    const bool pauses = hook.targetType == "PAUSE";
    HookRun run{.target_type = pauses ? "PAUSE" : "AWS_LAMBDA", .status = pauses ? "AWAITING_ACTION" : "IN_PROGRESS"};
    run.id = fmt::format("ecs-{}-{}", pauses ? "pause" : "lambda", random.hex(kHookDigits));
    if (!pauses) run.target_arn = hook.hookTargetArn.value_or("");
    const auto& timeout = hook.timeoutConfiguration;
    const Duration lasts = minute * (timeout ? timeout->timeoutInMinutes.value_or(kDefaultTimeout) : kDefaultTimeout);
    run.expires = now.moment + lasts;
    run.expires_at = now.date + lasts;
    run.timeout_action = timeout ? timeout->action.value_or("ROLLBACK") : "ROLLBACK";
    run.execution = uuid(random);
    if (hook.hookDetails) run.details = *hook.hookDetails;
    run.next_call = now.moment;
    staged.hooks.push_back(std::move(run));
  }
}

HookStep step_hooks(StagedDeployment& staged, const HookView& view) { return HookTurn(staged, view).step(); }

Json hook_payload(const StagedDeployment& staged, const model::Service& service, const HookRun& run) {
  const std::string target = related_arn(service.arn, "service-revision", staged.target_revision);
  const auto weights = [&](double percent) {
    Json all = Json::object();
    all.set(target, percent);
    if (!staged.source_revision.empty()) {
      all.set(related_arn(service.arn, "service-revision", staged.source_revision), 100 - percent);
    }
    return all;
  };
  const bool test = staged.stage == "TEST_TRAFFIC_SHIFT";
  const bool production = staged.stage == "PRE_PRODUCTION_TRAFFIC_SHIFT" || staged.stage == "PRODUCTION_TRAFFIC_SHIFT";
  Json details = Json::object();
  details.set("serviceArn", service.arn);
  details.set("targetServiceRevisionArn", target);
  details.set("testTrafficWeights", test ? weights(staged.test_percent) : Json::object());
  details.set("productionTrafficWeights", production ? weights(staged.production_percent) : Json::object());
  Json payload = Json::object();
  payload.set("executionId", run.execution);
  payload.set("lifecycleStage", staged.stage);
  payload.set("resourceArn", related_arn(service.arn, "service-deployment", service.service_deployment_id));
  payload.set("executionDetails", std::move(details));
  if (run.details.is_object()) payload.set("hookDetails", run.details);
  return payload;
}

}  // namespace weir::control
