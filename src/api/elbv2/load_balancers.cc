// The operations on load balancers.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/attributes.h"
#include "api/elbv2/balancer_network.h"
#include "api/elbv2/names.h"
#include "api/elbv2/refusals.h"
#include "api/limits.h"
#include "api/writing.h"

namespace weir::api::elbv2 {

namespace {

constexpr unsigned kDnsDigits = 10;

std::vector<std::string> subnets_of(const shapes::CreateLoadBalancerInput& input) {
  std::vector<std::string> subnets = input.Subnets.value_or(std::vector<std::string>{});
  for (const auto& mapping : input.SubnetMappings.value_or(std::vector<shapes::SubnetMapping>{})) {
    if (mapping.SubnetId) subnets.push_back(*mapping.SubnetId);
  }
  return subnets;
}

Result<shapes::LoadBalancer> make_balancer(Context& context, const shapes::CreateLoadBalancerInput& input) {
  BalancerPlace place = TRY(place_of(context, subnets_of(input)));
  const bool network = input.Type == "network";
  const std::string path =
      fmt::format("loadbalancer/{}/{}/{}", network ? "net" : "app", input.Name, context.random.hex(kIdDigits));
  const bool internal = input.Scheme == "internal";
  return shapes::LoadBalancer{
      .LoadBalancerArn = make_arn(context, "elasticloadbalancing", path),
      .DNSName = fmt::format("{}{}-{}.elb.localhost", internal ? "internal-" : "", input.Name,
                             random_digits(context.random, kDnsDigits)),
      .CanonicalHostedZoneId = "Z00000000WEIR",
      .CreatedTime = context.now,
      .LoadBalancerName = input.Name,
      .Scheme = internal ? "internal" : "internet-facing",
      .VpcId = std::move(place.vpc),
      .State = shapes::LoadBalancerState{.Code = "active"},
      .Type = network ? "network" : "application",
      .AvailabilityZones = std::move(place.zones),
      .SecurityGroups = input.SecurityGroups.value_or(std::vector<std::string>{}),
      .IpAddressType = "ipv4",
  };
}

bool same_settings(const shapes::LoadBalancer& there, const shapes::CreateLoadBalancerInput& input) {
  std::vector<std::string> subnets;
  for (const auto& zone : there.AvailabilityZones.value_or(std::vector<shapes::AvailabilityZone>{})) {
    subnets.push_back(zone.SubnetId.value_or(""));
  }
  return there.Type == input.Type.value_or("application") && there.Scheme == input.Scheme.value_or("internet-facing") &&
         subnets == subnets_of(input) &&
         there.SecurityGroups == input.SecurityGroups.value_or(std::vector<std::string>{});
}

shapes::CreateLoadBalancerOutput only(shapes::LoadBalancer balancer) {
  return {.LoadBalancers = std::vector<shapes::LoadBalancer>{std::move(balancer)}};
}

Result<> check_room(Context& context, const std::string& type) {
  const auto all = TRY(store::load_all<model::LoadBalancer>(context.store, scope_of(context).prefix()));
  const auto same =
      std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.document.balancer.Type == type; });
  if (static_cast<std::size_t>(same) < kMaxBalancers) return {};
  return client_error("TooManyLoadBalancers",
                      fmt::format("An account can have at most {} load balancers of type {}", kMaxBalancers, type));
}

Result<shapes::CreateLoadBalancerOutput> try_create(Context& context, const shapes::CreateLoadBalancerInput& input) {
  TRY(refuse(input, refused_of_create_load_balancer(), kUnsupported));
  TRY(check_name("Load balancer", input.Name));
  if (input.Name.starts_with("internal-")) {
    return validation_error(fmt::format("Load balancer name '{}' cannot begin with 'internal-'", input.Name));
  }
  TRY(check_tags(input.Tags));
  if (input.Subnets && !input.Subnets->empty() && input.SubnetMappings && !input.SubnetMappings->empty()) {
    return validation_error("You can specify either subnets or subnet mappings, not both");
  }
  auto balancer = TRY(make_balancer(context, input));
  model::LoadBalancer made{.scope = scope_of(context), .balancer = std::move(balancer)};
  if (const auto found = TRY(store::load<model::LoadBalancer>(context.store, made.key()))) {
    if (same_settings(found->document.balancer, input)) return only(found->document.balancer);
    return client_error(
        "DuplicateLoadBalancerName",
        fmt::format("A load balancer with the same name '{}' exists, but with different settings", input.Name));
  }
  TRY(check_room(context, *made.balancer.Type));
  made.tags = input.Tags.value_or(std::vector<shapes::Tag>{});
  made.attributes = defaults_of(balancer_attributes(*made.balancer.Type));
  TRY(commit(context, {store::put(made, store::Expect::kAbsent)}));
  return only(std::move(made.balancer));
}

