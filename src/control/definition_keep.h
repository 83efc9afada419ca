// DefinitionKeep: task definitions, decoded once. They never change. One thread; owned by Control.
#pragma once

#include <map>
#include <string>

#include "model/documents.h"
#include "store/store.h"

namespace weir::control {

class DefinitionKeep {
 public:
  explicit DefinitionKeep(store::Store& store) : store_(store) {}

  // By ARN; null where there is none. It is there until the next trim(). Errors: the store's.
  Result<const model::TaskDefinition*> find(const model::Scope& scope, const std::string& arn);

  // Forgets them where they are many; for when nothing refers to any.
  void trim();

 private:
  store::Store& store_;
  std::map<std::string, model::TaskDefinition> definitions_;  // by ARN
};

}  // namespace weir::control
