#include "proxy/live_pool.h"

#include <gtest/gtest.h>

#include <map>

#include "proxy/limits.h"
#include "proxy/test_pools.h"

namespace weir::proxy {
namespace {

using route::Algorithm;
using route::BackendState;
using route::Health;
using std::chrono::milliseconds;
using std::chrono::seconds;

route::Pool weighted(Algorithm algorithm, std::vector<unsigned> weights) {
  route::Pool pool = pool_of("p", {});
  pool.algorithm = algorithm;
  char name = 'a';
  for (const unsigned weight : weights) {
    pool.backends.push_back(
        {std::string(1, name), "127.0.0.1", static_cast<std::uint16_t>(name), BackendState::serving});
    pool.backends.back().weight = weight;
    ++name;
  }
  return pool;
}

route::Pool with_outlier(std::vector<std::string> serving, route::OutlierDetection rules) {
  route::Pool pool = pool_of("p", std::move(serving));
  pool.outlier = rules;
  return pool;
}

class LivePoolTest : public ::testing::Test {
 protected:
  // The names of those picked, one after another; "-" where there is none.
  std::string picks(LivePool& pool, int count, Instant now = kNow) {
    std::string names;
    for (int i = 0; i < count; ++i) {
      const LiveBackend* backend = pool.pick(now, random_);
      names += backend != nullptr ? backend->spec.id : "-";
    }
    return names;
  }
  // How often each is picked; picks that are used at once and end at once.
  std::map<std::string, int> shares(LivePool& pool, int count, Instant now = kNow) {
    std::map<std::string, int> shares;
    for (int i = 0; i < count; ++i) ++shares[picks(pool, 1, now)];
    return shares;
  }
  void note(LivePool& pool, std::string_view backend, Outcome outcome, int times, Instant now) {
    for (int i = 0; i < times; ++i) pool.note(*pool.find(backend), outcome, now);
  }

