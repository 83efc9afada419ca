#include "control/mesh_tls.h"

#include <gtest/gtest.h>

#include "control/mesh_compiler.h"
#include "control/mesh_test_documents.h"

namespace weir::control {
namespace {

using namespace test_mesh;

const std::string kListener = "arn:aws:appmesh:eu-west-1:000000000000:mesh/m/virtualService/server.echo.local:8080";
const std::string kCaller = "000000000000/eu-west-1/mesh/m/virtualNode/caller";

// Refuses who trusts nobody and who trusts "bad"; remembers whom it was asked for.
class Judge final : public TlsJudge {
 public:
  std::string refusal(const TlsMeeting& meeting) override {
    asked.push_back(meeting);
    return meeting.caller.trust == "/bad" ? "it does not like it" : "";
  }
  std::vector<TlsMeeting> asked;
};

appmesh::ClientPolicyTls policy(const std::string& trust, std::vector<std::string> names = {}) {
  appmesh::ClientPolicyTls made;
  made.validation.trust.file = appmesh::TlsValidationContextFileTrust{trust};
  if (!names.empty()) made.validation.subjectAlternativeNames = appmesh::SubjectAlternativeNames{{std::move(names)}};
  return made;
}

appmesh::ListenerTls strict(const std::string& mode = "STRICT") {
  appmesh::ListenerTls made;
  made.mode = mode;
  made.certificate.file = appmesh::ListenerTlsFileCertificate{"/keys/chain.pem", "/keys/key.pem"};
  return made;
}

// Node "old" behind the service, called by node "caller", whose one task is at 169.254.172.8, and by others.
struct World {
  World() {
    appmesh::RouteSpec spec;
    spec.httpRoute.emplace().action.weightedTargets = {{{}, "old", 1}};
    spec.httpRoute->match.prefix = "/";
    put(all.routes, route("route", spec));
    caller.spec.listeners.reset();
    caller.spec.serviceDiscovery.reset();
    caller.spec.backends = {{.virtualService = appmesh::VirtualServiceBackend{{}, "server.echo.local"}}};
  }
  route::Listener compile() {
    put(all.nodes, old);
    put(all.nodes, caller);
    tls.judge = &judge;
    const MeshPlan plan{.range = 127u << 24 | 72u << 16, .port_offset = 0, .balancers_at = "127.0.0.1"};
    mesh = compile_mesh(all, MeshClaims(all), callers, {}, plan, tls);
    route::RouteTable table{.version = 1, .listeners = mesh.listeners, .pools = mesh.pools};
    EXPECT_TRUE(route::table_from_json(to_json(table))) << "the table is in order";
    return mesh.listeners.at(0);
  }
  // What is said to those at `sources`; "-": they are led to the node.
  std::string said(const route::Rule& rule) const {
    const std::string& id = std::get<route::Forward>(rule.action).pools.at(0).pool;
    for (const auto& pool : mesh.pools) {
      if (pool.id == id) return pool.refusal.empty() ? "-" : pool.refusal;
    }
    return "no such pool";
  }
  void listens(appmesh::ListenerTls with) { old.spec.listeners->front().tls = std::move(with); }
  void demands(appmesh::ClientPolicyTls with) {
    caller.spec.backendDefaults.emplace().clientPolicy.emplace().tls = with;
  }

  MeshDocuments all = documents("http");
  MeshCallers callers{{kCaller, {"169.254.172.8"}}};
  model::VirtualNode old = node("old", {}, "http");
  model::VirtualNode caller = node("caller");
  Judge judge;
  MeshTls tls;
  CompiledMesh mesh;
};

const std::vector<std::string> kMember{"169.254.172.8/32"};

TEST(MeshTls, where_nobody_speaks_of_it_nothing_is_different) {
  World world;
  EXPECT_EQ(world.compile().rules.size(), 1u);
  EXPECT_TRUE(world.judge.asked.empty());
}

TEST(MeshTls, strict_takes_members_whose_proxies_know_of_it_and_refuses_others) {
  World world;
  world.listens(strict());
  const auto rules = world.compile().rules;
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].match.sources, kMember);
  EXPECT_EQ(world.said(rules[0]), "-") << "App Mesh tells a caller without a policy to speak TLS";
  EXPECT_EQ(rules[1].match.sources, std::vector<std::string>{"0.0.0.0/0"});
  EXPECT_EQ(world.said(rules[1]),
            "Virtual node old, port 8080: it takes TLS only, which a caller without this backend does not speak.");
  EXPECT_TRUE(rules[2].match.sources.empty());
  EXPECT_EQ(world.said(rules[2]), "-") << "a gateway is such a proxy too";
  ASSERT_FALSE(world.judge.asked.empty());
  EXPECT_EQ(world.judge.asked.back().caller, TlsFiles{}) << "nothing is verified";
  EXPECT_EQ(world.judge.asked.back().called, (TlsFiles{.chain = "/keys/chain.pem", .key = "/keys/key.pem"}));
}

