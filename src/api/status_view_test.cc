#include "api/status_view.h"

#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class StatusView : public TestWorld {
 protected:
  StatusView() {
    put(model::Cluster{.scope = kScope, .name = "one"});
    model::Service service{.scope = kScope, .cluster = "one", .name = "s"};
    service.task_definition = "web:1";
    service.desired_count = 2;
    service.deployment_id = "ecs-svc/1";
    service.deployment_created_at = service.created_at = clock.wall();
    put(service);
  }
  const model::Scope kScope{"000000000000", "eu-central-1"};
  Json service() {
    const Json status = MUST(status_view(store, clock.wall(), {}));
    return status["clusters"].items().at(0)["services"].items().at(0);
  }
};

TEST_F(StatusView, IsEmptyWhereNothingIs) {
  store::MemoryStore empty;
  EXPECT_EQ(MUST(status_view(empty, clock.wall(), {})).dump(), R"({"clusters":[],"balancers":[]})");
}

TEST_F(StatusView, ShowsAWishBeforeControlHasSeenIt) {
  const Json shown = service();
  EXPECT_EQ(shown["desired"].as_int(), 2);
  EXPECT_EQ(shown["running"].as_int(-1), 0);
  EXPECT_EQ(shown["deployments"].items().at(0)["id"].as_string(), "ecs-svc/1");
  EXPECT_EQ(shown["tasks"].dump(), "[]");
}

TEST_F(StatusView, ShowsTasksWithTheirTargetsAndAges) {
  model::Task task{.scope = kScope, .cluster = "one", .id = "a", .service = "s", .deployment = "ecs-svc/1"};
  task.last_status = "RUNNING";
  task.created_at = clock.wall();
  task.targets = {{.target_group = "blue", .address = "127.0.0.1", .port = 4, .state = "serving", .health = "healthy"}};
  put(task);
  model::Task gone{.scope = kScope, .cluster = "one", .id = "b", .service = "s", .last_status = "STOPPED"};
  put(gone);
  model::ServiceState state{.scope = kScope, .cluster = "one", .name = "s"};
  for (int i = 0; i < 7; ++i) state.events.push_back({.id = "e", .created_at = clock.wall(), .message = "m"});
  put(state);
  clock.advance(std::chrono::seconds(90));
  const Json shown = service();
  ASSERT_EQ(shown["tasks"].items().size(), 1u);
  const Json& first = shown["tasks"].items()[0];
  EXPECT_EQ(first["id"].as_string(), "a");
  EXPECT_EQ(first["health"].as_string(), "HEALTHY");
  EXPECT_EQ(first["age_seconds"].as_int(), 90);
  EXPECT_EQ(first["targets"].items().at(0)["port"].as_int(), 4);
  EXPECT_EQ(shown["events"].items().size(), 5u);
  EXPECT_EQ(shown["deployments"].items().at(0)["age_seconds"].as_int(), 90);
}

}  // namespace
}  // namespace weir::api
