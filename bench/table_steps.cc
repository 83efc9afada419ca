// bench_table_steps [ROUNDS]: what the steps of taking a table with 10,000 backends cost, all of them changed:
// processor time of this thread, the least of some rounds, so that a busy machine says the same. Run by hand; bench/run
// measures the whole through a proxy.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "proxy/books.h"
#include "proxy/compiled_table.h"
#include "proxy/health_checks.h"
#include "proxy/live_table.h"
#include "proxy/shared_load.h"
#include "route/feedback.h"
#include "route/route_table.h"

namespace {

using namespace weir;

constexpr int kPools = 10, kBackends = 1000, kUnlike = 3;

route::RouteTable many_backends(int version) {
  route::RouteTable table;
  table.version = version;
  route::Listener listener{.id = "l", .port = 8080};
  for (int p = 0; p < kPools; ++p) {
    route::Pool pool;
    pool.id = "p" + std::to_string(p);
    pool.health.protocol = route::HealthProtocol::none;
    for (int i = 0; i < kBackends; ++i) {
      const std::string host = "127." + std::to_string(1 + p) + "." + std::to_string(i / 200) + ".";
      pool.backends.push_back({.id = "task-" + std::to_string(p) + "-" + std::to_string(i),
                               .address = host + std::to_string(1 + i % 200),
                               .port = static_cast<std::uint16_t>(8000 + (version + i) % 1000),
                               .state = route::BackendState::serving});
    }
    route::Rule rule{.id = "r" + std::to_string(p)};
    rule.action = route::Forward{.pools = {{.pool = pool.id, .weight = 1}}};
    listener.rules.push_back(std::move(rule));
    table.pools.push_back(std::move(pool));
  }
  table.listeners.push_back(std::move(listener));
  return table;
}

route::Feedback feedback_of(const route::RouteTable& table) {
  route::Feedback feedback{.acknowledged = table.version};
  for (const route::Pool& pool : table.pools) {
    for (const route::Backend& backend : pool.backends) feedback.backends.push_back({pool.id, backend.id});
    feedback.pools.push_back({pool.id, {}});
  }
  return feedback;
}

class Steps {
 public:
  // Rounds before are not like those that follow: nothing is dropped yet.
  void count_from_now() { counts_ = true; }
  void time(const char* name, const std::function<void()>& step) {
    const double begin = thread_millis();
    step();
    const double took = thread_millis() - begin;
    if (!counts_) return;
    const auto [place, first] = least_.try_emplace(name, took);
    if (first) names_.push_back(name);
    place->second = std::min(place->second, took);
  }
  void print() const {
    for (const char* name : names_) std::printf("%8.2f ms  %s\n", least_.at(name), name);
  }

 private:
  static double thread_millis() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  }
  bool counts_ = false;
  std::map<std::string, double> least_;
  std::vector<const char*> names_;
};

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  Steps steps;
  proxy::SharedLoads loads;
  proxy::LiveTable live(&loads);
  proxy::Books books;
  proxy::CompiledTablePointer compiled;
  const SystemClock clock;
  net::Loop loop(clock);
  Random random(1);
  proxy::HealthChecks checks(loop, random, [](const auto&, const auto&, auto, auto) {});
  for (int version = 1; version <= kUnlike + rounds; ++version) {
    if (version == kUnlike + 1) steps.count_from_now();
    const std::string text = Json::object().set("table", to_json(many_backends(version))).dump();
    Json message;
    route::RouteTable read;
    steps.time("the text is parsed", [&] { message = MUST(Json::parse(text)); });
    steps.time("a table is made of it", [&] { read = MUST(route::table_from_json(message["table"])); });
    steps.time("the parsed text is dropped", [&] { message = {}; });
    const auto table = std::make_shared<const route::RouteTable>(std::move(read));
    std::string written;
    steps.time("the table's text for the disk", [&] { written = to_json(*table).dump(); });
    proxy::CompiledTablePointer before = compiled;
    steps.time("it is compiled", [&] { compiled = proxy::compile(table, before.get()); });
    std::vector<proxy::FreshBackends> fresh;
    steps.time("backends are made for a worker", [&] { fresh = proxy::make_fresh(*compiled, &loads); });
    steps.time("a worker takes it", [&] { live.apply(compiled, std::move(fresh)); });
    steps.time("a worker looks at it", [&] { live.take_stock(clock.now()); });
    steps.time("the books take it", [&] { books.take_table(table, clock.now()); });
    steps.time("health checks take it", [&] { checks.update(*table, {}); });
    steps.time("the table before is dropped", [&] { before.reset(); });
    steps.time("a worker sweeps", [&] { live.sweep(); });
    std::string said;
    steps.time("feedback's text", [&] { said = text_of(feedback_of(*table)); });
  }
  steps.print();
}
