// Any text: a RouteTable that is read from it comes back from its own text as it was.
#include "route/route_table.h"

#include "base/check.h"
#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auto json = Json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!json) return 0;
  const auto table = route::table_from_json(*json);
  if (!table) return 0;
  const auto again = Json::parse(route::to_json(*table).dump());
  check(again.has_value(), "a table's text is JSON");
  const auto back = route::table_from_json(*again);
  check(back && *back == *table, "a table comes back from its text as it was");
  return 0;
}
