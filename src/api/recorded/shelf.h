// Shelf: the records of one account and region as one call sees them: what it reads, and what it has changed and not
// yet committed. Control thread; lives for one call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/record.h"
#include "store/store.h"

namespace weir::api::recorded {

class Shelf {
 public:
  Shelf(store::Store& store, model::Scope scope) : store_(store), scope_(std::move(scope)) {}

  Result<std::optional<Json>> find(std::string_view kind, std::string_view name) const;
  // In the order of their names; of those that begin with `prefix`.
  Result<std::vector<Json>> all(std::string_view kind, std::string_view prefix = {}) const;
  void put(std::string_view kind, std::string name, Json document);
  void erase(std::string_view kind, std::string name);
  Result<> commit();

 private:
  std::string key(std::string_view kind, std::string_view name) const;

  struct Change {
    std::string kind, name;
    std::optional<Json> document;  // none: erased
  };
  store::Store& store_;
  model::Scope scope_;
  std::map<std::string, Change> changes_;  // by key
};

}  // namespace weir::api::recorded
