// Smithy RPC v2 with CBOR: the path names service and operation, body and reply are CBOR. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/shape.h"
#include "model/service_model.h"
#include "wire/fault.h"
#include "wire/reply.h"

namespace weir::wire {

// Reads a document into `value`: strict, nothing is ignored. An empty body is an empty document.
// Errors: "Cbor", "Serialization", "Unknown", "Validation".
Result<> decode_cbor(const Shape& shape, std::string_view body, void* value);

Reply cbor_reply(const Shape& shape, const void* value);
// `service` may be null.
Reply cbor_error(const model::ServiceModel* service, const WireError& error);

}  // namespace weir::wire
