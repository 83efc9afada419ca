#include "wire/rest_json_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/utf8.h"
#include "sign/form.h"
#include "wire/form_tree.h"
#include "wire/json_protocol.h"
#include "wire/limits.h"
#include "wire/scalar_text.h"

namespace weir::wire {
namespace {

using model::Place;
using model::Placed;

using Labels = std::vector<std::pair<std::string, std::string>>;

// "/a/b" is "a", "b"; too long a path has no parts.
std::vector<std::string_view> path_parts(std::string_view path) {
  std::vector<std::string_view> parts;
  while (path.starts_with('/')) {
    if (parts.size() == kMaxPathParts) return {};
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

// The labels of a path that fits a template.
std::optional<Labels> labels_of(std::string_view request_uri, std::span<const std::string_view> path) {
  const auto wanted = path_parts(request_uri);
  if (wanted.size() != path.size() || path.empty()) return std::nullopt;
  Labels labels;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != path[i]) return std::nullopt;
      continue;
    }
    auto text = sign::percent_decode(path[i], sign::Plus::is_plus);
    if (!text || text->empty() || !is_utf8(*text)) return std::nullopt;
    labels.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), std::move(*text));
  }
  return labels;
}

const Placed* place_of(std::span<const Placed> places, std::string_view member) {
  const auto found = std::ranges::find(places, member, &Placed::member);
  return found == places.end() ? nullptr : &*found;
}

// Adds a parameter of the query string to the document.
Result<> add_parameter(const model::Operation& operation, Json& document, const sign::FormField& parameter) {
  const auto found = std::ranges::find_if(operation.input_places, [&](const Placed& one) {
    return one.place == Place::query && parameter.first == one.name;
  });
  if (found == operation.input_places.end()) return unknown_path(parameter.first);
  const Field& field = *operation.input().field(found->member);
  if (field.shape().kind != ShapeKind::list) {
    if (document.find(found->member)) {
      return fail("Form", fmt::format("The parameter {} was given twice", parameter.first), ErrorSource::client);
    }
    document.set(found->member, TRY(scalar_of(field.shape(), parameter.second, parameter.first)));
    return {};
  }
  Json list = document[found->member];
  list.push(TRY(scalar_of(field.shape().element(), parameter.second, parameter.first)));
  document.set(found->member, std::move(list));
  return {};
}

// The document of the body: the input's own members, or one of them.
Result<Json> body_document(const model::Operation& operation, std::string_view body) {
  const bool blank = body.find_first_not_of(" \t\r\n") == std::string_view::npos;
  Json read = blank ? Json::object() : TRY(Json::parse(body));
  if (!read.is_object()) return fail("Serialization", "The body must be a JSON object", ErrorSource::client);
  const auto payload = std::ranges::find(operation.input_places, Place::payload, &Placed::place);
  if (payload != operation.input_places.end()) {
    Json document = Json::object();
    if (!blank) document.set(payload->member, std::move(read));
    return document;
  }
  for (const auto& [name, held] : read.members()) {
    if (place_of(operation.input_places, name)) return unknown_path(name);
  }
  return read;
}

// A value as a header field has it.
std::string field_text(const Shape& shape, const void* value) {
  if (shape.kind == ShapeKind::string) return *static_cast<const std::string*>(value);
  return to_json(shape, value).dump();
}

}  // namespace

std::optional<RestCall> find_rest_call(const model::ServiceModel& service, std::string_view method,
                                       std::string_view path) {
  const auto parts = path_parts(path);
  std::optional<RestCall> best;
  for (const auto& operation : service.operations) {
    if (method != operation.method) continue;
    auto labels = labels_of(operation.request_uri, parts);
    if (!labels || (best && best->labels.size() <= labels->size())) continue;
    best = RestCall{&operation, std::move(*labels)};
  }
  return best;
}

Result<> decode_rest_json(const RestCall& call, const http::RequestHead& head, std::string_view body, void* value) {
  const auto& operation = *call.operation;
  const Shape& shape = operation.input();
  Json document = TRY(body_document(operation, body));
  for (const auto& parameter : TRY(sign::parse_form(head.query()))) {
    if (parameter.first.starts_with("X-Amz-")) continue;
    TRY(add_parameter(operation, document, parameter));
  }
  for (const auto& placed : operation.input_places) {
    const Shape& held = shape.field(placed.member)->shape();
    if (placed.place == Place::label) {
      const auto label = std::ranges::find(call.labels, placed.name, &Labels::value_type::first);
      document.set(placed.member, TRY(scalar_of(held, label->second, placed.name)));
    } else if (placed.place == Place::header) {
      const auto text = head.fields.find(placed.name);
      if (text) document.set(placed.member, TRY(scalar_of(held, std::string(*text), placed.name)));
    }
  }
  return decode_document(shape, document, value);
}

Reply rest_json_reply(const model::Operation& operation, const Shape& shape, const void* value) {
  Reply reply{operation.status, {{"content-type", "application/json"}}, ""};
  Json document = Json::object();
  bool empty = false;
  for (const auto& field : shape.fields) {
    const void* held = field.find(value);
    const Placed* placed = place_of(operation.output_places, field.name);
    if (placed && placed->place == Place::payload) empty = held == nullptr;
    if (!held) continue;
    if (!placed) {
      document.set(field.name, to_json(field.shape(), held));
    } else if (placed->place == Place::payload) {
      document = to_json(field.shape(), held);
    } else if (placed->place == Place::status) {
      reply.status = static_cast<std::uint16_t>(to_json(field.shape(), held).as_int(operation.status));
    } else {
      reply.fields.emplace_back(placed->name, field_text(field.shape(), held));
    }
  }
  if (!empty) reply.body = document.dump();
  return reply;
}

Reply rest_json_error(const model::ServiceModel* service, const WireError& error) {
  Json body = Json::object();
  tell(body, error);
  return {
      error.status, {{"content-type", "application/json"}, {"x-amzn-errortype", type_of(service, error)}}, body.dump()};
}

}  // namespace weir::wire