TEST(MeshTls, permissive_takes_both_and_disabled_only_plain_callers) {
  World world;
  world.listens(strict("PERMISSIVE"));
  EXPECT_EQ(world.compile().rules.size(), 1u) << "all the same";
  world.listens(strict("DISABLED"));
  world.demands(policy("/good"));
  const auto rules = world.compile().rules;
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(world.said(rules[0]), "Virtual node old, port 8080: it takes no TLS, on which the caller insists.");
  EXPECT_EQ(world.said(rules[1]), "-");
}

TEST(MeshTls, a_policy_holds_for_its_ports_and_where_it_is_enforced) {
  World world;
  world.listens(strict("PERMISSIVE"));
  auto wanted = policy("/bad", {"a.test"});
  world.demands(wanted);
  const auto refused = world.compile().rules;
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(world.said(refused[0]), "Virtual node old, port 8080: it does not like it.");
  EXPECT_EQ(world.judge.asked.back().caller.names, std::vector<std::string>{"a.test"});
  wanted.ports = {9090};
  world.demands(wanted);
  EXPECT_EQ(world.compile().rules.size(), 1u) << "it is for another port";
  wanted.ports = {9090, 8080};
  world.demands(wanted);
  EXPECT_EQ(world.compile().rules.size(), 2u);
  wanted.enforce = false;
  world.demands(wanted);
  EXPECT_EQ(world.compile().rules.size(), 1u);
}

TEST(MeshTls, a_backends_policy_goes_before_the_default_one) {
  World world;
  world.listens(strict());
  world.demands(policy("/bad"));
  world.caller.spec.backends->front().virtualService->clientPolicy.emplace().tls = policy("/good");
  EXPECT_EQ(world.said(world.compile().rules.at(0)), "-");
  EXPECT_EQ(world.judge.asked.back().caller.names, std::vector<std::string>{"server.echo.local"})
      << "the name by which the node is found";
}

TEST(MeshTls, mutual_tls_wants_a_certificate_of_the_caller_where_it_is_strict) {
  World world;
  auto tls = strict();
  tls.validation.emplace().trust.file = appmesh::TlsValidationContextFileTrust{"/clients"};
  tls.validation->subjectAlternativeNames = appmesh::SubjectAlternativeNames{{{"caller.test"}}};
  world.listens(tls);
  auto wanted = policy("/good");
  wanted.certificate.emplace().file = appmesh::ListenerTlsFileCertificate{"/own/chain.pem", "/own/key.pem"};
  world.demands(wanted);
  world.tls.places[kCaller] = {{"/own", "/srv/caller"}};
  world.compile();
  const TlsMeeting meeting = world.judge.asked.back();
  EXPECT_EQ(meeting.caller.chain, "/srv/caller/chain.pem");
  EXPECT_EQ(meeting.caller.key, "/srv/caller/key.pem");
  EXPECT_EQ(meeting.caller.trust, "/good");
  EXPECT_EQ(meeting.called.trust, "/clients");
  EXPECT_EQ(meeting.called.names, std::vector<std::string>{"caller.test"});
  EXPECT_FALSE(meeting.called.optional);
  tls.mode = "PERMISSIVE";
  world.listens(tls);
  world.compile();
  EXPECT_TRUE(world.judge.asked.back().called.optional);
}

