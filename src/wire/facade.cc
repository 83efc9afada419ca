#include "wire/facade.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sign/digest.h"
#include "wire/cbor_protocol.h"
#include "wire/content_encoding.h"
#include "wire/json_protocol.h"
#include "wire/limits.h"
#include "wire/query_protocol.h"
#include "wire/recorded_protocol.h"
#include "wire/rest_json_protocol.h"
#include "wire/xml.h"

namespace weir::wire {
namespace {

using model::Protocol;

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The host of "http://host:port".
std::string_view origin_host(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view host = origin.substr(scheme + 3);
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_loopback(std::string_view host) {
  const bool address = std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (address && host.starts_with("127."));
}

bool is_gzip(const http::RequestHead& head) {
  const auto encoding = head.fields.find("content-encoding");
  return encoding && http::equals_ignoring_case(*encoding, "gzip");
}

WireError unknown_service(const CallName& name, std::string_view signing_name) {
  const bool named = !name.operation.empty();
  return wire_error(Fault::unknown_operation,
                    fmt::format("The service '{}' is not implemented by Weir{}{}", signing_name,
                                named ? "; the request names the operation " : "", name.operation),
                    name.protocol, nullptr);
}

// S3 has errors of a form of its own, and a status for this one.
Reply no_s3(const http::RequestHead& head, std::string_view request_id) {
  std::string out;
  {
    const XmlScope error(out, "Error");
    xml_element(out, "Code", "NotImplemented");
    xml_element(out, "Message", "The service 's3' is not implemented by Weir");
    xml_element(out, "Resource", head.path());
    xml_element(out, "RequestId", request_id);
  }
  return {.status = 501, .fields = {{"Content-Type", "application/xml"}}, .body = std::move(out)};
}

WireError no_such_path(const model::ServiceModel& service, const http::RequestHead& head) {
  return wire_error(Fault::unknown_operation,
                    fmt::format("{} has no operation for {} {}", service.name, head.method_name(), head.path()),
                    service.protocol, &service);
}

WireError unknown_operation(const model::ServiceModel& service, const CallName& name) {
  if (is_rest(service.protocol)) {
    return wire_error(Fault::unknown_operation, fmt::format("{} has paths for operations, not names", service.name),
                      name.protocol, &service);
  }
  const bool versioned = name.protocol == Protocol::query && name.version != service.api_version;
  if (!versioned && (service.knows(name.operation) || service.known.empty())) {
    return wire_error(Fault::not_implemented,
                      fmt::format("The operation {} of {} is not implemented by Weir", name.operation, service.name),
                      name.protocol, &service);
  }
  std::string message = name.protocol == Protocol::query
                            ? fmt::format("Could not find operation {} for version {}", name.operation,
                                          name.version.empty() ? "NO_VERSION_SPECIFIED" : name.version)
                            : fmt::format("{} has no operation '{}'", service.name, name.operation);
  return wire_error(Fault::unknown_operation, std::move(message), name.protocol, &service);
}

// What a message says of the parameter that it names.
std::string words_before(Fault fault) {
  if (fault == Fault::unknown_parameter) return "Unknown parameter: ";
  if (fault == Fault::missing_parameter) return "The request must contain the parameter ";
  return "";
}

Result<> decode_rpc(const CallName& name, const Shape& shape, std::string_view body, void* value) {
  if (name.protocol == Protocol::query) return decode_query(shape, name.form, value);
  if (name.protocol == Protocol::rpc_cbor) return decode_cbor(shape, body, value);
  return decode_json(shape, body, value);
}

WireError decoding_error(const Error& error, Protocol protocol, const model::ServiceModel& service) {
  const Fault fault = fault_of(error);
  return wire_error(fault, words_before(fault) + error.message, protocol, &service);
}

// REST calls look all the same: their service knows what it speaks.
Protocol protocol_of(const CallName& name, const model::ServiceModel* service) {
  return service && is_rest(name.protocol) ? service->protocol : name.protocol;
}

}  // namespace

bool from_foreign_page(const http::RequestHead& head) {
  const auto origin = head.fields.find(http::HeaderId::origin);
  return origin && !is_loopback(origin_host(*origin));
}

Facade::Facade(FacadeOptions options, std::span<const model::ServiceModel* const> services, FacadeParts parts)
    : options_(std::move(options)), services_(services.begin(), services.end()), parts_(parts) {
  check(is_account(options_.account), "an account is 12 digits");
  for (const auto* service : parts_.recorded) services_.push_back(&service->model);
  for (const auto* service : services_) {
    for (const auto& operation : service->operations) {
      const auto* action = parts_.actions.find(service->name, operation.name);
      check(!action || (action->input == operation.input && action->output == operation.output),
            "an action takes and gives the structs that the service's model names");
    }
  }
}

Reply Facade::handle(const http::RequestHead& head, std::string_view body) {
  const std::string id = request_id();
  Reply reply = handle_call(head, body, id);
  reply.fields.emplace_back("x-amzn-requestid", id);
  return reply;
}

Reply Facade::handle_call(const http::RequestHead& head, std::string_view sent, const std::string& id) {
  std::string_view body = sent;
  std::string unpacked;
  if (is_gzip(head)) {
    auto whole = gunzip(sent, kMaxBody);
    if (!whole) {
      const CallName name = call_name(head, "");
      return refuse(name, nullptr, wire_error(fault_of(whole.error()), whole.error().message, name.protocol, nullptr),
                    id);
    }
    unpacked = std::move(*whole);
    body = unpacked;
  }
  CallName name = call_name(head, body);
  const bool verified = !options_.keys.empty();
  if (!verified && from_foreign_page(head)) {
    return refuse(name, nullptr,
                  {"AccessDeniedException", "Requests of web pages need Weir to be started with keys", 403}, id);
  }
  const auto caller = sign::authenticate(head, verified ? sign::hex(sign::sha256(sent)) : std::string(), options_.keys,
                                         parts_.clock.wall());
  if (!caller) {
    const auto* service = service_of(name, head, "", services_);
    name.protocol = protocol_of(name, service);
    return refuse(name, service, wire_error(fault_of(caller.error()), caller.error().message, name.protocol, service),
                  id);
  }
  const auto* service = service_of(name, head, caller->service, services_);
  name.protocol = protocol_of(name, service);
  api::Context context = context_of(*caller, id);
  if (service && is_rest(service->protocol)) return run_rest(*service, name, context, head, body);
  if (service) return run(*service, name, context, body);
  for (const auto* one : services_) {
    // The service is ours, but the request's protocol, target or version is not its.
    if (one->signing_name == caller->service) return refuse(name, one, unknown_operation(*one, name), id);
  }
  if (caller->service == "s3") return no_s3(head, id);
  return refuse(name, nullptr, unknown_service(name, caller->service), id);
}

Reply Facade::run(const model::ServiceModel& service, const CallName& name, api::Context& context,
                  std::string_view body) {
  const auto fail_with = [&](const WireError& error) { return refuse(name, &service, error, context.request_id); };
  if (name.broken_form) {
    return fail_with(wire_error(Fault::serialization, "The form cannot be read", name.protocol, &service));
  }
  if (name.operation.empty()) {
    const WireError error{"MissingAction", "The request must contain the parameter Action", 400};
    return fail_with(error);
  }
  if (const auto* recorded = recorded_of(&service)) return run_recorded(*recorded, name, context);
  const auto* operation = service.operation(name.operation);
  const auto* action = parts_.actions.find(service.name, name.operation);
  if (name.protocol == Protocol::query && name.version != service.api_version) operation = nullptr;
  if (!operation || !action) return fail_with(unknown_operation(service, name));

  const api::Erased input = action->make_input();
  const auto read = decode_rpc(name, action->input(), body, input.get());
  if (!read) return fail_with(decoding_error(read.error(), name.protocol, service));
  const auto output = perform(service, name, *action, context, input.get());
  if (!output) return fail_with(output.error());
  if (name.protocol == Protocol::query) {
    return query_reply(service, *operation, action->output(), output->get(), context.request_id);
  }
  if (name.protocol == Protocol::rpc_cbor) return cbor_reply(action->output(), output->get());
  return json_reply(service, action->output(), output->get());
}

Reply Facade::run_rest(const model::ServiceModel& service, CallName& name, api::Context& context,
                       const http::RequestHead& head, std::string_view body) {
  const auto fail_with = [&](const WireError& error) { return refuse(name, &service, error, context.request_id); };
  const auto call = find_rest_call(service, head.method_name(), head.path());
  if (!call) return fail_with(no_such_path(service, head));
  name.operation = call->operation->name;
  const auto* action = parts_.actions.find(service.name, name.operation);
  if (!action) return fail_with(no_such_path(service, head));

  const api::Erased input = action->make_input();
  const auto read = decode_rest_json(*call, head, body, input.get());
  if (!read) return fail_with(decoding_error(read.error(), name.protocol, service));
  const auto output = perform(service, name, *action, context, input.get());
  if (!output) return fail_with(output.error());
  return rest_json_reply(*call->operation, action->output(), output->get());
}

std::expected<api::Erased, WireError> Facade::perform(const model::ServiceModel& service, const CallName& name,
                                                      const api::Action& action, api::Context& context,
                                                      const void* input) {
  auto output = action.invoke(context, input);
  if (output) return std::move(*output);
  log_failure(service, name.operation, context.request_id, output.error());
  WireError error = wire_error(output.error(), name.protocol, service);
  if (error.code == output.error().code) {
    error.members = std::move(context.error_members);
    error.texts = std::move(context.error_texts);
  }
  return std::unexpected(std::move(error));
}

Reply Facade::run_recorded(const api::recorded::Service& service, const CallName& name, api::Context& context) {
  const std::string& id = context.request_id;
  const auto* operation = name.version == service.model.api_version ? service.operation(name.operation) : nullptr;
  if (!operation) return refuse(name, &service.model, unknown_operation(service.model, name), id);
  const auto parameters = api::recorded::parse_parameters(operation->parameters);
  const auto input = recorded_document(service.style, parameters, name.form);
  if (!input) {
    const Fault fault = fault_of(input.error());
    const std::string message = words_before(fault) + input.error().message;
    return refuse(name, &service.model, wire_error(fault, message, name.protocol, &service.model), id);
  }
  const auto output = api::recorded::perform(service, *operation, context, *input);
  if (output) return recorded_reply(service, name.operation, *output, id);
  log_failure(service.model, name.operation, id, output.error());
  return refuse(name, &service.model, wire_error(output.error(), name.protocol, service.model), id);
}

api::Context Facade::context_of(const sign::Caller& caller, const std::string& id) {
  return {.account = is_account(caller.access_key) ? caller.access_key : options_.account,
          .region = caller.region,
          .now = parts_.clock.wall(),
          .random = parts_.random,
          .store = parts_.store,
          .access_key = caller.access_key,
          .request_id = id};
}

void Facade::log_failure(const model::ServiceModel& service, const std::string& operation, const std::string& id,
                         const Error& error) {
  if (wire_error(error, service.protocol, service).status < 500) return;
  parts_.log.error(fmt::format("{} {} {}: {}: {}", service.name, operation, id, error.code, error.message));
}

const api::recorded::Service* Facade::recorded_of(const model::ServiceModel* service) const {
  for (const auto* one : parts_.recorded) {
    if (service == &one->model) return one;
  }
  return nullptr;
}

Reply Facade::refuse(const CallName& name, const model::ServiceModel* service, const WireError& error,
                     const std::string& id) const {
  const auto* recorded = recorded_of(service);
  if (recorded && recorded->style == api::recorded::Style::ec2) return ec2_error(error, id);
  if (name.protocol == Protocol::json) return json_error(service, error);
  if (name.protocol == Protocol::rest_json) return rest_json_error(service, error);
  if (name.protocol == Protocol::rpc_cbor) return cbor_error(service, error);
  return query_error(service, error, id);
}

Reply Facade::refuse_body(const http::RequestHead& head) {
  const std::string id = request_id();
  CallName name = call_name(head, "");
  const auto* service = service_of(name, head, "", services_);
  name.protocol = protocol_of(name, service);
  Reply reply = refuse(name, service,
                       wire_error(Fault::too_large, "The request's body is too large", name.protocol, service), id);
  reply.fields.emplace_back("x-amzn-requestid", id);
  return reply;
}

Result<> Facade::admit(const http::RequestHead& head, std::string_view body_digest) const {
  if (options_.keys.empty()) {
    if (!from_foreign_page(head)) return {};
    return fail("AccessDenied", "Requests of web pages need Weir to be started with keys", ErrorSource::client);
  }
  TRY(sign::authenticate(head, body_digest, options_.keys, parts_.clock.wall()));
  return {};
}

std::string Facade::request_id() {
  auto& random = parts_.random;
  return fmt::format("{}-{}-4{}-{}{}-{}", random.hex(8), random.hex(4), random.hex(3), "89ab"[random.below(4)],
                     random.hex(3), random.hex(12));
}

}  // namespace weir::wire
