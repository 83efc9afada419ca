// A CBOR call's body into a document and into a struct, and out again: what was read is written the same and read the
// same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/cloudwatch/shapes.h"
#include "wire/cbor.h"
#include "wire/cbor_protocol.h"

namespace cloudwatch = weir::model::cloudwatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto document = weir::wire::read_cbor(bytes);
  if (!document) return 0;
  std::string written;
  weir::wire::write_cbor(written, *document);
  const auto again = weir::wire::read_cbor(written);
  if (!again || again->dump() != document->dump()) __builtin_trap();

  const auto& shape = weir::shape_of<cloudwatch::PutMetricDataInput>();
  cloudwatch::PutMetricDataInput first, second;
  if (!weir::wire::decode_cbor(shape, bytes, &first)) return 0;
  const std::string body = weir::wire::cbor_reply(shape, &first).body;
  if (!weir::wire::decode_cbor(shape, body, &second)) __builtin_trap();
  if (weir::wire::cbor_reply(shape, &second).body != body) __builtin_trap();
  return 0;
}
