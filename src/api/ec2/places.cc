// What every account finds: regions, zones, DHCP options, prefix lists, account attributes.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ec2/service.h"
#include "api/recorded/verbs.h"

namespace weir::api::ec2 {
namespace {

constexpr const char* kRegions[] = {
    "af-south-1", "ap-east-1",      "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ca-central-1",
    "ca-west-1",  "eu-central-1",   "eu-central-2",   "eu-north-1",     "eu-south-1",     "eu-south-2",
    "eu-west-1",  "eu-west-2",      "eu-west-3",      "il-central-1",   "me-central-1",   "me-south-1",
    "sa-east-1",  "us-east-1",      "us-east-2",      "us-west-1",      "us-west-2",
};
constexpr const char* kZoneLetters[] = {"a", "b", "c"};

// "euc1" of "eu-central-1": what AWS calls it in the ids of zones.
std::string short_name(std::string_view region) {
  std::string name;
  std::string_view rest = region;
  for (int part = 0; !rest.empty(); ++part) {
    const auto word = rest.substr(0, rest.find('-'));
    name += part == 1 ? word.substr(0, 1) : word;
    if (part == 1 && (word == "northeast" || word == "southeast")) name += 'e';
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return name;
}

Json text_object(std::initializer_list<std::pair<const char*, std::string>> members) {
  Json object = Json::object();
  for (const auto& [name, value] : members) object.set(name, value);
  return object;
}

}  // namespace

std::vector<std::string> zones_of(const Context& context) {
  std::vector<std::string> zones;
  for (const char* letter : kZoneLetters) zones.push_back(context.region + letter);
  return zones;
}

Result<std::vector<Json>> all_zones(Call& call) {
  const std::string& region = call.context.region;
  std::vector<Json> zones;
  for (const auto& zone : zones_of(call.context)) {
    zones.push_back(text_object({{"zoneName", zone},
                                 {"zoneState", "available"},
                                 {"regionName", region},
                                 {"zoneId", fmt::format("{}-az{}", short_name(region), zones.size() + 1)},
                                 {"groupName", region},
                                 {"groupLongName", region},
                                 {"networkBorderGroup", region},
                                 {"zoneType", "availability-zone"},
                                 {"optInStatus", "opt-in-not-required"}}));
  }
  return zones;
}

Result<std::vector<Json>> all_regions(Call& call) {
  std::vector<Json> regions;
  bool known = false;
  const auto add = [&](const std::string& name) {
    known = known || name == call.context.region;
    regions.push_back(text_object({{"regionName", name},
                                   {"regionEndpoint", fmt::format("ec2.{}.amazonaws.com", name)},
                                   {"optInStatus", "opt-in-not-required"}}));
  };
  for (const char* name : kRegions) add(name);
  if (!known) add(call.context.region);
  return regions;
}

Result<std::vector<Json>> all_dhcp_options(Call& call) {
  const auto setting = [](const char* key, const std::string& value) {
    Json one = text_object({{"key", key}});
    one.set("valueSet", Json::Array{text_object({{"value", value}})});
    return one;
  };
  Json options = text_object({{"dhcpOptionsId", "dopt-" + stable_hex(call.context.account + call.context.region, 17)},
                              {"ownerId", call.context.account}});
  options.set("dhcpConfigurationSet", Json::Array{setting("domain-name", call.context.region + ".compute.internal"),
                                                  setting("domain-name-servers", "AmazonProvidedDNS")});
  options.set("tagSet", Json::array());
  return std::vector<Json>{std::move(options)};
}

Result<std::vector<Json>> all_prefix_lists(Call& call) {
  std::vector<Json> lists;
  for (const char* service : {"s3", "dynamodb"}) {
    const std::string name = fmt::format("com.amazonaws.{}.{}", call.context.region, service);
    Json list = text_object({{"prefixListId", "pl-" + stable_hex(name, 8)},
                             {"prefixListName", name},
                             {"addressFamily", "IPv4"},
                             {"state", "create-complete"},
                             {"maxEntries", "0"},
                             {"version", "1"},
                             {"ownerId", "AWS"}});
    list.set("cidrSet", Json::array()).set("tagSet", Json::array());
    lists.push_back(std::move(list));
  }
  return lists;
}

Result<Json> describe_account_attributes(Call& call) {
  const auto vpc = default_vpc(call);
  const std::pair<const char*, std::string> kAttributes[] = {
      {"supported-platforms", "VPC"}, {"default-vpc", vpc ? (*vpc)["vpcId"].as_string() : "none"},
      {"max-instances", "0"},         {"vpc-max-security-groups-per-interface", "5"},
      {"max-elastic-ips", "5"},       {"vpc-max-elastic-ips", "5"},
  };
  const auto& wanted = call.input["AttributeName"].items();
  Json set = Json::array();
  for (const auto& [name, value] : kAttributes) {
    if (!wanted.empty() && std::ranges::find(wanted, Json(name)) == wanted.end()) continue;
    Json one = text_object({{"attributeName", name}});
    one.set("attributeValueSet", Json::Array{text_object({{"attributeValue", value}})});
    set.push(std::move(one));
  }
  Json reply = Json::object();
  reply.set("accountAttributeSet", std::move(set));
  return reply;
}

}  // namespace weir::api::ec2
