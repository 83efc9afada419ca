// A REST call, "METHOD target" on the first line and the body after it: what was read is written as JSON and read the
// same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/appmesh/shapes.h"
#include "wire/json_protocol.h"
#include "wire/rest_json_protocol.h"

namespace appmesh = weir::model::appmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view body = text.substr(std::min(text.size(), line.size() + 1));
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  weir::http::RequestHead head;
  head.set_target(line.substr(space + 1));
  const auto call = weir::wire::find_rest_call(appmesh::kService, line.substr(0, space), head.path());
  if (!call || call->operation->name != std::string_view("UpdateRoute")) return 0;
  const auto& shape = weir::shape_of<appmesh::UpdateRouteInput>();
  appmesh::UpdateRouteInput first;
  if (!weir::wire::decode_rest_json(*call, head, body, &first)) return 0;
  const std::string written = weir::to_json(shape, &first).dump();
  appmesh::UpdateRouteInput second;
  if (!weir::wire::decode_json(shape, written, &second)) __builtin_trap();
  if (weir::to_json(shape, &second).dump() != written) __builtin_trap();
  return 0;
}
