#include "wire/cbor_protocol.h"

#include <string>
#include <utility>

#include "wire/cbor.h"
#include "wire/json_protocol.h"

namespace weir::wire {
namespace {

Reply reply_of(std::uint16_t status, std::string body) {
  return {status, {{"smithy-protocol", "rpc-v2-cbor"}, {"content-type", "application/cbor"}}, std::move(body)};
}

}  // namespace

Result<> decode_cbor(const Shape& shape, std::string_view body, void* value) {
  const Json document = body.empty() ? Json::object() : TRY(read_cbor(body));
  if (!document.is_object()) return fail("Serialization", "The body must be a CBOR map", ErrorSource::client);
  return decode_document(shape, document, value);
}

Reply cbor_reply(const Shape& shape, const void* value) {
  std::string body;
  write_cbor(body, shape, value);
  return reply_of(200, std::move(body));
}

Reply cbor_error(const model::ServiceModel* service, const WireError& error) {
  Json json = Json::object();
  json.set("__type", type_of(service, error)).set("message", error.message);
  for (const auto& [name, values] : error.members) {
    Json list = Json::array();
    for (const auto& value : values) list.push(value);
    json.set(name, list);
  }
  for (const auto& [name, text] : error.texts) json.set(name, text);
  std::string body;
  write_cbor(body, json);
  Reply reply = reply_of(error.status, std::move(body));
  add_query_error(reply, service, error);
  return reply;
}

}  // namespace weir::wire