  Random random_{42};
};

TEST_F(LivePoolTest, takes_turns) {
  LivePool pool(pool_of("p", {"a", "b", "c"}));
  EXPECT_EQ(picks(pool, 7), "abcabca");
}

TEST_F(LivePoolTest, leaves_out_the_unhealthy_the_checking_and_the_draining) {
  route::Pool spec = pool_of("p", {"a", "b", "c", "d"});
  spec.backends[1].state = BackendState::draining;
  spec.backends[2].state = BackendState::checking;
  LivePool pool(spec);
  EXPECT_EQ(picks(pool, 4), "adad");
  pool.set_health("a", Health::unhealthy);
  EXPECT_EQ(picks(pool, 2), "dd");
}

TEST_F(LivePoolTest, leaves_out_who_enters_until_it_has_passed_a_check) {
  route::Pool spec = pool_of("p", {"a", "b"});
  spec.backends[0].state = spec.backends[1].state = BackendState::entering;
  LivePool pool(spec);
  EXPECT_EQ(pool.pick(kNow, random_), nullptr);
  pool.set_health("a", Health::unhealthy);
  EXPECT_EQ(pool.pick(kNow, random_), nullptr) << "nothing speaks for it, also where there is nobody else";
  pool.set_health("b", Health::healthy);
  EXPECT_EQ(picks(pool, 2), "bb");
  pool.set_health("b", Health::unhealthy);
  EXPECT_EQ(picks(pool, 2), "bb") << "it has served: better a chance than none";
  pool.set_health("a", Health::healthy);
  EXPECT_EQ(picks(pool, 2), "aa");
}

TEST_F(LivePoolTest, lets_who_enters_in_at_once_where_nothing_is_checked) {
  route::Pool spec = pool_of("p", {"a"});
  spec.backends[0].state = BackendState::entering;
  spec.health.protocol = route::HealthProtocol::none;
  LivePool pool(spec);
  EXPECT_EQ(picks(pool, 1), "a");
}

TEST_F(LivePoolTest, fails_open_to_all_that_serve_when_none_is_healthy) {
  route::Pool spec = pool_of("p", {"a", "b", "c"});
  spec.backends[2].state = BackendState::draining;
  LivePool pool(spec);
  for (const char* id : {"a", "b", "c"}) pool.set_health(id, Health::unhealthy);
  EXPECT_EQ(picks(pool, 4), "abab");
}

TEST_F(LivePoolTest, picks_nothing_where_nothing_serves) {
  route::Pool spec = pool_of("p", {"a"});
  spec.backends[0].state = BackendState::draining;
  LivePool pool(spec);
  EXPECT_EQ(pool.pick(kNow, random_), nullptr);
  pool.update(pool_of("p", {}));
  EXPECT_EQ(pool.pick(kNow, random_), nullptr);
}

TEST_F(LivePoolTest, tries_another_backend_and_gives_up_when_all_are_excluded) {
  LivePool pool(pool_of("p", {"a", "b"}));
  LiveBackend* a = pool.find("a");
  LiveBackend* b = pool.find("b");
  LiveBackend* not_a[] = {a};
  EXPECT_EQ(pool.pick(kNow, random_, not_a), b);
  LiveBackend* neither[] = {a, b};
  EXPECT_EQ(pool.pick(kNow, random_, neither), nullptr);
}

TEST_F(LivePoolTest, least_outstanding_prefers_the_least_busy_and_takes_turns_among_equals) {
  route::Pool spec = pool_of("p", {"a", "b", "c"});
  spec.algorithm = route::Algorithm::least_outstanding;
  LivePool pool(spec);
  EXPECT_EQ(picks(pool, 4), "abca");
  EXPECT_TRUE(pool.begin(*pool.find("b")));
  EXPECT_EQ(picks(pool, 4), "caca");
  EXPECT_TRUE(pool.begin(*pool.find("a")));
  EXPECT_TRUE(pool.begin(*pool.find("c")));
  EXPECT_TRUE(pool.begin(*pool.find("c")));
  EXPECT_EQ(picks(pool, 2), "ba");
}

TEST_F(LivePoolTest, an_update_keeps_the_turn_the_health_and_the_counts_of_those_that_stay) {
  LivePool pool(pool_of("p", {"a", "b", "c"}));
  EXPECT_EQ(picks(pool, 2), "ab");
  LiveBackend* c = pool.find("c");
  EXPECT_TRUE(pool.begin(*c));
  pool.set_health("a", Health::unhealthy);
  route::Pool next = pool_of("p", {"a", "b", "c"});
  next.backends.insert(next.backends.begin(), {"new", "127.0.0.1", 9, BackendState::serving});
  pool.update(next);
  EXPECT_EQ(pool.find("c"), c);
  EXPECT_EQ(c->active, 1u);
  EXPECT_EQ(pool.find("a")->health, Health::unhealthy);
  EXPECT_EQ(pool.pick(kNow, random_), c);
}

TEST_F(LivePoolTest, the_same_id_at_another_address_is_another_backend) {
  LivePool pool(pool_of("p", {"a"}));
  pool.set_health("a", Health::unhealthy);
  route::Pool moved = pool_of("p", {"a"});
  moved.backends[0].port = 99;
  pool.update(moved);
  EXPECT_EQ(pool.find("a")->health, Health::unknown);
}

TEST_F(LivePoolTest, a_dropped_backend_stays_until_its_exchange_is_over) {
  LivePool pool(pool_of("p", {"a"}));
  LiveBackend* a = pool.pick(kNow, random_);
  EXPECT_TRUE(pool.begin(*a));
  pool.update(pool_of("p", {}));
  EXPECT_FALSE(pool.sweep());
  EXPECT_FALSE(a->serving());
  pool.end(*a);
  EXPECT_FALSE(pool.sweep()) << "before it is told what was counted";
  std::vector<TallyLine> lines;
  pool.collect(lines);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].backend, "a");
  EXPECT_EQ(lines[0].counters[Count::requests], 1u);
  EXPECT_EQ(lines[0].counters[Count::finished], 1u);
  EXPECT_TRUE(pool.sweep());
}

