#include "main/status_routes.h"

#include <map>
#include <string>

#include "api/status_view.h"
#include "main/json_reply.h"

namespace weir {

namespace {

wire::Reply tree(store::Store& store, const Clock& clock, const control::Control& control) {
  std::map<std::string, std::uint64_t> requests;
  for (const auto& pool : control.feedback().pools) requests[pool.pool] = pool.counters[route::Count::requests];
  const auto view = api::status_view(store, clock.wall(), requests);
  return view ? json_reply(*view) : wire::route_error(500, view.error().message);
}

wire::Reply table_in_force(const control::Control& control) {
  const auto table = control.table();
  return json_reply(route::to_json(table ? *table : route::RouteTable{}));
}

}  // namespace

std::vector<wire::Route> status_routes(store::Store& store, const Clock& clock, const control::Control& control) {
  return {
      wire::plain_route("GET", "/_weir/status", [&](const auto&) { return tree(store, clock, control); }),
      wire::plain_route("GET", "/_weir/route", [&](const auto&) { return table_in_force(control); }),
  };
}

}  // namespace weir
