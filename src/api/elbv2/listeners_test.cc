#include <fmt/format.h>

#include "api/status_view.h"
#include "api/test_world.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class Listeners : public TestWorld {
 protected:
  Listeners() {
    front_ = balancer("front");
    blue_ = group("blue", "HTTP1");
    green_ = group("green", "HTTP1");
  }
  std::string balancer(const char* name) {
    const Json made = elb("CreateLoadBalancer", fmt::format(R"({{"Name":"{}"}})", name));
    return made["LoadBalancers"].items().at(0)["LoadBalancerArn"].as_string();
  }
  std::string group(const char* name, const char* version) {
    const Json made =
        elb("CreateTargetGroup",
            fmt::format(R"({{"Name":"{}","Protocol":"HTTP","Port":80,"ProtocolVersion":"{}"}})", name, version));
    return made["TargetGroups"].items().at(0)["TargetGroupArn"].as_string();
  }
  std::string request(const std::string& balancer, int port, const std::string& action) const {
    return fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","Port":{},"DefaultActions":[{}]}})", balancer,
                       port, action);
  }
  static std::string forward(const std::string& arn) {
    return fmt::format(R"({{"Type":"forward","TargetGroupArn":"{}"}})", arn);
  }
  std::string weighted(int blue, int green) const {
    return fmt::format(R"({{"Type":"forward","ForwardConfig":{{"TargetGroups":[
        {{"TargetGroupArn":"{}","Weight":{}}},{{"TargetGroupArn":"{}","Weight":{}}}]}}}})",
                       blue_, blue, green_, green);
  }
  Json add(int port, const std::string& action) {
    const Json made = elb("CreateListener", request(front_, port, action));
    return made["Listeners"].items().at(0);
  }

  std::string front_, blue_, green_;
};

TEST_F(Listeners, ForwardToAGroupNamedBothWays) {
  const Json listener = add(8080, forward(blue_));
  const std::string arn = listener["ListenerArn"].as_string();
  EXPECT_TRUE(arn.starts_with("arn:aws:elasticloadbalancing:eu-central-1:000000000000:listener/app/front/")) << arn;
  const Json& action = listener["DefaultActions"].items().at(0);
  EXPECT_EQ(action["TargetGroupArn"].as_string(), blue_);
  EXPECT_EQ(action["ForwardConfig"]["TargetGroups"].dump(),
            fmt::format(R"([{{"TargetGroupArn":"{}","Weight":1}}])", blue_));
  const Json described = elb("DescribeListeners", fmt::format(R"({{"LoadBalancerArn":"{}"}})", front_));
  EXPECT_EQ(described["Listeners"].items().at(0), listener);
  EXPECT_EQ(elb("DescribeListeners", fmt::format(R"({{"ListenerArns":["{}"]}})", arn))["Listeners"].items().size(), 1u);
}

TEST_F(Listeners, ShiftTheirWeights) {
  const std::string arn = add(8080, forward(blue_))["ListenerArn"].as_string();
  const Json modified =
      elb("ModifyListener", fmt::format(R"({{"ListenerArn":"{}","DefaultActions":[{}]}})", arn, weighted(90, 10)));
  const Json& action = modified["Listeners"].items().at(0)["DefaultActions"].items().at(0);
  EXPECT_EQ(action.find("TargetGroupArn"), nullptr);
  EXPECT_EQ(action["ForwardConfig"]["TargetGroups"].items().at(1)["Weight"].as_int(), 10);
  const auto document = get<model::Listener>("000000000000/eu-central-1/" + arn);
  EXPECT_EQ(document.listener.DefaultActions->at(0).ForwardConfig->TargetGroups->at(0).Weight, 90);
  EXPECT_EQ(document.listener.Port, 8080);
  elb("ModifyListener", fmt::format(R"({{"ListenerArn":"{}","DefaultActions":[{}]}})", arn, weighted(0, 1)));
}

