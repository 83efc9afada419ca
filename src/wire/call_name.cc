#include "wire/call_name.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "wire/rest_json_protocol.h"

namespace weir::wire {
namespace {

using model::Protocol;

std::string_view media_type(const http::RequestHead& head) {
  const std::string_view value = head.fields.get(http::HeaderId::content_type);
  return value.substr(0, value.find_first_of("; "));
}

// Adds the fields of `text`; false where they cannot be read.
bool add_fields(sign::Form& form, std::string_view text) {
  auto fields = sign::parse_form(text);
  if (!fields) return false;
  std::ranges::move(*fields, std::back_inserter(form));
  return true;
}

bool speaks(const model::ServiceModel& service, Protocol protocol) {
  return service.speaks(protocol) || (is_rest(protocol) && is_rest(service.protocol));
}

// "/service/GraniteServiceVersion20100801/operation/PutMetricData", perhaps after a prefix.
CallName rpc_name(std::string_view path) {
  CallName name{.protocol = Protocol::rpc_cbor};
  const std::size_t service = path.rfind("/service/"), operation = path.rfind("/operation/");
  if (service == std::string_view::npos || operation == std::string_view::npos || operation < service + 9) return name;
  name.target_prefix = path.substr(service + 9, operation - service - 9);
  name.operation = path.substr(operation + 11);
  return name;
}

}  // namespace

CallName call_name(const http::RequestHead& head, std::string_view body) {
  if (head.fields.find("smithy-protocol") == "rpc-v2-cbor") return rpc_name(head.path());
  CallName name;
  if (const auto target = head.fields.find("x-amz-target")) {
    name.protocol = Protocol::json;
    const std::size_t dot = target->rfind('.');
    name.target_prefix = target->substr(0, dot == std::string_view::npos ? 0 : dot);
    name.operation = target->substr(dot == std::string_view::npos ? 0 : dot + 1);
    return name;
  }
  sign::Form form;
  bool readable = add_fields(form, head.query());
  const bool form_body = http::equals_ignoring_case(media_type(head), "application/x-www-form-urlencoded");
  if (form_body) readable = add_fields(form, body) && readable;
  const std::string* action = sign::find_field(form, "Action");
  if (action || form_body) {
    name.protocol = Protocol::query;
    if (action) name.operation = *action;
    if (const std::string* version = sign::find_field(form, "Version")) name.version = *version;
    name.form = std::move(form);
    name.broken_form = !readable;
  } else if (media_type(head).find("json") != std::string_view::npos) {
    name.protocol = Protocol::rest_json;
  }
  return name;
}

const model::ServiceModel* service_of(const CallName& name, const http::RequestHead& head,
                                      std::string_view signing_name,
                                      std::span<const model::ServiceModel* const> services) {
  const model::ServiceModel* fallback = nullptr;
  for (const auto* service : services) {
    if (!signing_name.empty() && service->signing_name != signing_name) continue;
    if (!speaks(*service, name.protocol)) continue;
    if (is_rest(name.protocol)) {
      if (!signing_name.empty() || find_rest_call(*service, head.method_name(), head.path())) return service;
      continue;
    }
    const bool targeted = name.protocol == Protocol::json || name.protocol == Protocol::rpc_cbor;
    if (targeted && service->target_prefix != name.target_prefix) continue;
    if (name.protocol != Protocol::query || service->api_version == name.version) return service;
    if (!signing_name.empty()) fallback = service;
  }
  return fallback;
}

}  // namespace weir::wire
