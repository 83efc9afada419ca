// bench_api_reads [SERVICES] [TASKS]: how long the façade's reading calls take, from the decoded request to the reply
// as JSON, over a store with SERVICES (1,000) services and TASKS (10,000) tasks of one cluster. Prints the first call
// of each (documents are decoded once) and p50 and p99 of the hundred after it, in
// milliseconds of processor time.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "api/ecs/actions.h"
#include "model/documents.h"
#include "store/memory_store.h"

namespace {

using namespace weir;
// Of this process alone, so that what else the machine does matters little.
double processor_millis() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

constexpr int kCalls = 100;
const model::Scope kScope{"000000000000", "eu-central-1"};

std::string arn(const std::string& rest) { return "arn:aws:ecs:eu-central-1:000000000000:" + rest; }

void put(store::Store& store, std::vector<store::Write> writes) { MUST(store.commit(writes)); }

model::Task task_of(const std::string& service, const std::string& definition, const std::string& id) {
  model::Task task{.scope = kScope, .cluster = "bench", .id = id, .service = service, .task_definition = definition};
  task.arn = arn("task/bench/" + id);
  task.deployment = "ecs-svc/1234567890123456789";
  task.last_status = "RUNNING";
  task.created_at = task.started_at.emplace(Timestamp{1'700'000'000'000});
  task.address = "127.0.0.1";
  task.containers = {{.name = "app", .image = "app:1", .last_status = "RUNNING", .pid = 4711}};
  task.targets = {
      {.target_group = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/bench/0123456789",
       .container = "app",
       .container_port = 8080,
       .address = "127.0.0.1",
       .port = 20000,
       .state = "serving",
       .health = "healthy",
       .acknowledged = true}};
  return task;
}

void call(store::Store& store, const api::ActionTable& table, const char* operation, const std::string& request) {
  Random random{1};
  const api::Action* action = table.find("ecs", operation);
  std::vector<double> times;
  for (int i = 0; i <= kCalls; ++i) {
    const double begin = processor_millis();
    auto input = action->make_input();
    MUST(from_json(action->input(), MUST(Json::parse(request)), input.get(), Unknown::refuse));
    api::Context context{kScope.account, kScope.region, Timestamp{1'700'000'001'000}, random, store, "", ""};
    const auto output = MUST(action->invoke(context, input.get()));
    const std::string reply = to_json(action->output(), output.get()).dump();
    times.push_back(processor_millis() - begin);
    if (reply.empty()) std::abort();
  }
  const double first = times.front();
  times.erase(times.begin());
  std::ranges::sort(times);
  fmt::print("{:<24} first {:8.2f}   p50 {:8.3f}   p99 {:8.3f}\n", operation, first, times[kCalls / 2],
             times[kCalls - 2]);
}

}  // namespace

int main(int count, char** words) {
  const int services = count > 1 ? std::atoi(words[1]) : 1000;
  const int tasks = count > 2 ? std::atoi(words[2]) : 10'000;
  store::MemoryStore store;
  api::ActionTable table;
  api::ecs::add_actions(table);
  put(store, {store::put(model::Cluster{.scope = kScope, .name = "bench", .arn = arn("cluster/bench")},
                         store::Expect::kAbsent)});
  std::string some_services, some_tasks;
  for (int i = 0; i < services; ++i) {
    const std::string name = fmt::format("service-{:05}", i);
    model::Service service{.scope = kScope, .cluster = "bench", .name = name, .arn = arn("service/bench/" + name)};
    service.task_definition = arn("task-definition/app:1");
    service.desired_count = tasks / services;
    put(store, {store::put(service, store::Expect::kAbsent)});
    if (i < 10) some_services += (i > 0 ? ",\"" : "\"") + name + "\"";
  }
  for (int i = 0; i < tasks; ++i) {
    const std::string id = fmt::format("{:032x}", i);
    const auto task = task_of(fmt::format("service-{:05}", i % services), arn("task-definition/app:1"), id);
    put(store, {store::put(task, store::Expect::kAbsent)});
    if (i < 100) some_tasks += (i > 0 ? ",\"" : "\"") + id + "\"";
  }
  fmt::print("{} services, {} tasks; milliseconds of processor time\n", services, tasks);
  call(store, table, "ListTasks", R"({"cluster":"bench"})");
  call(store, table, "ListTasks", R"({"cluster":"bench","serviceName":"service-00007"})");
  call(store, table, "DescribeTasks", R"({"cluster":"bench","tasks":[)" + some_tasks + "]}");
  call(store, table, "ListServices", R"({"cluster":"bench","maxResults":100})");
  call(store, table, "DescribeServices", R"({"cluster":"bench","services":[)" + some_services + "]}");
  call(store, table, "DescribeClusters", R"({"clusters":["bench"]})");
}
