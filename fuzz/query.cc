// A Query call's form into a struct, and the struct out as XML.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/elbv2/shapes.h"
#include "sign/form.h"
#include "wire/query_protocol.h"

namespace elbv2 = weir::model::elbv2;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto form = weir::sign::parse_form(text);
  if (!form) return 0;
  elbv2::CreateListenerInput input;
  const auto& shape = weir::shape_of<elbv2::CreateListenerInput>();
  if (!weir::wire::decode_query(shape, *form, &input)) return 0;
  const auto reply =
      weir::wire::query_reply(elbv2::kService, *elbv2::kService.operation("CreateListener"), shape, &input, "id");
  if (reply.body.find('\0') != std::string::npos) __builtin_trap();
  return 0;
}
