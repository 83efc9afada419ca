#include "dns/names.h"

#include <gtest/gtest.h>

#include <set>

namespace weir::dns {
namespace {

std::array<std::uint8_t, 4> address(int last) { return {169, 254, 172, static_cast<std::uint8_t>(last)}; }

class Names : public ::testing::Test {
 protected:
  Names() {
    table.put("inner", {.name = "inner.echo.local", .negative_ttl = 5});
    table.put("echo", echo);
  }
  void add(const std::string& name, Name what) {
    echo.names[name] = std::move(what);
    table.put("echo", echo);
  }
  void add(const std::string& name, std::map<Type, std::uint32_t> ttls, int count, Policy policy = Policy::multivalue) {
    Name what{.ttls = std::move(ttls), .policy = policy};
    for (int i = 1; i <= count; ++i) {
      what.endpoints.push_back({.label = "i-" + std::to_string(i), .ipv4 = address(i), .port = 80});
    }
    add(name, std::move(what));
  }
  std::optional<Reply> ask(const std::string& name, Type type = Type::a, Asker asker = Asker::host) {
    return table.answer({.name = name, .type = type}, asker, random);
  }
  std::optional<Ipv4> first(const std::string& name, Asker asker = Asker::host) {
    const auto reply = ask(name, Type::a, asker);
    if (!reply || reply->answers.empty()) return std::nullopt;
    return std::get<Ipv4>(reply->answers[0].data);
  }
  void expect_nothing(const std::string& name, Type type, Code code, std::uint32_t negative_ttl) {
    const auto reply = ask(name, type);
    ASSERT_TRUE(reply) << name;
    EXPECT_EQ(reply->code, code) << name;
    EXPECT_TRUE(reply->answers.empty()) << name;
    ASSERT_EQ(reply->authorities.size(), 1u) << name;
    EXPECT_EQ(reply->authorities[0].ttl, negative_ttl);
    EXPECT_EQ(std::get<Authority>(reply->authorities[0].data).negative_ttl, negative_ttl);
  }
  Zone echo{.name = "echo.local", .negative_ttl = 15, .rank = 5};
  NameTable table;
  Random random{1};
};

TEST_F(Names, an_address_is_answered_with_the_ttl_of_its_record) {
  add("web.echo.local", {{Type::a, 300}}, 1);
  const auto reply = ask("web.echo.local");
  ASSERT_EQ(reply->answers.size(), 1u);
  EXPECT_TRUE(reply->authoritative);
  EXPECT_EQ(reply->answers[0].name, "web.echo.local");
  EXPECT_EQ(reply->answers[0].ttl, 300u);
  EXPECT_EQ(std::get<0>(reply->answers[0].data), address(1));
}

TEST_F(Names, what_is_not_there_is_told_with_the_zones_own_ttl) {
  add("web.echo.local", {{Type::a, 300}}, 1);
  add("deep.below.echo.local", {{Type::a, 300}}, 1);
  expect_nothing("none.echo.local", Type::a, Code::name_error, 15);
  expect_nothing("none.inner.echo.local", Type::a, Code::name_error, 5);
  expect_nothing("x.web.echo.local", Type::a, Code::name_error, 15);
  expect_nothing("web.echo.local", Type::aaaa, Code::no_error, 15);
  expect_nothing("below.echo.local", Type::a, Code::no_error, 15);
  expect_nothing("echo.local", Type::a, Code::no_error, 15);
  EXPECT_EQ(type_of(ask("echo.local", Type::soa)->answers.at(0)), Type::soa);
}

TEST_F(Names, of_other_zones_somebody_else_knows) {
  for (const char* name : {"local", "other.local", "myecho.local", "", "echo.local.com"})
    EXPECT_FALSE(ask(name)) << name;
}

TEST_F(Names, multivalue_gives_up_to_eight_in_changing_order) {
  add("web.echo.local", {{Type::a, 1}}, 20);
  std::set<std::array<std::uint8_t, 4>> seen;
  for (int i = 0; i < 50; ++i) {
    const auto reply = ask("web.echo.local");
    std::set<std::array<std::uint8_t, 4>> these;
    for (const auto& record : reply->answers) these.insert(std::get<0>(record.data));
    EXPECT_EQ(these.size(), 8u);
    seen.merge(these);
  }
  EXPECT_EQ(seen.size(), 20u);
}

TEST_F(Names, weighted_gives_one_each_as_likely) {
  add("web.echo.local", {{Type::a, 1}}, 2, Policy::weighted);
  int first = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto reply = ask("web.echo.local");
    ASSERT_EQ(reply->answers.size(), 1u);
    first += std::get<0>(reply->answers[0].data) == address(1);
  }
  EXPECT_GT(first, 400);
  EXPECT_LT(first, 600);
}

TEST_F(Names, the_unhealthy_are_left_out_unless_all_are) {
  Name what{.ttls = {{Type::a, 1}}};
  what.endpoints.push_back({.ipv4 = address(1), .healthy = false});
  what.endpoints.push_back({.ipv4 = address(2)});
  add("some.echo.local", what);
  what.endpoints[1].healthy = false;
  add("none.echo.local", what);
  EXPECT_EQ(ask("some.echo.local")->answers.size(), 1u);
  EXPECT_EQ(std::get<0>(ask("some.echo.local")->answers[0].data), address(2));
  EXPECT_EQ(ask("none.echo.local")->answers.size(), 2u);
}

TEST_F(Names, srv_names_each_of_them_and_tells_its_address) {
  add("web.echo.local", {{Type::srv, 10}}, 2);
  const auto reply = ask("web.echo.local", Type::srv);
  ASSERT_EQ(reply->answers.size(), 2u);
  ASSERT_EQ(reply->more.size(), 2u);
  const auto& service = std::get<Service>(reply->answers[0].data);
  EXPECT_EQ(service.port, 80);
  EXPECT_EQ(service.target, reply->more[0].name);
  EXPECT_EQ(std::get<0>(ask("i-2.web.echo.local")->answers.at(0).data), address(2));
  expect_nothing("i-3.web.echo.local", Type::a, Code::name_error, 15);
  expect_nothing("web.echo.local", Type::a, Code::no_error, 15);
}

TEST_F(Names, an_alias_is_followed_while_the_table_knows_it) {
  add("web.echo.local", {{Type::a, 1}}, 1);
  const auto alias = [&](const char* name, const char* target) {
    Name what{.ttls = {{Type::cname, 9}}, .policy = Policy::weighted};
    what.endpoints.push_back({.alias = target});
    add(name, what);
  };
  alias("one.echo.local", "web.echo.local");
  alias("out.echo.local", "example.com");
  alias("round.echo.local", "round.echo.local");
  EXPECT_EQ(ask("one.echo.local")->answers.size(), 2u);
  EXPECT_EQ(ask("one.echo.local", Type::cname)->answers.size(), 1u);
  EXPECT_EQ(std::get<std::string>(ask("out.echo.local")->answers.at(0).data), "example.com");
  EXPECT_EQ(ask("round.echo.local")->answers.size(), 9u);
}

TEST_F(Names, an_alias_for_addresses_shows_them_under_its_own_name) {
  table.put("balancers",
            {.name = "elb.localhost",
             .names = {{"web-1.elb.localhost",
                        {.ttls = {{Type::a, 60}}, .endpoints = {{.ipv4 = address(1), .ipv4_of_tasks = address(2)}}}}}});
  Name what{.ttls = {{Type::a, 9}}, .policy = Policy::weighted};
  what.endpoints.push_back({.alias = "web-1.elb.localhost"});
  add("shop.echo.local", what);
  const auto reply = ask("shop.echo.local");
  ASSERT_EQ(reply->answers.size(), 1u);
  EXPECT_EQ(reply->answers[0].name, "shop.echo.local");
  EXPECT_EQ(reply->answers[0].ttl, 60u);
  EXPECT_EQ(first("shop.echo.local"), address(1));
  EXPECT_EQ(first("shop.echo.local", Asker::task), address(2));
}

TEST_F(Names, a_task_is_told_the_address_that_it_reaches) {
  add("web.echo.local", {.ttls = {{Type::a, 1}, {Type::srv, 1}},
                         .endpoints = {{.label = "i-1", .ipv4 = address(1), .ipv4_of_tasks = address(2), .port = 80}}});
  EXPECT_EQ(first("web.echo.local"), address(1));
  EXPECT_EQ(first("web.echo.local", Asker::task), address(2));
  EXPECT_EQ(first("i-1.web.echo.local", Asker::task), address(2));
}

TEST_F(Names, one_without_a_zone_wins_over_that_of_a_zone_and_may_be_alone) {
  const auto one = [](int last) { return Name{.ttls = {{Type::a, 1}}, .endpoints = {{.ipv4 = address(last)}}}; };
  add("web.echo.local", one(1));
  table.put("mesh", {.negative_ttl = 3, .names = {{"web.echo.local", one(2)}, {"alone.there", one(3)}}});
  EXPECT_EQ(first("web.echo.local"), address(2));
  EXPECT_EQ(first("alone.there"), address(3));
  expect_nothing("web.echo.local", Type::aaaa, Code::no_error, 15);
  expect_nothing("alone.there", Type::aaaa, Code::no_error, 3);
  EXPECT_FALSE(ask("there"));
  EXPECT_FALSE(ask("x.alone.there"));
  table.remove("mesh");
  EXPECT_EQ(first("web.echo.local"), address(1));
  EXPECT_FALSE(ask("alone.there"));
}

TEST_F(Names, of_two_zones_with_one_name_the_lower_rank_is_asked_first) {
  const auto one = [](int last) { return Name{.ttls = {{Type::a, 1}}, .endpoints = {{.ipv4 = address(last)}}}; };
  add("web.echo.local", one(1));
  table.put("another", {.name = "echo.local", .rank = 4, .names = {{"web.echo.local", one(2)}}});
  table.put("younger",
            {.name = "echo.local", .rank = 6, .names = {{"web.echo.local", one(3)}, {"b.echo.local", one(4)}}});
  EXPECT_EQ(first("web.echo.local"), address(2));
  EXPECT_EQ(first("b.echo.local"), address(4));
}

}  // namespace
}  // namespace weir::dns