// --- algorithms ------------------------------------------------------------------------------------------------------

TEST_F(LivePoolTest, weighted_turns_are_exact_in_every_run_of_a_hundred) {
  for (const auto& weights : std::vector<std::vector<unsigned>>{{90, 10}, {1, 99}, {50, 30, 20}, {33, 33, 34}}) {
    LivePool pool(weighted(Algorithm::round_robin, weights));
    const std::string names = picks(pool, 1000);
    for (std::size_t from = 0; from + 100 <= names.size(); ++from) {
      const std::string run = names.substr(from, 100);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        EXPECT_EQ(std::ranges::count(run, static_cast<char>('a' + i)), weights[i]) << from;
      }
    }
  }
}

TEST_F(LivePoolTest, weighted_turns_are_smooth) {
  LivePool pool(weighted(Algorithm::round_robin, {5, 1, 1}));
  EXPECT_EQ(picks(pool, 7), "aabacaa");
}

TEST_F(LivePoolTest, a_new_weight_counts_from_the_next_table_on) {
  LivePool pool(weighted(Algorithm::round_robin, {1, 1}));
  EXPECT_EQ(picks(pool, 4), "abab");
  pool.update(weighted(Algorithm::round_robin, {3, 1}));
  EXPECT_EQ((shares(pool, 100)), (std::map<std::string, int>{{"a", 75}, {"b", 25}}));
}

TEST_F(LivePoolTest, least_outstanding_heeds_no_weight) {
  LivePool pool(weighted(Algorithm::least_outstanding, {9, 1}));
  EXPECT_EQ(picks(pool, 4), "abab");
}

TEST_F(LivePoolTest, random_choices_follow_the_weights) {
  struct Row {
    std::vector<unsigned> weights;
    std::vector<double> expected;
  };
  const Row rows[] = {{{1, 1, 1, 1}, {.25, .25, .25, .25}}, {{70, 20, 10}, {.7, .2, .1}}, {{999, 1}, {.999, .001}}};
  for (const Row& row : rows) {
    LivePool pool(weighted(Algorithm::weighted_random, row.weights));
    const std::string names = picks(pool, 10'000);
    for (std::size_t i = 0; i < row.weights.size(); ++i) {
      const double share = static_cast<double>(std::ranges::count(names, static_cast<char>('a' + i))) / 10'000;
      EXPECT_NEAR(share, row.expected[i], 0.02);  // over four standard deviations
    }
    EXPECT_EQ(names.find('-'), std::string::npos);
  }
}

TEST_F(LivePoolTest, random_choices_repeat_with_their_seed) {
  LivePool one(weighted(Algorithm::weighted_random, {2, 1, 1})), other(weighted(Algorithm::weighted_random, {2, 1, 1}));
  const std::string first = picks(one, 50);
  random_ = Random(42);
  EXPECT_EQ(picks(other, 50), first);
  random_ = Random(43);
  EXPECT_NE(picks(other, 50), first);
}

TEST_F(LivePoolTest, random_choices_leave_out_whom_they_must) {
  for (const Algorithm algorithm : {Algorithm::weighted_random, Algorithm::power_of_two}) {
    LivePool pool(weighted(algorithm, {1, 1, 5}));
    pool.set_health("c", Health::unhealthy);
    LiveBackend* not_a[] = {pool.find("a")};
    for (int i = 0; i < 100; ++i) EXPECT_EQ(pool.pick(kNow, random_, not_a), pool.find("b"));
  }
}

TEST_F(LivePoolTest, of_two_the_less_busy_is_taken) {
  LivePool pool(weighted(Algorithm::power_of_two, {1, 1}));
  EXPECT_TRUE(pool.begin(*pool.find("a")));
  EXPECT_EQ(picks(pool, 20), std::string(20, 'b'));  // two of two: always the better one
}

TEST_F(LivePoolTest, of_many_the_busiest_is_never_taken_and_the_others_are) {
  LivePool pool(weighted(Algorithm::power_of_two, {1, 1, 1, 1}));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.begin(*pool.find("c")));
  const auto seen = shares(pool, 3000);
  EXPECT_FALSE(seen.contains("c"));
  for (const char* name : {"a", "b", "d"}) EXPECT_NEAR(seen.at(name), 1000, 120);
}

