// JSON 1.0 and 1.1: X-Amz-Target names the operation, body and reply are JSON documents. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/shape.h"
#include "model/service_model.h"
#include "wire/fault.h"
#include "wire/reply.h"

namespace weir::wire {

// Reads a document into `value`: strict, nothing is ignored. An empty text is an empty document.
// Errors: "Json", "Serialization", "Unknown", "Validation".
Result<> decode_json(const Shape& shape, std::string_view body, void* value);
// The same from a document already read; the common half of every protocol.
Result<> decode_document(const Shape& shape, const Json& document, void* value);

Reply json_reply(const model::ServiceModel& service, const Shape& shape, const void* value);
// `service` may be null: then it is JSON 1.1.
Reply json_error(const model::ServiceModel* service, const WireError& error);

// What "__type" says of an error: the name of its shape, which is the code but in services that were Query before.
std::string type_of(const model::ServiceModel* service, const WireError& error);
// In those, a header that tells the code ("ResourceNotFound;Sender").
void add_query_error(Reply& reply, const model::ServiceModel* service, const WireError& error);

}  // namespace weir::wire
