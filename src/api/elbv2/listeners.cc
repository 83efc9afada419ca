// The operations on listeners.
#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/listener_rules.h"
#include "api/elbv2/listener_tls.h"
#include "api/elbv2/names.h"
#include "api/elbv2/refusals.h"
#include "api/writing.h"

namespace weir::api::elbv2 {

namespace {

// "app/NAME/ID" of "…:loadbalancer/app/NAME/ID".
std::string path_of(std::string_view arn) {
  const auto parsed = parse_arn(arn);
  const std::string resource = parsed ? parsed->resource : "";
  return resource.substr(resource.find('/') + 1);
}

Result<shapes::CreateListenerOutput> try_create(Context& context, Host& host,
                                                const shapes::CreateListenerInput& input) {
  TRY(refuse(input, refused_of_create_listener(), kUnsupported));
  const auto balancer = TRY(find_balancer(context, input.LoadBalancerArn));
  if (!balancer) return balancer_not_found();
  if (!input.Protocol) return validation_error("A listener protocol must be specified");
  if (!input.Port) return validation_error("A listener port must be specified");
  TRY(check_tags(input.Tags));
  TRY(check_port(context, host, input.LoadBalancerArn, "", *input.Port));

  model::Listener made{.scope = scope_of(context)};
  TRY(take_tls(context, balancer->document.balancer.Type.value_or("application"), asked_tls(input), made));
  auto actions = TRY(make_actions(context, input.LoadBalancerArn, *input.Protocol, input.DefaultActions));
  const std::string path = fmt::format("listener/{}/{}", path_of(input.LoadBalancerArn), context.random.hex(kIdDigits));
  made.listener.ListenerArn = make_arn(context, "elasticloadbalancing", path);
  made.listener.LoadBalancerArn = input.LoadBalancerArn;
  made.listener.Port = input.Port;
  made.listener.DefaultActions = std::move(actions);
  made.tags = input.Tags.value_or(std::vector<shapes::Tag>{});
  TRY(commit(context, {store::put(made, store::Expect::kAbsent), store::put(*balancer)}));
  return shapes::CreateListenerOutput{std::vector<shapes::Listener>{made.listener}};
}

Result<shapes::ModifyListenerOutput> try_modify(Context& context, Host& host,
                                                const shapes::ModifyListenerInput& input) {
  TRY(refuse(input, refused_of_modify_listener(), kUnsupported));
  auto found = TRY(find_listener(context, input.ListenerArn));
  if (!found) return listener_not_found();
  auto& listener = found->document.listener;
  const auto balancer = TRY(find_balancer(context, *listener.LoadBalancerArn));
  if (!balancer) return balancer_not_found();
  TRY(take_tls(context, balancer->document.balancer.Type.value_or("application"), asked_tls(input), found->document));
  // Those that were there are checked again: the protocol may be another.
  const auto& actions = input.DefaultActions ? input.DefaultActions : listener.DefaultActions;
  listener.DefaultActions = TRY(make_actions(context, *listener.LoadBalancerArn, *listener.Protocol,
                                             actions.value_or(std::vector<shapes::Action>{})));
  if (input.Port && input.Port != listener.Port) {
    TRY(check_port(context, host, *listener.LoadBalancerArn, input.ListenerArn, *input.Port));
    listener.Port = input.Port;
  }
  TRY(commit(context, {store::put(*found)}));
  return shapes::ModifyListenerOutput{std::vector<shapes::Listener>{listener}};
}

Result<shapes::DeleteListenerOutput> try_delete(Context& context, const shapes::DeleteListenerInput& input) {
  const auto found = TRY(find_listener(context, input.ListenerArn));
  if (!found) return listener_not_found();
  std::vector<store::Write> writes{store::erase(*found)};
  TRY(erase_rules(context, input.ListenerArn, writes));
  TRY(commit(context, writes));
  return shapes::DeleteListenerOutput{};
}

}  // namespace

Result<shapes::CreateListenerOutput> create_listener(Context& context, Host& host,
                                                     const shapes::CreateListenerInput& input) {
  return writing(kServerError, [&] { return try_create(context, host, input); });
}

Result<shapes::ModifyListenerOutput> modify_listener(Context& context, Host& host,
                                                     const shapes::ModifyListenerInput& input) {
  return writing(kServerError, [&] { return try_modify(context, host, input); });
}

Result<shapes::DeleteListenerOutput> delete_listener(Context& context, const shapes::DeleteListenerInput& input) {
  return writing(kServerError, [&] { return try_delete(context, input); });
}

Result<shapes::DescribeListenersOutput> describe_listeners(Context& context,
                                                           const shapes::DescribeListenersInput& input) {
  const std::vector<std::string> arns = input.ListenerArns.value_or(std::vector<std::string>{});
  if (arns.empty() && !input.LoadBalancerArn) {
    return validation_error("You must specify either listener ARNs or a load balancer ARN");
  }
  if (input.LoadBalancerArn) {
    const auto balancer = TRY(find_balancer(context, *input.LoadBalancerArn));
    if (!balancer) return balancer_not_found();
  }
  for (const auto& arn : arns) {
    const auto listener = TRY(find_listener(context, arn));
    if (!listener) return listener_not_found();
  }
  std::vector<Positioned<shapes::Listener>> all;
  for (auto& one : TRY(all_listeners(context))) {
    auto& listener = one.document.listener;
    if (input.LoadBalancerArn && listener.LoadBalancerArn != input.LoadBalancerArn) continue;
    if (!arns.empty() && std::find(arns.begin(), arns.end(), *listener.ListenerArn) == arns.end()) continue;
    std::string position = position_number(*listener.Port) + *listener.ListenerArn;
    all.push_back({std::move(position), std::move(listener)});
  }
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeListenersOutput{std::move(page.items), std::move(page.next)};
}

}  // namespace weir::api::elbv2