TEST_F(LivePoolTest, two_choices_follow_the_weights_where_nobody_is_busy) {
  LivePool pool(weighted(Algorithm::power_of_two, {80, 20}));
  EXPECT_NEAR(shares(pool, 10'000)["a"], 8000, 200);
}

TEST_F(LivePoolTest, two_choices_keep_long_requests_apart) {
  // Balls into bins: with the second choice the fullest of 64 holds little more than the average.
  const auto fullest = [this](Algorithm algorithm) {
    LivePool pool(weighted(algorithm, std::vector<unsigned>(64, 1)));
    for (int i = 0; i < 640; ++i) EXPECT_TRUE(pool.begin(*pool.pick(kNow, random_)));
    std::uint32_t most = 0;
    for (const auto& backend : pool.backends()) most = std::max(most, backend->active);
    return most;
  };
  EXPECT_LE(fullest(Algorithm::power_of_two), 13u);
  EXPECT_GE(fullest(Algorithm::weighted_random), 15u);
}

// --- slow start ------------------------------------------------------------------------------------------------------

class SlowStartTest : public LivePoolTest {
 protected:
  // "new" becomes healthy at kNow, in a pool where "old" has been for long.
  std::unique_ptr<LivePool> grown(Algorithm algorithm) {
    spec_ = pool_of("p", {"old"});
    spec_.algorithm = algorithm;
    spec_.slow_start = seconds(100);
    auto pool = std::make_unique<LivePool>(spec_);
    pool->take_stock(kNow - seconds(1000));
    spec_.backends.push_back({"new", "127.0.0.1", 99, BackendState::serving});
    pool->update(spec_);
    pool->take_stock(kNow);
    return pool;
  }
  route::Pool spec_;
};

TEST_F(SlowStartTest, a_share_grows_in_a_straight_line_from_small_to_full) {
  struct Row {
    int second;
    double share;  // of the new one, where the old one has 1
  };
  const Row rows[] = {{0, .1}, {5, .1}, {20, .2}, {50, .5}, {75, .75}, {99, .99}, {100, 1}, {1000, 1}};
  for (const Algorithm algorithm : {Algorithm::round_robin, Algorithm::weighted_random, Algorithm::least_outstanding}) {
    const auto pool = grown(algorithm);
    for (const Row& row : rows) {
      const auto seen = shares(*pool, 20'000, kNow + seconds(row.second));
      EXPECT_NEAR(seen.at("new") / 20'000., row.share / (1 + row.share), 0.015) << row.second;
    }
  }
}

TEST_F(SlowStartTest, a_busy_pool_gives_the_new_one_its_share_of_what_is_in_flight) {
  for (const Algorithm algorithm : {Algorithm::least_outstanding, Algorithm::power_of_two}) {
    const auto pool = grown(algorithm);
    for (int i = 0; i < 120; ++i) EXPECT_TRUE(pool->begin(*pool->pick(kNow + seconds(20), random_)));
    EXPECT_NEAR(pool->find("new")->active, 20, 2);
    EXPECT_NEAR(pool->find("old")->active, 100, 2);
  }
}

TEST_F(SlowStartTest, those_that_come_together_start_at_once) {
  spec_ = pool_of("p", {"a", "b"});
  spec_.slow_start = seconds(100);
  LivePool pool(spec_);
  EXPECT_EQ(picks(pool, 4), "abab");
}

TEST_F(SlowStartTest, one_that_is_alone_is_not_starved) {
  const auto pool = grown(Algorithm::round_robin);
  pool->set_health("old", Health::unhealthy);
  EXPECT_EQ(shares(*pool, 10, kNow + seconds(1))["new"], 10);
}

TEST_F(SlowStartTest, one_that_was_ill_starts_slowly_again) {
  const auto pool = grown(Algorithm::round_robin);
  const Instant later = kNow + seconds(500);
  pool->take_stock(later);
  EXPECT_EQ(shares(*pool, 100, later)["new"], 50);
  pool->set_health("new", Health::unhealthy);
  pool->take_stock(later);
  pool->set_health("new", Health::healthy);
  pool->take_stock(later);
  EXPECT_EQ(shares(*pool, 110, later)["new"], 10);
}

// --- fail open -------------------------------------------------------------------------------------------------------

TEST_F(LivePoolTest, fails_open_where_fewer_are_healthy_than_it_says) {
  struct Row {
    route::FailOpen rule;
    int healthy;  // of four
    std::size_t takers;
  };
  const Row rows[] = {
      {{}, 4, 4},      {{}, 1, 1},      {{}, 0, 4},        // the default: only where none is healthy
      {{0, 0}, 1, 1},  {{0, 0}, 0, 0},                     // never
      {{3, 0}, 3, 3},  {{3, 0}, 2, 4},                     // by count
      {{0, 50}, 2, 2}, {{0, 50}, 1, 4}, {{0, 100}, 3, 4},  // by percent
      {{1, 75}, 2, 4}, {{3, 10}, 2, 4}, {{1, 75}, 3, 3},   // either
  };
  for (const Row& row : rows) {
    route::Pool spec = pool_of("p", {"a", "b", "c", "d"});
    spec.backends.push_back({"draining", "127.0.0.1", 9, BackendState::draining});
    spec.fail_open = row.rule;
    LivePool pool(spec);
    for (int i = row.healthy; i < 4; ++i)
      pool.set_health(std::string(1, static_cast<char>('a' + i)), Health::unhealthy);
    auto seen = shares(pool, 8);
    seen.erase("-");
    EXPECT_EQ(seen.size(), row.takers) << row.rule.count << " " << row.rule.percent << " " << row.healthy;
    EXPECT_FALSE(seen.contains("draining"));
  }
}

TEST_F(LivePoolTest, asks_the_unhealthy_when_every_healthy_one_has_been_tried_unless_it_never_fails_open) {
  route::Pool spec = pool_of("p", {"a", "b"});
  LivePool pool(spec);
  pool.set_health("b", Health::unhealthy);
  LiveBackend* tried[] = {pool.find("a")};
  EXPECT_EQ(pool.pick(kNow, random_, tried), pool.find("b"));
  spec.fail_open = {0, 0};
  pool.update(spec);
  EXPECT_EQ(pool.pick(kNow, random_, tried), nullptr);
}

// --- outliers --------------------------------------------------------------------------------------------------------

TEST_F(LivePoolTest, one_that_errs_in_a_row_is_ejected_and_returns_by_itself) {
  LivePool pool(with_outlier({"a", "b", "c"}, {}));
  note(pool, "b", Outcome::server_error, 4, kNow);
  EXPECT_EQ(picks(pool, 3), "abc");
  note(pool, "b", Outcome::answered, 1, kNow);  // the row begins anew
  note(pool, "b", Outcome::server_error, 4, kNow);
  EXPECT_EQ(picks(pool, 3), "abc");
  note(pool, "b", Outcome::server_error, 1, kNow);
  EXPECT_EQ(picks(pool, 4), "acac");
  EXPECT_EQ(pool.find("b")->standing.ejections(), 1u);
  EXPECT_EQ(picks(pool, 2, kNow + milliseconds(29'999)), "ac");
  EXPECT_EQ(shares(pool, 3, kNow + milliseconds(30'000))["b"], 1);
}

TEST_F(LivePoolTest, failed_connections_are_counted_apart_from_errors) {
  route::OutlierDetection rules;
  rules.consecutive_5xx = 0;
  rules.consecutive_failures = 3;
  LivePool pool(with_outlier({"a", "b"}, rules));
  note(pool, "a", Outcome::server_error, 100, kNow);
  note(pool, "a", Outcome::failed, 2, kNow);
  note(pool, "a", Outcome::server_error, 1, kNow);  // the connection stood
  note(pool, "a", Outcome::failed, 2, kNow);
  EXPECT_EQ(picks(pool, 2), "ab");
  note(pool, "a", Outcome::failed, 1, kNow);
  EXPECT_EQ(picks(pool, 2), "bb");
}

TEST_F(LivePoolTest, each_ejection_is_longer_until_it_has_been_quiet) {
  LivePool pool(with_outlier({"a", "b"}, {.ejection = seconds(10), .longest_ejection = seconds(25)}));
  Instant now = kNow;
  const auto ejected_for = [&] {
    note(pool, "a", Outcome::failed, 5, now);
    const Instant until = pool.find("a")->standing.until();
    EXPECT_EQ(picks(pool, 2, now), "bb");
    const Duration time = until - now;
    now = until;
    pool.take_stock(now);
    return time;
  };
  EXPECT_EQ(ejected_for(), seconds(10));
  EXPECT_EQ(ejected_for(), seconds(20));
  EXPECT_EQ(ejected_for(), seconds(25));
  EXPECT_EQ(ejected_for(), seconds(25));
  now += seconds(20);  // two ejection times of quiet
  EXPECT_EQ(ejected_for(), seconds(20));
  now += seconds(1000);
  EXPECT_EQ(ejected_for(), seconds(10));
  EXPECT_EQ(pool.find("a")->standing.ejections(), 6u);
}

TEST_F(LivePoolTest, no_more_are_ejected_than_allowed_but_always_one) {
  struct Row {
    std::size_t backends;
    unsigned percent;
    std::size_t ejected;
  };
  for (const Row& row :
       {Row{1, 100, 0}, Row{2, 10, 1}, Row{2, 100, 1}, Row{10, 0, 1}, Row{10, 30, 3}, Row{10, 100, 9}}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < row.backends; ++i) names.push_back(std::string(1, static_cast<char>('a' + i)));
    LivePool pool(with_outlier(names, {.max_ejected_percent = row.percent}));
    for (const auto& name : names) note(pool, name, Outcome::failed, 5, kNow);
    EXPECT_EQ(shares(pool, 20).size(), row.backends - row.ejected) << row.backends << " " << row.percent;
  }
}

TEST_F(LivePoolTest, the_last_healthy_one_is_not_ejected) {
  LivePool pool(with_outlier({"a", "b"}, {}));
  pool.set_health("a", Health::unhealthy);
  note(pool, "b", Outcome::failed, 50, kNow);
  EXPECT_EQ(picks(pool, 2), "bb");
}

TEST_F(LivePoolTest, a_table_without_outlier_detection_pardons) {
  LivePool pool(with_outlier({"a", "b"}, {}));
  note(pool, "a", Outcome::failed, 5, kNow);
  EXPECT_EQ(picks(pool, 2), "bb");
  pool.update(pool_of("p", {"a", "b"}));
  EXPECT_EQ(shares(pool, 2)["a"], 1);
}

TEST(OutcomeTest, grpc_statuses_count_as_envoy_maps_them) {
  struct Row {
    unsigned http;
    const char* grpc;
    bool error;
  };
  const Row rows[] = {{200, "0", false}, {200, "1", false},  {200, "2", true},  {200, "3", false}, {200, "4", true},
                      {200, "5", false}, {200, "8", false},  {200, "12", true}, {200, "13", true}, {200, "14", true},
                      {200, "15", true}, {200, "16", false}, {503, "0", true},  {200, "x", false}};
  for (const Row& row : rows) {
    http::ResponseHead head;
    head.status = static_cast<std::uint16_t>(row.http);
    http::HeaderBlock trailers;
    trailers.add(http::HeaderId::grpc_status, row.grpc);
    EXPECT_EQ(outcome_of(head, &trailers, true) == Outcome::server_error, row.error) << row.grpc;
    head.fields.add(http::HeaderId::grpc_status, row.grpc);  // an answer that is its head alone
    EXPECT_EQ(outcome_of(head, nullptr, true) == Outcome::server_error, row.error) << row.grpc;
  }
  http::ResponseHead plain;
  plain.status = 200;
  plain.fields.add(http::HeaderId::grpc_status, "14");
  EXPECT_EQ(outcome_of(plain, nullptr, false), Outcome::answered);
  plain.status = 500;
  EXPECT_EQ(outcome_of(plain, nullptr, false), Outcome::server_error);
}

// --- limits ----------------------------------------------------------------------------------------------------------

TEST_F(LivePoolTest, a_backend_at_its_limit_is_passed_over) {
  route::Pool spec = pool_of("p", {"a", "b"});
  spec.limits.requests = 2;
  LivePool pool(spec);
  for (const char* name : {"a", "b", "a", "b"}) {
    LiveBackend* backend = pool.pick(kNow, random_);
    EXPECT_EQ(backend->spec.id, name);
    EXPECT_TRUE(pool.begin(*backend));
  }
  EXPECT_EQ(pool.pick(kNow, random_), nullptr);
  EXPECT_TRUE(pool.crowded());
  pool.end(*pool.find("b"));
  EXPECT_EQ(picks(pool, 2), "bb");
  EXPECT_TRUE(pool.may_take(*pool.find("b"), kNow));
  EXPECT_FALSE(pool.may_take(*pool.find("a"), kNow));
}

TEST_F(LivePoolTest, a_limit_holds_over_all_workers) {
  SharedLoads shared;
  route::Pool spec = pool_of("p", {"a"});
  spec.limits.requests = 3;
  LivePool one(spec, &shared), other(spec, &shared);
  EXPECT_TRUE(one.begin(*one.find("a")));
  EXPECT_TRUE(other.begin(*other.find("a")));
  EXPECT_TRUE(other.begin(*other.find("a")));
  EXPECT_EQ(one.pick(kNow, random_), nullptr);
  EXPECT_FALSE(one.begin(*one.find("a")));  // as if it had been picked just before
  other.end(*other.find("a"));
  EXPECT_TRUE(one.begin(*one.find("a")));
}

TEST_F(LivePoolTest, a_limit_counts_what_was_in_flight_before_it_came) {
  SharedLoads shared;
  route::Pool spec = pool_of("p", {"a"});
  LivePool one(spec, &shared), other(spec, &shared);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(one.begin(*one.find("a")));
  spec.limits.requests = 4;
  one.update(spec);
  other.update(spec);
  EXPECT_TRUE(other.begin(*other.find("a")));
  EXPECT_EQ(other.pick(kNow, random_), nullptr);
  spec.limits.requests = 0;
  one.update(spec);
  EXPECT_EQ(one.find("a")->load->requests, 1u);
  for (int i = 0; i < 3; ++i) one.end(*one.find("a"));
  other.update(spec);
  other.end(*other.find("a"));
  EXPECT_EQ(one.find("a")->load->requests, 0u);
}

TEST_F(LivePoolTest, a_backend_at_another_address_shares_nothing) {
  SharedLoads shared;
  route::Pool spec = pool_of("p", {"a"});
  LivePool one(spec, &shared), other(spec, &shared);
  EXPECT_EQ(one.find("a")->load, other.find("a")->load);
  spec.backends[0].port = 77;
  other.update(spec);
  EXPECT_NE(one.find("a")->load, other.find("a")->load);
}

}  // namespace
}  // namespace weir::proxy
