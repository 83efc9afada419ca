// An action is a typed request → typed reply over the store, knowing no wire:
//
//   Result<ecs::CreateClusterResponse> create_cluster(Context& context, const ecs::CreateClusterRequest& request);
//   table.add("ecs", "CreateCluster", &create_cluster);
//
// The ActionTable keeps them without their types, for the wire, which decodes the input's Shape, calls, and encodes
// the output's. Callers inside the process (pipelines, stacks) call the typed functions themselves. An action has to do
// with validated input only: the wire has refused unknown members, wrong types and breaches of the model's limits.
//
// An Error's code is AWS's own ("ClusterNotFoundException"). Its HTTP status is the model's; where the model has none,
// ErrorSource::client is a 400 and everything else a 500. Made in main/, constant afterwards; actions run on the
// control thread and never block.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/shape.h"

namespace weir::store {
class Store;
}  // namespace weir::store

namespace weir::api {

// On whose behalf, where and when an action runs. Lives for one call.
struct Context {
  std::string account;  // 12 digits
  std::string region;   // "eu-central-1"
  Timestamp now;
  Random& random;
  store::Store& store;
  std::string access_key;  // the caller's; empty for callers inside the process
  std::string request_id;  // as the reply will name it; empty for callers inside the process
  // Members of the error's structure besides its message, where the action fails and the model has them.
  std::map<std::string, std::vector<std::string>> error_members = {};
  std::map<std::string, std::string> error_texts = {};  // the same of members that are no lists
};

// Owns a struct whose type only its Shape knows.
using Erased = std::unique_ptr<void, void (*)(void*)>;

template <class T>
Erased erased(T value = {}) {
  return {new T(std::move(value)), [](void* held) { delete static_cast<T*>(held); }};
}

struct Action {
  const Shape& (*input)() = nullptr;
  const Shape& (*output)() = nullptr;
  // An empty input, to be decoded into.
  Erased (*make_input)() = nullptr;
  // `input` points to what make_input made; the result holds a struct of shape output().
  std::function<Result<Erased>(Context&, const void* input)> invoke;
};

class ActionTable {
 public:
  // Adds or replaces. `service` is Weir's word for it ("elbv2"), `operation` AWS's ("CreateLoadBalancer").
  template <class In, class Out>
  void add(std::string service, std::string operation, Result<Out> (*function)(Context&, const In&)) {
    add<In, Out>(std::move(service), std::move(operation), std::function<Result<Out>(Context&, const In&)>(function));
  }
  // The same for an action that works on something besides the store; `held` outlives the table.
  template <class In, class Out, class Held>
  void add(std::string service, std::string operation, Held& held,
           Result<Out> (*function)(Context&, Held&, const In&)) {
    add<In, Out>(
        std::move(service), std::move(operation),
        std::function<Result<Out>(Context&, const In&)>(
            [&held, function](Context& context, const In& request) { return function(context, held, request); }));
  }
  // The same for an action that holds something: add<In, Out>(service, operation, lambda).
  template <class In, class Out>
  void add(std::string service, std::string operation, std::function<Result<Out>(Context&, const In&)> function) {
    actions_[std::move(service)][std::move(operation)] = {
        .input = &shape_of<In>,
        .output = &shape_of<Out>,
        .make_input = [] { return erased<In>(); },
        .invoke = [function = std::move(function)](Context& context, const void* input) -> Result<Erased> {
          return erased<Out>(TRY(function(context, *static_cast<const In*>(input))));
        },
    };
  }

  // Null where there is none.
  const Action* find(std::string_view service, std::string_view operation) const {
    const auto of_service = actions_.find(service);
    if (of_service == actions_.end()) return nullptr;
    const auto found = of_service->second.find(operation);
    return found == of_service->second.end() ? nullptr : &found->second;
  }

  // By service, then operation.
  const auto& all() const { return actions_; }

 private:
  std::map<std::string, std::map<std::string, Action, std::less<>>, std::less<>> actions_;
};

}  // namespace weir::api