TEST_F(Listeners, HaveTheirDefaultRule) {
  const std::string arn = add(8080, weighted(1, 1))["ListenerArn"].as_string();
  const Json rules = elb("DescribeRules", fmt::format(R"({{"ListenerArn":"{}"}})", arn));
  const Json& rule = rules["Rules"].items().at(0);
  EXPECT_EQ(rule["Priority"].as_string(), "default");
  EXPECT_TRUE(rule["IsDefault"].as_bool());
  EXPECT_EQ(rule["Actions"].items().size(), 1u);
  const std::string rule_arn = rule["RuleArn"].as_string();
  EXPECT_NE(rule_arn.find(":listener-rule/app/front/"), std::string::npos) << rule_arn;
  EXPECT_EQ(elb("DescribeRules", fmt::format(R"({{"RuleArns":["{}"]}})", rule_arn))["Rules"], rules["Rules"]);
  EXPECT_EQ(elb("DescribeTags", fmt::format(R"({{"ResourceArns":["{}","{}"]}})", arn, rule_arn))["TagDescriptions"]
                .items()
                .size(),
            2u);
  expect_refused("elbv2", "DescribeRules", {R"({"ListenerArn":"x"})", "ListenerNotFound", ""});
  expect_refused("elbv2", "DescribeRules", {R"({"RuleArns":["x"]})", "RuleNotFound", ""});
  expect_refused("elbv2", "DescribeRules", {R"({})", "ValidationError", ""});
}

TEST_F(Listeners, ShareAPortBetweenBalancersOnly) {
  add(8080, forward(blue_));
  const std::string again = request(front_, 8080, forward(green_));
  expect_refused("elbv2", "CreateListener",
                 {again.c_str(), "DuplicateListener", "A listener already exists on this port for this load balancer"});
  host.taken = 8080;
  elb("CreateListener", request(balancer("back"), 8080, forward(green_)));
  host.taken = 9090;
  const std::string taken = request(front_, 9090, forward(blue_));
  expect_refused(
      "elbv2", "CreateListener",
      {taken.c_str(), "InvalidConfigurationRequest", "Port 9090 cannot be used: it is in use by another program"});
}

TEST_F(Listeners, MoveToAnotherPort) {
  const std::string arn = add(8080, forward(blue_))["ListenerArn"].as_string();
  add(8081, forward(green_));
  const auto move = [&](int port) { return fmt::format(R"({{"ListenerArn":"{}","Port":{}}})", arn, port); };
  host.taken = 8080;
  elb("ModifyListener", move(8080));  // where it is
  const std::string other = move(8081);
  expect_refused("elbv2", "ModifyListener", {other.c_str(), "DuplicateListener", ""});
  elb("ModifyListener", move(8082));
  EXPECT_EQ(get<model::Listener>("000000000000/eu-central-1/" + arn).listener.Port, 8082);
  elb("DeleteListener", fmt::format(R"({{"ListenerArn":"{}"}})", arn));
  const std::string gone = move(8083);
  expect_refused("elbv2", "ModifyListener", {gone.c_str(), "ListenerNotFound", "One or more listeners not found"});
  expect_refused("elbv2", "DeleteListener", {R"({"ListenerArn":"x"})", "ListenerNotFound", ""});
}

