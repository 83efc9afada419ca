#include "api/recorded/service.h"

#include <algorithm>

#include "api/arn.h"
#include "api/recorded/template.h"
#include "base/check.h"

namespace weir::api::recorded {

const Kind* Service::kind(std::string_view name) const {
  const auto found = std::ranges::find(kinds, name, [](const Kind& one) { return std::string_view(one.name); });
  return found == kinds.end() ? nullptr : &*found;
}

const Operation* Service::operation(std::string_view name) const {
  const auto found =
      std::ranges::find(operations, name, [](const Operation& one) { return std::string_view(one.name); });
  return found == operations.end() ? nullptr : &*found;
}

const Kind& Call::kind() const {
  const Kind* found = service.kind(operation.kind);
  check(found != nullptr, "an operation's kind is in its service's table");
  return *found;
}

const std::string& Call::text(std::string_view parameter) const { return at_path(input, parameter).as_string(); }

bool Call::given(std::string_view parameter) const { return !at_path(input, parameter).is_null(); }

Result<Json> perform(const Service& service, const Operation& operation, Context& context, const Json& input) {
  model::Scope scope = scope_of(context);
  if (*service.region) scope.region = service.region;
  Shelf shelf(context.store, scope);
  Call call{context, service, operation, input, shelf};
  if (service.begin) TRY(service.begin(call));
  Json reply = TRY(operation.verb(call));
  if (call.text("DryRun") == "true") {
    return refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
  }
  TRY(shelf.commit());
  return reply;
}

}  // namespace weir::api::recorded
