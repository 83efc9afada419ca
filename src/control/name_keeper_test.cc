#include "control/name_keeper.h"

#include <gtest/gtest.h>

#include "dns/names.h"
#include "store/memory_store.h"

namespace weir::control {
namespace {

using dns::Asker;
using dns::Type;

const model::Scope kNamesHere{"000000000000", "eu-west-1"};

// Keeps zones as `weir names` does, and counts what is written.
class FakeFolder final : public ZoneFolder {
 public:
  Result<> write(const std::string& id, const dns::Zone& zone) override {
    if (full) return fail("Full", "no room");
    ++writes[id];
    zones[id] = zone;
    table.put(id, zone);
    return {};
  }
  Result<> remove(const std::string& id) override {
    zones.erase(id);
    table.remove(id);
    return {};
  }
  Result<> keep_only(const std::set<std::string>& ids) override {
    std::erase_if(zones, [&](const auto& one) { return !ids.contains(one.first); });
    return {};
  }
  std::map<std::string, dns::Zone> zones;
  std::map<std::string, int> writes;
  dns::NameTable table;
  bool full = false;
};

class NameKeeperTest : public ::testing::Test {
 protected:
  template <class D>
  void put(const D& document) {
    const auto write = store::put(document, store::Expect::kAny);
    MUST(store.commit({&write, 1}));
  }
  template <class D>
  void erase(const D& document) {
    const store::Write write{{D::kKind, document.key()}, std::nullopt, store::Expect::kAny};
    MUST(store.commit({&write, 1}));
  }
  model::DiscoveryNamespace space(const std::string& id, const std::string& name, std::int64_t made = 1000) {
    model::DiscoveryNamespace one{.scope = kNamesHere, .id = id, .name = name, .type = "DNS_PRIVATE"};
    one.negative_ttl = 7;
    one.created_at = {made};
    put(one);
    return one;
  }
  model::DiscoveryService service(const std::string& id, const std::string& name, const std::string& space_id,
                                  std::vector<std::pair<std::string, std::int64_t>> records,
                                  const std::string& policy = "MULTIVALUE") {
    model::DiscoveryService one{
        .scope = kNamesHere, .id = id, .name = name, .name_space = space_id, .type = "DNS_HTTP"};
    for (const auto& [type, ttl] : records) one.records.push_back({.Type = type, .TTL = ttl});
    one.routing_policy = policy;
    put(one);
    return one;
  }
  model::DiscoveryInstance instance(const std::string& of, const std::string& id,
                                    std::map<std::string, std::string> attributes, const std::string& health = "") {
    model::DiscoveryInstance one{.scope = kNamesHere, .service = of, .id = id, .attributes = std::move(attributes)};
    one.health = health;
    put(one);
    return one;
  }
  void follow() { MUST(keeper.follow()); }
  // What is answered: addresses, targets and ports, sorted; "-" for no such name.
  std::string ask(const std::string& name, Type type = Type::a, Asker asker = Asker::host) {
    const auto reply = folder.table.answer({.name = name, .type = type}, asker, random);
    if (!reply) return "elsewhere";
    if (reply->code == dns::Code::name_error) return "-";
    std::set<std::string> all;
    for (const auto& record : reply->answers) all.insert(text(record));
    std::string words;
    for (const auto& one : all) words += (words.empty() ? "" : " ") + one;
    return words;
  }
  static std::string text(const dns::Record& record) {
    if (const auto* name = std::get_if<std::string>(&record.data)) return *name;
    if (const auto* srv = std::get_if<dns::Service>(&record.data)) return srv->target + ":" + std::to_string(srv->port);
    if (const auto* ipv4 = std::get_if<dns::Ipv4>(&record.data)) {
      return std::to_string((*ipv4)[0]) + ".." + std::to_string((*ipv4)[3]);
    }
    return "ipv6";
  }

