// The rules of security groups: made and taken back as permissions, each a record of its own.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "api/arn.h"
#include "api/ec2/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/verbs.h"
#include "base/ascii.h"
#include "base/cidr.h"

namespace weir::api::ec2 {
namespace {

constexpr const char* kRules = "security-group-rule";
enum class Way { in, out };

std::unexpected<Error> invalid(std::string message) { return refusal("InvalidParameterValue", std::move(message)); }

const std::string& rule_id(const Json& rule) { return rule["securityGroupRuleId"].as_string(); }

// "tcp" of "TCP" and "6"; other numbers stay.
Result<std::string> protocol_of(const std::string& given) {
  constexpr std::pair<const char*, const char*> kNumbers[] = {
      {"6", "tcp"}, {"17", "udp"}, {"1", "icmp"}, {"58", "icmpv6"}, {"all", "-1"}};
  const std::string text = lower_case(given);
  for (const auto& [number, name] : kNumbers) {
    if (text == number || text == name) return std::string(name);
  }
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= -1 && number <= 255) return text;
  return invalid(fmt::format("Invalid value '{}' for IP protocol. Unknown protocol.", text));
}

// Sets protocol and ports, which only tcp, udp and icmp have.
Result<> set_ports(Json& rule, const Json& permission) {
  const std::string protocol = TRY(protocol_of(permission["IpProtocol"].as_string()));
  const std::string &from = permission["FromPort"].as_string(), &to = permission["ToPort"].as_string();
  const bool ported = protocol == "tcp" || protocol == "udp";
  const bool typed = protocol == "icmp" || protocol == "icmpv6";
  if (ported && (from.empty() || to.empty())) {
    return invalid("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
  }
  if (ported) {
    const int first = std::atoi(from.c_str()), last = std::atoi(to.c_str());
    if (first < 0 || last > 65535 || first > last) {
      return invalid(fmt::format("Invalid TCP/UDP port range ({}:{})", from, to));
    }
  }
  const bool has = ported || typed;
  rule.set("ipProtocol", protocol);
  rule.set("fromPort", has && !from.empty() ? from : "-1").set("toPort", has && !to.empty() ? to : "-1");
  return {};
}

// The range without bits after its prefix. Errors: InvalidParameterValue.
Result<Json> range_of(const std::string& text, bool ipv6) {
  const auto range = Cidr::parse(text);
  if (!range || range->is_ipv6() != ipv6) return invalid(fmt::format("CIDR block {} is malformed", text));
  return Json(range->text());
}

Result<Json> reference_to(Call& call, const Json& group, const Json& peer) {
  Json other;
  if (!peer["GroupId"].is_null()) {
    other = TRY(recorded::kept_one(call, recorded::kind_of(call, "security-group"), peer["GroupId"].as_string()));
  } else {
    for (const auto& one : TRY(call.shelf.all("security-group"))) {
      if (one["vpcId"] == group["vpcId"] && one["groupName"] == peer["GroupName"]) other = one;
    }
    if (other.is_null()) {
      return refusal("InvalidGroup.NotFound",
                     fmt::format("The security group '{}' does not exist", peer["GroupName"].as_string()));
    }
  }
  Json reference = Json::object();
  reference.set("groupId", other["groupId"]).set("userId", call.context.account);
  return reference;
}

Json blank_rule(const Call& call, const std::string& group, Way way) {
  Json rule = Json::object();
  rule.set("securityGroupRuleId", "").set("groupId", group).set("groupOwnerId", call.context.account);
  rule.set("isEgress", way == Way::out ? "true" : "false");
  return rule;
}

// The rules that a permission stands for, one for each peer.
Result<> add_rules(Call& call, const Json& group, const Json& permission, Way way, std::vector<Json>& rules) {
  Json ported = blank_rule(call, group["groupId"].as_string(), way);
  TRY(set_ports(ported, permission));
  const auto add = [&](const char* member, Json value, const Json& peer) {
    Json rule = ported;
    rule.set(member, std::move(value));
    if (!peer["Description"].as_string().empty()) rule.set("description", peer["Description"]);
    rules.push_back(std::move(rule));
  };
  for (const auto& peer : permission["IpRanges"].items()) {
    add("cidrIpv4", TRY(range_of(peer["CidrIp"].as_string(), false)), peer);
  }
  for (const auto& peer : permission["Ipv6Ranges"].items()) {
    add("cidrIpv6", TRY(range_of(peer["CidrIpv6"].as_string(), true)), peer);
  }
  for (const auto& peer : permission["PrefixListIds"].items()) add("prefixListId", peer["PrefixListId"], peer);
  for (const auto& peer : permission["Groups"].items()) {
    add("referencedGroupInfo", TRY(reference_to(call, group, peer)), peer);
  }
  return {};
}

// The single permission that a call may carry without a list.
Json flat_permission(const Call& call) {
  Json permission = Json::object(), peer = Json::object();
  for (const char* member : {"IpProtocol", "FromPort", "ToPort"}) permission.set(member, call.input[member]);
  if (call.given("CidrIp")) {
    peer.set("CidrIp", call.input["CidrIp"]);
    permission.set("IpRanges", Json::Array{peer});
  } else {
    peer.set("GroupName", call.input["SourceSecurityGroupName"]);
    permission.set("Groups", Json::Array{peer});
  }
  return permission;
}

Result<std::vector<Json>> rules_of_call(Call& call, const Json& group, Way way) {
  std::vector<Json> rules;
  for (const auto& permission : call.input["IpPermissions"].items()) {
    TRY(add_rules(call, group, permission, way, rules));
  }
  if (call.given("CidrIp") || call.given("SourceSecurityGroupName")) {
    TRY(add_rules(call, group, flat_permission(call), way, rules));
  }
  if (rules.empty())
    return refusal("MissingParameter", "Either 'ipPermissions' or 'securityGroupRuleIds' must be given");
  return rules;
}

bool same_rule(const Json& a, const Json& b) {
  for (const char* member : {"groupId", "isEgress", "ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6",
                             "prefixListId", "referencedGroupInfo"}) {
    if (a[member] != b[member]) return false;
  }
  return true;
}

std::string words_for(const Json& rule) {
  for (const char* member : {"cidrIpv4", "cidrIpv6", "prefixListId"}) {
    if (rule[member].is_null()) continue;
    return fmt::format("peer: {}, {}, from port: {}, to port: {}, ALLOW", rule[member].as_string(),
                       rule["ipProtocol"].as_string(), rule["fromPort"].as_string(), rule["toPort"].as_string());
  }
  return fmt::format("peer: {}, {}, from port: {}, to port: {}, ALLOW",
                     rule["referencedGroupInfo"]["groupId"].as_string(), rule["ipProtocol"].as_string(),
                     rule["fromPort"].as_string(), rule["toPort"].as_string());
}

Result<Json> authorize(Call& call, Way way) {
  const Json group = TRY(group_on(call));
  Json::Array tags;
  for (const auto& specification : call.input["TagSpecification"].items()) {
    TRY(recorded::merge_tags(call, tags, specification["Tag"]));
  }
  const auto there = TRY(call.shelf.all(kRules));
  Json made = Json::array();
  for (Json& rule : TRY(rules_of_call(call, group, way))) {
    const auto same = [&](const Json& one) { return same_rule(one, rule); };
    if (std::ranges::any_of(there, same) || std::ranges::any_of(made.items(), same)) {
      return refusal("InvalidPermission.Duplicate",
                     fmt::format("the specified rule \"{}\" already exists", words_for(rule)));
    }
    const std::string id = recorded::fresh_id(call, "sgr-");
    rule.set("securityGroupRuleId", id).set("tagSet", tags);
    rule.set("securityGroupRuleArn", make_arn(call.context, "ec2", "security-group-rule/" + id));
    call.shelf.put(kRules, id, rule);
    made.push(std::move(rule));
  }
  Json reply = recorded::answer_true(call);
  reply.set("securityGroupRuleSet", std::move(made));
  return reply;
}

std::unexpected<Error> no_such_rule() {
  return refusal("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
}

// The rules of the group that ids or permissions name. Errors: InvalidPermission.NotFound and the like.
Result<std::vector<Json>> named_rules(Call& call, Way way) {
  const Json group = TRY(group_on(call));
  std::vector<Json> named;
  for (const auto& id : call.input["SecurityGroupRuleId"].items()) {
    named.push_back(TRY(recorded::kept_one(call, recorded::kind_of(call, kRules), id.as_string())));
    const bool right = named.back()["groupId"] == group["groupId"] &&
                       named.back()["isEgress"].as_string() == (way == Way::out ? "true" : "false");
    if (!right) return no_such_rule();
  }
  if (!named.empty()) return named;
  const auto there = TRY(call.shelf.all(kRules));
  for (const auto& wanted : TRY(rules_of_call(call, group, way))) {
    const auto found = std::ranges::find_if(there, [&](const Json& one) { return same_rule(one, wanted); });
    if (found == there.end()) return no_such_rule();
    named.push_back(*found);
    named.back().set("description", wanted["description"]);
  }
  return named;
}

Result<Json> revoke(Call& call, Way way) {
  Json revoked = Json::array();
  for (Json& rule : TRY(named_rules(call, way))) {
    call.shelf.erase(kRules, rule_id(rule));
    if (!rule["referencedGroupInfo"].is_null()) rule.set("referencedGroupId", rule["referencedGroupInfo"]["groupId"]);
    for (const char* member : {"referencedGroupInfo", "tagSet", "groupOwnerId"}) rule.set(member, Json());
    revoked.push(std::move(rule));
  }
  Json reply = recorded::answer_true(call);
  reply.set("unknownIpPermissionSet", Json::array()).set("revokedSecurityGroupRuleSet", std::move(revoked));
  return reply;
}

Result<Json> set_descriptions(Call& call, Way way) {
  for (const auto& given : call.input["SecurityGroupRuleDescription"].items()) {
    const std::string& id = given["SecurityGroupRuleId"].as_string();
    Json rule = TRY(recorded::kept_one(call, recorded::kind_of(call, kRules), id));
    rule.set("description", given["Description"]);
    call.shelf.put(kRules, id, std::move(rule));
  }
  if (call.given("SecurityGroupRuleDescription")) return recorded::answer_true(call);
  for (Json& rule : TRY(named_rules(call, way))) {
    const std::string id = rule_id(rule);
    call.shelf.put(kRules, id, std::move(rule));
  }
  return recorded::answer_true(call);
}

}  // namespace

Result<Json> authorize_ingress(Call& call) { return authorize(call, Way::in); }
Result<Json> authorize_egress(Call& call) { return authorize(call, Way::out); }
Result<Json> revoke_ingress(Call& call) { return revoke(call, Way::in); }
Result<Json> revoke_egress(Call& call) { return revoke(call, Way::out); }
Result<Json> describe_in_ingress(Call& call) { return set_descriptions(call, Way::in); }
Result<Json> describe_in_egress(Call& call) { return set_descriptions(call, Way::out); }

// Each rule becomes what is given for it; it has one peer.
Result<Json> modify_rules(Call& call) {
  const Json group = TRY(group_on(call));
  for (const auto& given : call.input["SecurityGroupRule"].items()) {
    const std::string& id = given["SecurityGroupRuleId"].as_string();
    const Json there = TRY(recorded::kept_one(call, recorded::kind_of(call, kRules), id));
    if (there["groupId"] != group["groupId"]) return no_such_rule();
    const Json& wanted = given["SecurityGroupRule"];
    Json rule =
        blank_rule(call, group["groupId"].as_string(), there["isEgress"].as_string() == "true" ? Way::out : Way::in);
    TRY(set_ports(rule, wanted));
    if (!wanted["CidrIpv4"].is_null()) rule.set("cidrIpv4", TRY(range_of(wanted["CidrIpv4"].as_string(), false)));
    if (!wanted["CidrIpv6"].is_null()) rule.set("cidrIpv6", TRY(range_of(wanted["CidrIpv6"].as_string(), true)));
    if (!wanted["PrefixListId"].is_null()) rule.set("prefixListId", wanted["PrefixListId"]);
    if (!wanted["ReferencedGroupId"].is_null()) {
      Json peer = Json::object();
      peer.set("GroupId", wanted["ReferencedGroupId"]);
      rule.set("referencedGroupInfo", TRY(reference_to(call, group, peer)));
    }
    if (!wanted["Description"].as_string().empty()) rule.set("description", wanted["Description"]);
    rule.set("securityGroupRuleId", id).set("tagSet", there["tagSet"]);
    rule.set("securityGroupRuleArn", there["securityGroupRuleArn"]);
    call.shelf.put(kRules, id, std::move(rule));
  }
  return recorded::answer_true(call);
}

void put_default_rules(Call& call, const std::string& group, DefaultRules which) {
  const auto put = [&](Way way, const char* member, Json peer) {
    const std::string id = recorded::fresh_id(call, "sgr-");
    Json rule = blank_rule(call, group, way);
    rule.set("securityGroupRuleId", id).set("ipProtocol", "-1").set("fromPort", "-1").set("toPort", "-1");
    rule.set(member, std::move(peer)).set("tagSet", Json::array());
    rule.set("securityGroupRuleArn", make_arn(call.context, "ec2", "security-group-rule/" + id));
    call.shelf.put(kRules, id, std::move(rule));
  };
  put(Way::out, "cidrIpv4", "0.0.0.0/0");
  if (which == DefaultRules::of_group) return;
  Json self = Json::object();
  self.set("groupId", group).set("userId", call.context.account);
  put(Way::in, "referencedGroupInfo", std::move(self));
}

Result<> erase_rules(Call& call, const std::string& group) {
  for (const auto& rule : TRY(call.shelf.all(kRules))) {
    if (rule["groupId"].as_string() == group) call.shelf.erase(kRules, rule_id(rule));
  }
  return {};
}

}  // namespace weir::api::ec2
