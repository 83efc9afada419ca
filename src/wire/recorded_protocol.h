// The wire of recorded services: a Query form as a document by an operation's parameters, a document as EC2's or IAM's
// XML. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "api/recorded/service.h"
#include "base/json.h"
#include "base/result.h"
#include "sign/form.h"
#include "wire/fault.h"
#include "wire/reply.h"

namespace weir::wire {

// Texts, lists and objects only, as the form has them; numbers and booleans are texts of that form. Errors: "Form",
// "Serialization", "Unknown", "Missing"; the message names the parameter.
Result<Json> recorded_document(api::recorded::Style style, const std::vector<api::recorded::Parameter>& parameters,
                               const sign::Form& form);

Reply recorded_reply(const api::recorded::Service& service, std::string_view operation, const Json& document,
                     std::string_view request_id);
// EC2's own form of an error. IAM's is that of every Query service.
Reply ec2_error(const WireError& error, std::string_view request_id);

}  // namespace weir::wire
