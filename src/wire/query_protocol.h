// Query XML: a form names Action, Version and the members ("Names.member.1", "Tags.member.2.Key"); the reply is XML.
// Pure; any thread.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/shape.h"
#include "model/service_model.h"
#include "sign/form.h"
#include "wire/fault.h"
#include "wire/reply.h"

namespace weir::wire {

// Reads the members of `form` into `value`: strict, nothing is ignored but Action, Version and what starts with X-Amz-.
// Errors: "Form", "Serialization", "Unknown", "Validation".
Result<> decode_query(const Shape& shape, const sign::Form& form, void* value);
// The members as the document that JSON would have carried. Errors: "Form", "Serialization", "Unknown".
Result<Json> query_document(const Shape& shape, const sign::Form& form);

Reply query_reply(const model::ServiceModel& service, const model::Operation& operation, const Shape& shape,
                  const void* value, std::string_view request_id);
// `service` may be null: then the error has no namespace.
Reply query_error(const model::ServiceModel* service, const WireError& error, std::string_view request_id);

}  // namespace weir::wire
