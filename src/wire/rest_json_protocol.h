// REST with JSON: method and path name the operation, and carry some of its members; others are parameters of the query
// string, header fields, or the document in the body. Where each is, the operation's table of places says. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/shape.h"
#include "http/message.h"
#include "model/service_model.h"
#include "wire/fault.h"
#include "wire/reply.h"

namespace weir::wire {

inline bool is_rest(model::Protocol protocol) {
  return protocol == model::Protocol::rest_json || protocol == model::Protocol::rest_xml;
}

struct RestCall {
  const model::Operation* operation;
  std::vector<std::pair<std::string, std::string>> labels;  // "meshName" → "shop", decoded
};

// The operation whose template fits; of several the one with the fewest labels. None where none does: also where a
// label would be empty or is no UTF-8.
std::optional<RestCall> find_rest_call(const model::ServiceModel& service, std::string_view method,
                                       std::string_view path);

// Reads `call` into `value`: strict, nothing is ignored but what a signature puts into the query string (X-Amz-…).
// Errors: "Json", "Form", "Serialization", "Unknown", "Validation".
Result<> decode_rest_json(const RestCall& call, const http::RequestHead& head, std::string_view body, void* value);

Reply rest_json_reply(const model::Operation& operation, const Shape& shape, const void* value);
// The error's name is in a field, the body has its message. `service` may be null.
Reply rest_json_error(const model::ServiceModel* service, const WireError& error);

}  // namespace weir::wire