Result<shapes::DeleteLoadBalancerOutput> try_delete(Context& context, const shapes::DeleteLoadBalancerInput& input) {
  const auto found = TRY(find_balancer(context, input.LoadBalancerArn));
  if (!found) return shapes::DeleteLoadBalancerOutput{};
  const auto protection = found->document.attributes.find("deletion_protection.enabled");
  if (protection != found->document.attributes.end() && protection->second == "true") {
    return client_error("OperationNotPermitted",
                        fmt::format("Load balancer '{}' cannot be deleted because deletion protection is enabled",
                                    input.LoadBalancerArn));
  }
  std::vector<store::Write> writes{store::erase(*found)};
  for (const auto& listener : TRY(all_listeners(context))) {
    if (listener.document.listener.LoadBalancerArn != input.LoadBalancerArn) continue;
    writes.push_back(store::erase(listener));
    TRY(erase_rules(context, *listener.document.listener.ListenerArn, writes));
  }
  TRY(commit(context, writes));
  return shapes::DeleteLoadBalancerOutput{};
}

std::vector<shapes::LoadBalancerAttribute> shown(const std::map<std::string, std::string>& attributes) {
  std::vector<shapes::LoadBalancerAttribute> all;
  for (const auto& [key, value] : attributes) all.push_back({.Key = key, .Value = value});
  return all;
}

// The folder of the balancer's access logs, as bucket and prefix name it; empty where they are off. Errors:
// ValidationError, InvalidConfigurationRequest.
Result<std::string> access_log_folder(const std::map<std::string, std::string>& attributes) {
  const auto enabled = attributes.find("access_logs.s3.enabled");
  if (enabled == attributes.end() || enabled->second != "true") return std::string();
  const std::string& bucket = attributes.at("access_logs.s3.bucket");
  const std::string& prefix = attributes.at("access_logs.s3.prefix");
  if (bucket.empty()) return validation_error("The access log bucket name must be specified");
  const auto among = [](std::string_view text, std::string_view besides) {
    return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
      return std::islower(c) || std::isdigit(c) || besides.find(static_cast<char>(c)) != std::string_view::npos;
    });
  };
  if (bucket.size() < 3 || bucket.size() > 63 || !among(bucket, ".-") || bucket.find("..") != std::string::npos ||
      bucket.starts_with('.') || bucket.starts_with('-')) {
    return validation_error(fmt::format("The access log bucket name '{}' is not valid", bucket));
  }
  if (!among(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ!_.*'()-/") || prefix.find("..") != std::string::npos ||
      prefix.find("//") != std::string::npos || prefix.starts_with('/') || prefix.ends_with('/') ||
      prefix.find("AWSLogs") != std::string::npos || prefix.size() > 200) {
    return validation_error(fmt::format("The access log prefix '{}' is not valid", prefix));
  }
  return prefix.empty() ? bucket : bucket + "/" + prefix;
}

Result<shapes::ModifyLoadBalancerAttributesOutput> try_modify_attributes(
    Context& context, Host& host, const shapes::ModifyLoadBalancerAttributesInput& input) {
  auto found = TRY(find_balancer(context, input.LoadBalancerArn));
  if (!found) return balancer_not_found();
  const auto table = balancer_attributes(found->document.balancer.Type.value_or("application"));
  for (const auto& given : input.Attributes) {
    const std::string key = given.Key.value_or("");
    const std::string value = given.Value.value_or("");
    TRY(check_attribute(table, "Load balancer", key, value));
    found->document.attributes[key] = value;
  }
  if (const std::string folder = TRY(access_log_folder(found->document.attributes)); !folder.empty()) {
    if (const auto made = host.make_access_log_folder(folder); !made) {
      return client_error(kUnsupported, fmt::format("Access logs cannot be written: {}", made.error().message));
    }
  }
  TRY(commit(context, {store::put(*found)}));
  return shapes::ModifyLoadBalancerAttributesOutput{shown(found->document.attributes)};
}