TEST_F(Listeners, RedirectWithWhatIsNotSaidFilledIn) {
  const Json listener =
      add(8080, R"({"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS","Port":"443","StatusCode":"HTTP_301"}})");
  EXPECT_EQ(
      listener["DefaultActions"].items().at(0)["RedirectConfig"].dump(),
      R"({"Protocol":"HTTPS","Port":"443","Host":"#{host}","Path":"/#{path}","Query":"#{query}","StatusCode":"HTTP_301"})");
}

TEST_F(Listeners, MayForwardToAGrpcGroupWithoutTls) { add(8080, forward(group("calls", "GRPC"))); }

TEST_F(Listeners, RefuseBadInput) {
  const std::string other = balancer("other");
  const std::string theirs = group("theirs", "HTTP1");
  elb("CreateListener", request(other, 7070, forward(theirs)));
  std::string six;
  for (int i = 0; i < 6; ++i) {
    const std::string name = "g" + std::to_string(i);
    six += fmt::format(R"({}{{"TargetGroupArn":"{}"}})", i ? "," : "", group(name.c_str(), "HTTP1"));
  }
  struct Row {
    std::string request;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      {request("x", 1, forward(blue_)), "LoadBalancerNotFound", "One or more load balancers not found"},
      {request(front_, 1, forward("x")), "TargetGroupNotFound", "One or more target groups not found"},
      {request(front_, 1, forward(theirs)), "TargetGroupAssociationLimit", theirs.c_str()},
      {request(front_, 1, weighted(1, 1000)), "ValidationError", "'1000' must be between '0' and '999'"},
      {request(front_, 1, weighted(-1, 1)), "ValidationError", "'-1'"},
      {request(front_, 1, R"({"Type":"forward"})"), "ValidationError", "A target group ARN must be specified"},
      {request(front_, 1, R"({"Type":"forward","ForwardConfig":{"TargetGroups":[)" + six + "]}}"), "ValidationError",
       "at most 5"},
      {request(front_, 1,
               fmt::format(R"({{"Type":"forward","ForwardConfig":{{"TargetGroups":[{{"TargetGroupArn":"{0}"}},
                   {{"TargetGroupArn":"{0}"}}]}}}})",
                           blue_)),
       "ValidationError", "more than once"},
      {request(front_, 1, R"({"Type":"fixed-response"})"), "ValidationError", "fixed response config"},
      {request(front_, 1,
               R"({"Type":"fixed-response","FixedResponseConfig":{"StatusCode":"200","ContentType":"image/png"}})"),
       "ValidationError", "'image/png'"},
      {request(front_, 1, forward(blue_) + "," + forward(blue_)), "TooManyActions", ""},
      {request(front_, 1, ""), "ValidationError", "An action must be specified"},
      {request(front_, 1, R"({"Type":"redirect"})"), "ValidationError", "redirect config"},
      {request(front_, 1, R"({"Type":"redirect","RedirectConfig":{"StatusCode":"HTTP_301"}})"),
       "InvalidLoadBalancerAction", "loop"},
      {request(front_, 1, R"({"Type":"redirect","RedirectConfig":{"StatusCode":"HTTP_301","Query":"a"}})"),
       "InvalidLoadBalancerAction", "loop"},
      {request(front_, 1, R"({"Type":"redirect","RedirectConfig":{"StatusCode":"HTTP_301","Port":"70000"}})"),
       "ValidationError", "'70000'"},
      {request(front_, 1, R"({"Type":"redirect","RedirectConfig":{"StatusCode":"HTTP_301","Path":"a"}})"),
       "ValidationError", "begin with a '/'"},
      {request(front_, 1, R"({"Type":"redirect","RedirectConfig":{"StatusCode":"HTTP_301","Host":"#{hast}"}})"),
       "ValidationError", "unknown keyword"},
      {request(front_, 1, R"({"Type":"redirect","RedirectConfig":{"StatusCode":"HTTP_301","Path":"/a b"}})"),
       "ValidationError", "invalid characters"},
      {request(front_, 1, R"({"Type":"authenticate-oidc"})"), "InvalidConfigurationRequest", "'authenticate-oidc'"},
      {fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTPS","Port":1,"DefaultActions":[{}]}})", front_,
                   forward(blue_)),
       "ValidationError", "A certificate must be specified for HTTPS listeners"},
      {fmt::format(R"({{"LoadBalancerArn":"{}","Port":1,"DefaultActions":[{}]}})", front_, forward(blue_)),
       "ValidationError", "A listener protocol must be specified"},
      {fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"HTTP","DefaultActions":[{}]}})", front_, forward(blue_)),
       "ValidationError", "A listener port must be specified"},
  };
  for (const auto& row : rows) expect_refused("elbv2", "CreateListener", {row.request.c_str(), row.code, row.message});
  expect_refused("elbv2", "DescribeListeners", {"{}", "ValidationError", ""});
  expect_refused("elbv2", "DescribeListeners", {R"({"ListenerArns":["x"]})", "ListenerNotFound", ""});
}

TEST_F(Listeners, ShowInTheStatusWithWishedAndMeasuredShares) {
  const std::string arn = add(8080, weighted(90, 30))["ListenerArn"].as_string();
  put(model::ListenerState{.scope = {"000000000000", "eu-central-1"}, .arn = arn, .listening = true});
  const Json status = MUST(status_view(store, clock.wall(), {{blue_, 7}}));
  const Json& listener = status["balancers"].items().at(0)["listeners"].items().at(0);
  EXPECT_EQ(listener["port"].as_int(), 8080);
  EXPECT_TRUE(listener["listening"].as_bool());
  const Json& blue = listener["targetGroups"].items().at(0);
  EXPECT_EQ(blue["name"].as_string(), "blue");
  EXPECT_EQ(blue["weight"].as_int(), 90);
  EXPECT_EQ(blue["share_wished"].as_double(), 75.0);
  EXPECT_EQ(blue["requests"].as_int(), 7);
}

}  // namespace
}  // namespace weir::api
