#include "wire/fault.h"

#include <algorithm>
#include <utility>

namespace weir::wire {
namespace {

using model::Protocol;

struct ProtocolWords {
  Fault fault;
  FaultWords json;
  FaultWords query;
  std::uint16_t rest;  // the status of JSON's code where a REST service says it
};

// As AWS answers them. Query services have codes without "Exception".
constexpr ProtocolWords kWords[] = {
    {Fault::missing_token, {"MissingAuthenticationTokenException", 400}, {"MissingAuthenticationToken", 403}, 403},
    {Fault::incomplete, {"IncompleteSignatureException", 400}, {"IncompleteSignature", 400}, 403},
    {Fault::unknown_key, {"UnrecognizedClientException", 400}, {"InvalidClientTokenId", 403}, 403},
    {Fault::bad_signature, {"InvalidSignatureException", 400}, {"SignatureDoesNotMatch", 403}, 403},
    {Fault::unknown_operation, {"UnknownOperationException", 400}, {"InvalidAction", 400}, 404},
    {Fault::not_implemented, {"UnknownOperationException", 400}, {"InvalidAction", 400}, 404},
    {Fault::serialization, {"SerializationException", 400}, {"MalformedInput", 400}, 400},
    {Fault::unknown_parameter, {"ValidationException", 400}, {"ValidationError", 400}, 400},
    {Fault::missing_parameter, {"ValidationException", 400}, {"ValidationError", 400}, 400},
    {Fault::validation, {"ValidationException", 400}, {"ValidationError", 400}, 400},
    {Fault::too_large, {"RequestEntityTooLargeException", 413}, {"RequestEntityTooLarge", 413}, 413},
    {Fault::internal, {"InternalFailure", 500}, {"InternalFailure", 500}, 500},
};

struct ServiceWords {
  std::string_view service;
  Fault fault;
  FaultWords words;
};

// Where a service has words of its own.
constexpr ServiceWords kServiceWords[] = {
    {"ecs", Fault::unknown_parameter, {"InvalidParameterException", 400}},
    {"ecs", Fault::validation, {"InvalidParameterException", 400}},
    {"ecs", Fault::internal, {"ServerException", 500}},
    {"cloudwatch", Fault::unknown_parameter, {"ValidationError", 400}},
    {"cloudwatch", Fault::validation, {"ValidationError", 400}},
    {"cloudwatch", Fault::internal, {"InternalServiceError", 500}},
    {"logs", Fault::unknown_parameter, {"InvalidParameterException", 400}},
    {"logs", Fault::validation, {"InvalidParameterException", 400}},
    {"ec2", Fault::missing_token, {"AuthFailure", 401}},
    {"ec2", Fault::unknown_key, {"AuthFailure", 401}},
    {"ec2", Fault::bad_signature, {"AuthFailure", 401}},
    {"ec2", Fault::serialization, {"InvalidParameterValue", 400}},
    {"ec2", Fault::unknown_parameter, {"UnknownParameter", 400}},
    {"ec2", Fault::missing_parameter, {"MissingParameter", 400}},
    {"ec2", Fault::internal, {"InternalError", 500}},
    {"appmesh", Fault::serialization, {"BadRequestException", 400}},
    {"appmesh", Fault::unknown_parameter, {"BadRequestException", 400}},
    {"appmesh", Fault::missing_parameter, {"BadRequestException", 400}},
    {"appmesh", Fault::validation, {"BadRequestException", 400}},
    {"appmesh", Fault::internal, {"InternalServerErrorException", 500}},
    {"servicediscovery", Fault::unknown_parameter, {"InvalidInput", 400}},
    {"servicediscovery", Fault::missing_parameter, {"InvalidInput", 400}},
    {"servicediscovery", Fault::validation, {"InvalidInput", 400}},
    {"logs", Fault::internal, {"ServiceUnavailableException", 500}},
};

constexpr std::pair<std::string_view, Fault> kFaults[] = {
    {"MissingAuthenticationToken", Fault::missing_token},
    {"IncompleteSignature", Fault::incomplete},
    {"UnknownKey", Fault::unknown_key},
    {"SignatureMismatch", Fault::bad_signature},
    {"Expired", Fault::bad_signature},
    {"Json", Fault::serialization},
    {"Cbor", Fault::serialization},
    {"Form", Fault::serialization},
    {"Gzip", Fault::serialization},
    {"Serialization", Fault::serialization},
    {"TooLarge", Fault::too_large},
    {"Unknown", Fault::unknown_parameter},
    {"Missing", Fault::missing_parameter},
    {"Validation", Fault::validation},
};

}  // namespace

FaultWords words_of(Fault fault, Protocol protocol, const model::ServiceModel* service) {
  for (const auto& one : kServiceWords) {
    if (service && one.service == service->name && one.fault == fault) return one.words;
  }
  const auto found = std::ranges::find(kWords, fault, &ProtocolWords::fault);
  if (protocol == Protocol::rest_json) return {found->json.code, found->rest};
  return protocol == Protocol::json || protocol == Protocol::rpc_cbor ? found->json : found->query;
}

WireError wire_error(Fault fault, std::string message, Protocol protocol, const model::ServiceModel* service) {
  const FaultWords words = words_of(fault, protocol, service);
  return {words.code, std::move(message), words.status};
}

WireError wire_error(const Error& error, Protocol protocol, const model::ServiceModel& service) {
  const std::uint16_t modelled = service.status_of(error.code);
  if (modelled != 0) return {error.code, error.message, modelled};
  if (error.source == ErrorSource::client) return {error.code, error.message, 400};
  return wire_error(Fault::internal, "The request processing has failed because of an internal error.", protocol,
                    &service);
}

void tell(Json& body, const WireError& error) {
  body.set("message", error.message);
  for (const auto& [name, values] : error.members) {
    Json list = Json::array();
    for (const auto& value : values) list.push(value);
    body.set(name, list);
  }
  for (const auto& [name, text] : error.texts) body.set(name, text);
}

Fault fault_of(const Error& error) {
  const auto found = std::ranges::find(kFaults, error.code, &std::pair<std::string_view, Fault>::first);
  return found == std::end(kFaults) ? Fault::internal : found->second;
}

}  // namespace weir::wire
