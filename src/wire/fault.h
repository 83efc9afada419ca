// Fault: what can go wrong before an action runs, and the words and status that each protocol and service has for it.
// Constant tables; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/service_model.h"

namespace weir::wire {

enum class Fault : std::uint8_t {
  missing_token,      // no signature
  incomplete,         // a signature that cannot be read
  unknown_key,        // an access key that was not configured
  bad_signature,      // or one too old, or of another body
  unknown_operation,  // neither the service nor Weir has it
  not_implemented,    // the service has it, Weir does not
  serialization,      // a body that cannot be read, a member of the wrong type
  unknown_parameter,  // a member that the operation does not have
  missing_parameter,  // a member that has to be there
  validation,         // a breach of the model's limits
  too_large,          // a body over the limit
  internal,
};

struct FaultWords {
  const char* code;
  std::uint16_t status;  // HTTP
};

// `service` may be null where the request did not tell.
FaultWords words_of(Fault fault, model::Protocol protocol, const model::ServiceModel* service);

// An error ready for the wire.
struct WireError {
  std::string code;
  std::string message;
  std::uint16_t status = 400;
  std::map<std::string, std::vector<std::string>> members = {};  // besides the message; JSON says them
  std::map<std::string, std::string> texts = {};                 // the same, those that are no lists
};

WireError wire_error(Fault fault, std::string message, model::Protocol protocol, const model::ServiceModel* service);
// An action's error: the model's status; else 400 for ErrorSource::client, 500 for everything else. What went wrong
// inside is not told: code and message of an internal error are replaced by the protocol's.
WireError wire_error(const Error& error, model::Protocol protocol, const model::ServiceModel& service);

// Sets the message and the further members in a body of JSON.
void tell(Json& body, const WireError& error);

// Of an error that sign::authenticate(), the decoders and validate() return.
Fault fault_of(const Error& error);

}  // namespace weir::wire