// The balancers that `input` names; all where it names none.
Result<std::vector<shapes::LoadBalancer>> named(Context& context, const shapes::DescribeLoadBalancersInput& input) {
  std::vector<shapes::LoadBalancer> balancers;
  const bool by_arn = input.LoadBalancerArns && !input.LoadBalancerArns->empty();
  const bool by_name = input.Names && !input.Names->empty();
  if (by_arn && by_name) {
    return validation_error("Load balancer names and load balancer ARNs cannot be specified at the same time");
  }
  if (by_arn) {
    for (const auto& arn : *input.LoadBalancerArns) {
      if (!parse_arn(arn)) return validation_error(fmt::format("'{}' is not a valid load balancer ARN", arn));
      auto found = TRY(find_balancer(context, arn));
      if (!found) return balancer_not_found();
      balancers.push_back(std::move(found->document.balancer));
    }
    return balancers;
  }
  for (auto& one : TRY(store::load_all<model::LoadBalancer>(context.store, scope_of(context).prefix()))) {
    balancers.push_back(std::move(one.document.balancer));
  }
  if (!by_name) return balancers;
  for (const auto& name : *input.Names) {
    const auto is_it = [&](const auto& one) { return one.LoadBalancerName == name; };
    if (std::none_of(balancers.begin(), balancers.end(), is_it)) return balancer_not_found(name);
  }
  std::erase_if(balancers, [&](const auto& one) {
    return std::find(input.Names->begin(), input.Names->end(), *one.LoadBalancerName) == input.Names->end();
  });
  return balancers;
}

// Why a listener of the balancer takes no connections, by the balancer's ARN.
Result<std::map<std::string, std::string>> impairments(Context& context) {
  std::map<std::string, std::string> reasons;
  for (const auto& state : TRY(store::peek_all<model::ListenerState>(context.store, scope_of(context).prefix()))) {
    if (state->error.empty()) continue;
    const auto listener = TRY(store::peek<model::Listener>(context.store, state->key()));
    if (!listener) continue;
    const auto& shown = (*listener)->listener;
    reasons[shown.LoadBalancerArn.value_or("")] =
        fmt::format("The listener on port {} cannot be reached: {}", shown.Port.value_or(0), state->error);
  }
  return reasons;
}

}  // namespace

Result<shapes::CreateLoadBalancerOutput> create_load_balancer(Context& context,
                                                              const shapes::CreateLoadBalancerInput& input) {
  return writing(kServerError, [&] { return try_create(context, input); });
}

Result<shapes::DescribeLoadBalancersOutput> describe_load_balancers(Context& context,
                                                                    const shapes::DescribeLoadBalancersInput& input) {
  std::vector<Positioned<shapes::LoadBalancer>> all;
  const auto impaired = TRY(impairments(context));
  for (auto& balancer : TRY(named(context, input))) {
    if (const auto found = impaired.find(balancer.LoadBalancerArn.value_or("")); found != impaired.end()) {
      balancer.State = shapes::LoadBalancerState{.Code = "active_impaired", .Reason = found->second};
    }
    std::string name = *balancer.LoadBalancerName;
    all.push_back({std::move(name), std::move(balancer)});
  }
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeLoadBalancersOutput{std::move(page.items), std::move(page.next)};
}

Result<shapes::DeleteLoadBalancerOutput> delete_load_balancer(Context& context,
                                                              const shapes::DeleteLoadBalancerInput& input) {
  return writing(kServerError, [&] { return try_delete(context, input); });
}

Result<shapes::ModifyLoadBalancerAttributesOutput> modify_load_balancer_attributes(
    Context& context, Host& host, const shapes::ModifyLoadBalancerAttributesInput& input) {
  return writing(kServerError, [&] { return try_modify_attributes(context, host, input); });
}

Result<shapes::DescribeLoadBalancerAttributesOutput> describe_load_balancer_attributes(
    Context& context, const shapes::DescribeLoadBalancerAttributesInput& input) {
  const auto found = TRY(find_balancer(context, input.LoadBalancerArn));
  if (!found) return balancer_not_found();
  return shapes::DescribeLoadBalancerAttributesOutput{shown(found->document.attributes)};
}

}  // namespace weir::api::elbv2