  store::MemoryStore store;
  FakeFolder folder;
  NameKeeper keeper{store, folder, "127.0.0.1"};
  Random random{1};
};

TEST_F(NameKeeperTest, a_service_is_a_name_with_the_records_of_its_instances) {
  space("ns-1", "Echo.local");
  service("srv-1", "Web_1", "ns-1", {{"A", 60}, {"AAAA", 60}, {"SRV", 10}});
  instance("srv-1", "I-1", {{"AWS_INSTANCE_IPV4", "10.0.0.1"}, {"AWS_INSTANCE_PORT", "80"}});
  instance("srv-1", "i/2.b", {{"AWS_INSTANCE_IPV6", "fd00::1"}, {"AWS_INSTANCE_PORT", "81"}});
  follow();
  EXPECT_EQ(ask("web_1.echo.local"), "10..1");
  EXPECT_EQ(ask("web_1.echo.local", Type::aaaa), "ipv6");
  EXPECT_EQ(ask("web_1.echo.local", Type::srv), "i-1.web_1.echo.local:80 i/2.b.web_1.echo.local:81");
  EXPECT_EQ(ask("i-1.web_1.echo.local"), "10..1");
  EXPECT_EQ(folder.zones.at("ns-1").negative_ttl, 7u);
  EXPECT_EQ(folder.zones.at("ns-1").rank, 1000);
}

TEST_F(NameKeeperTest, one_without_instances_or_for_http_alone_has_no_name) {
  space("ns-1", "echo.local");
  service("srv-1", "empty", "ns-1", {{"A", 60}});
  service("srv-2", "http", "ns-1", {});
  instance("srv-2", "i", {{"AWS_INSTANCE_IPV4", "10.0.0.1"}});
  auto http = space("ns-2", "http.local");
  http.type = "HTTP";
  put(http);
  follow();
  EXPECT_EQ(ask("empty.echo.local"), "-");
  EXPECT_EQ(ask("http.echo.local"), "-");
  EXPECT_EQ(ask("a.http.local"), "elsewhere");
}

TEST_F(NameKeeperTest, the_unhealthy_are_left_out_unless_all_are) {
  space("ns-1", "echo.local");
  service("srv-1", "web", "ns-1", {{"A", 60}});
  instance("srv-1", "i-1", {{"AWS_INSTANCE_IPV4", "10.0.0.1"}}, "UNHEALTHY");
  auto other = instance("srv-1", "i-2", {{"AWS_INSTANCE_IPV4", "10.0.0.2"}}, "HEALTHY");
  follow();
  EXPECT_EQ(ask("web.echo.local"), "10..2");
  other.health = "UNHEALTHY";
  put(other);
  follow();
  EXPECT_EQ(ask("web.echo.local"), "10..1 10..2");
}

TEST_F(NameKeeperTest, aliases_are_names_of_others_or_balancers_addresses) {
  model::LoadBalancer balancer{.scope = kNamesHere};
  balancer.balancer.LoadBalancerName = "Web";
  balancer.balancer.DNSName = "Web-1.elb.localhost";
  put(balancer);
  space("ns-1", "echo.local");
  service("srv-1", "out", "ns-1", {{"CNAME", 60}}, "WEIGHTED");
  instance("srv-1", "i", {{"AWS_INSTANCE_CNAME", "Example.com."}});
  service("srv-2", "shop", "ns-1", {{"A", 60}}, "WEIGHTED");
  instance("srv-2", "i", {{"AWS_ALIAS_DNS_NAME", "web-1.elb.localhost"}});
  follow();
  EXPECT_EQ(ask("out.echo.local", Type::cname), "example.com");
  EXPECT_EQ(ask("shop.echo.local"), "127..1");
  EXPECT_EQ(ask("web-1.elb.localhost"), "127..1");
  EXPECT_EQ(ask("web-1.elb.localhost", Type::a, Asker::task), "169..1") << "the host's loopback, at a task's gateway";
  EXPECT_EQ(ask("none.elb.localhost"), "-");
  erase(balancer);
  follow();
  EXPECT_EQ(ask("web-1.elb.localhost"), "-");
}

TEST_F(NameKeeperTest, a_change_writes_its_own_namespace_alone) {
  space("ns-1", "one.local");
  space("ns-2", "two.local");
  service("srv-1", "web", "ns-1", {{"A", 60}});
  service("srv-2", "web", "ns-2", {{"A", 60}});
  follow();
  const auto before = folder.writes;
  const auto one = instance("srv-1", "a/b", {{"AWS_INSTANCE_IPV4", "10.0.0.1"}});
  instance("srv-1", "c", {{"AWS_INSTANCE_IPV4", "10.0.0.2"}});
  follow();
  follow();
  EXPECT_EQ(folder.writes.at("ns-1"), before.at("ns-1") + 1) << "what came together is written once";
  EXPECT_EQ(folder.writes.at("ns-2"), before.at("ns-2"));
  EXPECT_EQ(folder.writes.at("balancers"), before.at("balancers"));
  EXPECT_EQ(ask("web.one.local"), "10..1 10..2");
  erase(one);
  follow();
  EXPECT_EQ(ask("web.one.local"), "10..2");
}

TEST_F(NameKeeperTest, what_is_gone_is_answered_no_more) {
  folder.zones["left"] = {};
  const auto one = space("ns-1", "one.local");
  const auto web = service("srv-1", "web", "ns-1", {{"A", 60}});
  const auto here = instance("srv-1", "i", {{"AWS_INSTANCE_IPV4", "10.0.0.1"}});
  follow();
  EXPECT_FALSE(folder.zones.contains("left")) << "that of an earlier one";
  erase(here);
  erase(web);
  follow();
  EXPECT_EQ(ask("web.one.local"), "-");
  erase(one);
  follow();
  EXPECT_EQ(ask("web.one.local"), "elsewhere");
}

TEST_F(NameKeeperTest, a_full_disk_is_tried_again) {
  space("ns-1", "one.local");
  service("srv-1", "web", "ns-1", {{"A", 60}});
  follow();
  instance("srv-1", "i", {{"AWS_INSTANCE_IPV4", "10.0.0.1"}});
  folder.full = true;
  EXPECT_FALSE(keeper.follow());
  EXPECT_EQ(ask("web.one.local"), "-");
  folder.full = false;
  follow();
  EXPECT_EQ(ask("web.one.local"), "10..1");
}

TEST_F(NameKeeperTest, a_virtual_services_name_wins_and_needs_no_namespace) {
  space("ns-1", "echo.local");
  service("srv-1", "web", "ns-1", {{"A", 60}});
  instance("srv-1", "i", {{"AWS_INSTANCE_IPV4", "10.0.0.1"}});
  keeper.set_virtual_services({{"Web.echo.local", {{127, 72, 0, 3}, dns::Ipv4{169, 254, 176, 3}}},
                               {"alone.mesh", {{127, 72, 0, 4}, std::nullopt}}});
  follow();
  EXPECT_EQ(ask("web.echo.local"), "127..3");
  EXPECT_EQ(ask("web.echo.local", Type::a, Asker::task), "169..3");
  EXPECT_EQ(ask("alone.mesh"), "127..4");
  const int writes = folder.writes.at("virtual-services");
  keeper.set_virtual_services({});
  follow();
  EXPECT_EQ(ask("web.echo.local"), "10..1");
  keeper.set_virtual_services({});
  follow();
  EXPECT_EQ(folder.writes.at("virtual-services"), writes + 1);
}

}  // namespace
}  // namespace weir::control
