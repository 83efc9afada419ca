// The operations on the attributes of listeners.
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/attributes.h"
#include "api/elbv2/errors.h"
#include "api/writing.h"

namespace weir::api::elbv2 {

namespace {

std::vector<shapes::ListenerAttribute> shown(const model::Listener& listener) {
  auto values = defaults_of(listener_attributes(listener.listener.Protocol.value_or("HTTP")));
  for (const auto& [key, value] : listener.attributes) values[key] = value;
  std::vector<shapes::ListenerAttribute> all;
  for (const auto& [key, value] : values) all.push_back({.Key = key, .Value = value});
  return all;
}

Result<shapes::ModifyListenerAttributesOutput> try_modify(Context& context,
                                                          const shapes::ModifyListenerAttributesInput& input) {
  auto found = TRY(find_listener(context, input.ListenerArn));
  if (!found) return listener_not_found();
  const auto table = listener_attributes(found->document.listener.Protocol.value_or("HTTP"));
  for (const auto& given : input.Attributes) {
    const std::string key = given.Key.value_or("");
    const std::string value = given.Value.value_or("");
    TRY(check_attribute(table, "Listener", key, value));
    found->document.attributes[key] = value;
  }
  TRY(commit(context, {store::put(*found)}));
  return shapes::ModifyListenerAttributesOutput{shown(found->document)};
}

}  // namespace

Result<shapes::DescribeListenerAttributesOutput> describe_listener_attributes(
    Context& context, const shapes::DescribeListenerAttributesInput& input) {
  const auto found = TRY(find_listener(context, input.ListenerArn));
  if (!found) return listener_not_found();
  return shapes::DescribeListenerAttributesOutput{shown(found->document)};
}

Result<shapes::ModifyListenerAttributesOutput> modify_listener_attributes(
    Context& context, const shapes::ModifyListenerAttributesInput& input) {
  return writing(kServerError, [&] { return try_modify(context, input); });
}

}  // namespace weir::api::elbv2
