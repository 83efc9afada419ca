#include "wire/json_protocol.h"

#include <string>

#include "wire/required.h"

namespace weir::wire {
namespace {

std::string content_type(const model::ServiceModel* service) {
  const std::string_view version = service && *service->json_version ? service->json_version : "1.1";
  return "application/x-amz-json-" + std::string(version);
}

}  // namespace

Result<> decode_document(const Shape& shape, const Json& document, void* value) {
  TRY(from_json(shape, document, value, Unknown::refuse));
  TRY(require_members(shape, document));
  return validate(shape, value);
}

Result<> decode_json(const Shape& shape, std::string_view body, void* value) {
  const bool blank = body.find_first_not_of(" \t\r\n") == std::string_view::npos;
  const Json document = blank ? Json::object() : TRY(Json::parse(body));
  if (!document.is_object()) return fail("Serialization", "The body must be a JSON object", ErrorSource::client);
  return decode_document(shape, document, value);
}

Reply json_reply(const model::ServiceModel& service, const Shape& shape, const void* value) {
  return {200, {{"content-type", content_type(&service)}}, to_json(shape, value).dump()};
}

Reply json_error(const model::ServiceModel* service, const WireError& error) {
  const std::string type = type_of(service, error);
  Json body = Json::object();
  body.set("__type", type);
  tell(body, error);
  Reply reply{error.status, {{"content-type", content_type(service)}, {"x-amzn-errortype", type}}, body.dump()};
  add_query_error(reply, service, error);
  return reply;
}

std::string type_of(const model::ServiceModel* service, const WireError& error) {
  const auto* modelled = service ? service->error(error.code) : nullptr;
  return modelled && *modelled->shape ? modelled->shape : error.code;
}

void add_query_error(Reply& reply, const model::ServiceModel* service, const WireError& error) {
  if (!service || !service->query_compatible) return;
  reply.fields.emplace_back("x-amzn-query-error", error.code + (error.status < 500 ? ";Sender" : ";Receiver"));
}

}  // namespace weir::wire
