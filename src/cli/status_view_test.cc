#include "cli/status_view.h"

#include <gtest/gtest.h>

namespace weir::cli {
namespace {

Json parse(std::string_view text) { return MUST(Json::parse(text)); }

constexpr const char* kStatus = R"({
  "clusters": [{"name": "demo", "services": [
    {"name": "echo", "status": "ACTIVE", "desired": 2, "running": 3, "pending": 1,
     "deployments": [
       {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "arn:aws:ecs:eu-west-1:000000000000:task-definition/echo:2",
        "desired": 2, "running": 1, "rolloutState": "IN_PROGRESS", "age_seconds": 7},
       {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "echo:1",
        "desired": 2, "running": 2, "rolloutState": "COMPLETED", "age_seconds": 7500}],
     "tasks": [
       {"id": "0123456789abcdef0123456789abcdef", "deployment": "ecs-svc/2", "status": "RUNNING", "health": "HEALTHY",
        "age_seconds": 5, "targets": [{"targetGroup": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/new/0123",
        "address": "127.0.0.1", "port": 40001, "state": "serving", "health": "healthy", "reason": ""}]},
       {"id": "1123456789abcdef0123456789abcdef", "deployment": "ecs-svc/2", "status": "PENDING", "health": "",
        "age_seconds": 0, "targets": []},
       {"id": "2123456789abcdef0123456789abcdef", "deployment": "ecs-svc/1", "status": "RUNNING", "health": "UNHEALTHY",
        "age_seconds": 93, "targets": [{"targetGroup": "old", "address": "127.0.0.1", "port": 40002,
        "state": "draining", "health": "unhealthy", "reason": "Timeout"}]},
       {"id": "3123456789abcdef0123456789abcdef", "deployment": "ecs-svc/0", "status": "STOPPING", "health": "",
        "age_seconds": 90000, "targets": []}],
     "events": [{"at": "2026-11-21T07:19:00.123Z", "message": "(service echo) has started 1 tasks."}]},
    {"name": "idle", "status": "DRAINING", "desired": 0, "running": 0, "pending": 0,
     "deployments": [], "tasks": [], "events": []}]}],
  "balancers": [{"name": "web", "dns": "web-1.elb.localhost", "listeners": [
    {"port": 8080, "listening": true, "error": "", "targetGroups": [
      {"name": "old", "weight": 50, "requests": 300, "healthy": 1, "total": 2},
      {"name": "newer", "weight": 50, "requests": 100, "healthy": 1, "total": 1}]},
    {"port": 8081, "listening": false, "error": "Address already in use", "targetGroups": []}]}]
})";

TEST(StatusView, AServiceInTheMiddleOfADeploymentIsATree) {
  EXPECT_EQ(render_status(parse(kStatus), nullptr), R"(cluster demo
├─ service echo  ACTIVE  desired 2  running 3  pending 1
│  ├─ deployment echo:2  PRIMARY  ecs-svc/2  1/2 running  IN_PROGRESS  7s
│  │  ├─ task 01234567  RUNNING  HEALTHY  5s  → new 127.0.0.1:40001 serving healthy
│  │  └─ task 11234567  PENDING  0s
│  ├─ deployment echo:1  ACTIVE  ecs-svc/1  2/2 running  COMPLETED  2h05m
│  │  └─ task 21234567  RUNNING  UNHEALTHY  1m33s  → old 127.0.0.1:40002 draining unhealthy (Timeout)
│  ├─ task 31234567  STOPPING  1d01h
│  └─ 2026-11-21T07:19:00.123Z  (service echo) has started 1 tasks.
└─ service idle  DRAINING  desired 0  running 0  pending 0
balancer web  web-1.elb.localhost
├─ listener :8080  listening
│  ├─ old    wished  50.0 %  measured  75.0 %  1/2 healthy  300 requests
│  └─ newer  wished  50.0 %  measured  25.0 %  1/1 healthy  100 requests
└─ listener :8081  Address already in use
)");
}

TEST(StatusView, MeasuredSharesCountFromTheAnswerBefore) {
  const Json before = parse(R"({"balancers": [{"name": "web", "listeners": [{"port": 8080, "targetGroups": [
      {"name": "old", "requests": 290}, {"name": "newer", "requests": 70}]}]}]})");
  const std::string text = render_status(parse(kStatus), &before);
  EXPECT_TRUE(text.contains("old    wished  50.0 %  measured  25.0 %")) << text;
  EXPECT_TRUE(text.contains("newer  wished  50.0 %  measured  75.0 %")) << text;
}

TEST(StatusView, WithoutRequestsNoShareIsInvented) {
  const Json before = parse(kStatus);
  EXPECT_TRUE(render_status(before, &before).contains("old    wished  50.0 %  measured     –   1/2 healthy"));
}

TEST(StatusView, AnEmptyWeirSaysSo) { EXPECT_EQ(render_status(parse("{}"), nullptr), "nothing here yet\n"); }

TEST(StatusView, AgesHaveTwoUnits) {
  const struct {
    std::int64_t seconds;
    const char* text;
  } kRows[] = {{-1, "0s"},       {0, "0s"},       {59, "59s"},       {60, "1m00s"},
               {3599, "59m59s"}, {3600, "1h00m"}, {360'000, "4d04h"}};
  for (const auto& row : kRows) EXPECT_EQ(age_text(row.seconds), row.text);
}

}  // namespace
}  // namespace weir::cli