TEST(MeshTls, certificates_of_certificate_manager_are_files_and_are_verified) {
  World world;
  appmesh::ListenerTls tls;
  tls.mode = "STRICT";
  tls.certificate.acm = appmesh::ListenerTlsAcmCertificate{"arn:acm:1"};
  world.listens(tls);
  EXPECT_EQ(world.said(world.compile().rules.at(0)),
            "Virtual node old, port 8080: its certificate arn:acm:1 is not there.");
  world.tls.certificates["arn:acm:1"] = "/certificates/id/1";
  EXPECT_EQ(world.said(world.compile().rules.at(0)), "-");
  EXPECT_EQ(world.judge.asked.back().called.chain, "/certificates/id/1.crt");
  EXPECT_EQ(world.judge.asked.back().caller.trust, "/certificates/id/1.crt");
}

TEST(MeshTls, a_share_that_is_refused_stays_a_share) {
  World world;
  world.listens(strict());
  auto plain = node("plain", {}, "http");
  put(world.all.nodes, plain);
  appmesh::RouteSpec spec;
  spec.httpRoute.emplace().action.weightedTargets = {{{}, "old", 1}, {{}, "plain", 3}};
  spec.httpRoute->match.prefix = "/";
  put(world.all.routes, route("route", spec));
  const auto rules = world.compile().rules;
  ASSERT_EQ(rules.size(), 3u);
  const auto& others = std::get<route::Forward>(rules[1].action).pools;
  EXPECT_EQ(others[0], (route::WeightedPool{kListener + "#refused/others/old:8080", 1}));
  EXPECT_EQ(others[1], (route::WeightedPool{kPools + "plain:8080", 3}));
}

TEST(MeshTls, a_gateways_policy_holds_for_what_comes_by_it) {
  World world;
  world.listens(strict());
  auto gateway = resource<model::VirtualGateway>("virtualGateway/", "gate");
  auto& wanted = gateway.spec.backendDefaults.emplace().clientPolicy.emplace().tls.emplace();
  wanted.validation.trust.file = appmesh::VirtualGatewayTlsValidationContextFileTrust{"/bad"};
  wanted.certificate.emplace().file =
      appmesh::VirtualGatewayListenerTlsFileCertificate{"/own/chain.pem", "/own/key.pem"};
  put(world.all.gateways, gateway);
  const std::string name = "000000000000/eu-west-1/mesh/m/virtualGateway/gate";
  ASSERT_EQ(caller_name(gateway), name);
  world.callers[name] = {"127.72.0.9"};
  world.tls.places[name] = {{"/own", "/srv/gate"}};
  const auto rules = world.compile().rules;
  ASSERT_EQ(rules.size(), 4u) << "members, the gateway, others, gateways without a policy";
  const auto of = [&](const std::string& source) -> const route::Rule& {
    const auto found =
        std::ranges::find(rules, std::vector<std::string>{source}, [](const auto& rule) { return rule.match.sources; });
    return found == rules.end() ? rules.back() : *found;
  };
  EXPECT_EQ(world.said(of("127.72.0.9/32")), "Virtual node old, port 8080: it does not like it.");
  EXPECT_EQ(world.said(of("169.254.172.8/32")), "-");
  EXPECT_EQ(world.said(rules.back()), "-");
  const auto met = std::ranges::find(world.judge.asked, "/bad", [](const auto& each) { return each.caller.trust; });
  ASSERT_NE(met, world.judge.asked.end());
  EXPECT_EQ(met->caller.chain, "/srv/gate/chain.pem");
  EXPECT_EQ(met->caller.names, std::vector<std::string>{"server.echo.local"});
}

TEST(MeshTls, paths_of_a_container_are_those_of_its_volumes) {
  const FilePlaces places{{"/keys/deep", "/srv/deep"}, {"/keys", "/srv/keys"}, {"/x/", "/srv/x"}};
  EXPECT_EQ(place_of(places, "/keys/a.pem"), "/srv/keys/a.pem");
  EXPECT_EQ(place_of(places, "/keys/deep/a.pem"), "/srv/deep/a.pem");
  EXPECT_EQ(place_of(places, "/keys2/a.pem"), "/keys2/a.pem");
  EXPECT_EQ(place_of(places, "/x/a.pem"), "/srv/x/a.pem");
  EXPECT_EQ(place_of(places, "/keys"), "/srv/keys");
}

}  // namespace
}  // namespace weir::control
