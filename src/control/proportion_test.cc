// What a change of one service costs does not grow with the number of the others.
#include <gtest/gtest.h>

#include "control/test_world.h"

namespace weir::control::testing {
namespace {

// Counts what is asked of the store, and what it gives.
class CountingStore final : public store::Store {
 public:
  explicit CountingStore(store::Store& store) : store_(store) {}

  Result<std::optional<store::Document>> get(const store::Key& key) override {
    ++touched;
    return store_.get(key);
  }
  Result<std::vector<store::Document>> list(std::string_view kind, std::string_view prefix) override {
    auto found = store_.list(kind, prefix);
    touched += 1 + (found ? found->size() : 0);
    return found;
  }
  Result<std::int64_t> commit(std::span<const store::Write> writes) override {
    touched += 1 + writes.size();
    return store_.commit(writes);
  }
  std::int64_t revision() const override { return store_.revision(); }
  Result<std::vector<store::Change>> changes(std::int64_t after) override {
    auto found = store_.changes(after);
    if (found) touched += found->size();
    return found;
  }
  void on_commit(std::function<void()> told) override { store_.on_commit(std::move(told)); }

  std::size_t touched = 0;  // calls, and documents that they gave or took

 private:
  store::Store& store_;
};

// How much control asks of the store from the wish for a third task of one service until it runs, beside `others`.
std::size_t asked_beside(int others) {
  TestWorld world;
  CountingStore counting(world.store);
  world.store_in_use = &counting;
  world.restart();
  world.wish_definition(1);
  for (int i = 0; i < others; ++i) {
    model::Service service{.scope = kScope, .cluster = "main", .name = "other-" + std::to_string(1000 + i)};
    service.task_definition = definition_arn("web", 1);
    service.deployment_id = "ecs-svc/" + std::to_string(2'000'000'000'000'000'000 + i);
    service.created_at = service.deployment_created_at = world.clock.wall();
    service.desired_count = 1;
    world.wish(service);
  }
  world.wish_service(2);
  world.settle();
  EXPECT_EQ(world.tasks("RUNNING").size(), static_cast<std::size_t>(others) + 2);
  world.settle();
  counting.touched = 0;
  world.wish_service(3);
  world.settle();
  EXPECT_EQ(world.tasks("RUNNING").size(), static_cast<std::size_t>(others) + 3);
  const std::size_t asked = counting.touched;
  world.control.reset();  // before the store that it uses
  return asked;
}

TEST(Proportion, a_change_of_one_service_asks_the_store_as_much_among_hundreds_as_among_few) {
  const std::size_t among_few = asked_beside(2);
  EXPECT_GT(among_few, 0u);
  EXPECT_EQ(asked_beside(300), among_few);
}

}  // namespace
}  // namespace weir::control::testing
