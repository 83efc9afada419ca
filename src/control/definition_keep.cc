#include "control/definition_keep.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "control/limits.h"

namespace weir::control {

namespace {

// An ARN "arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION" as the document's key; the text itself where it
// is none, which no document has.
std::string task_definition_key(const model::Scope& scope, const std::string& arn) {
  const auto slash = arn.find('/');
  const auto colon = arn.rfind(':');
  if (slash == std::string::npos || colon == std::string::npos || colon < slash) return arn;
  std::int64_t revision = 0;
  for (std::size_t at = colon + 1; at < arn.size(); ++at) {
    if (arn[at] < '0' || arn[at] > '9' || revision > 9'999'999'999) return arn;
    revision = revision * 10 + (arn[at] - '0');
  }
  return model::task_definition_key(scope, std::string_view(arn).substr(slash + 1, colon - slash - 1), revision);
}

}  // namespace

Result<const model::TaskDefinition*> DefinitionKeep::find(const model::Scope& scope, const std::string& arn) {
  if (const auto found = definitions_.find(arn); found != definitions_.end()) return &found->second;
  auto loaded = TRY(store::load<model::TaskDefinition>(store_, task_definition_key(scope, arn)));
  if (!loaded) return nullptr;
  return &(definitions_[arn] = std::move(loaded->document));
}

void DefinitionKeep::trim() {
  if (definitions_.size() >= kMostDefinitions) definitions_.clear();
}

}  // namespace weir::control
