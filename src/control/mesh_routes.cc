#include "control/mesh_routes.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "base/regex.h"
#include "route/limits.h"

namespace weir::control {

namespace {

namespace appmesh = model::appmesh;
using route::Pattern;

// After every priority that can be given.
constexpr std::int32_t kNoPriority = 1001;

// Of a route or a gateway route.
template <class Spec>
auto http_of(const Spec& spec) {
  return spec.httpRoute ? &*spec.httpRoute : spec.http2Route ? &*spec.http2Route : nullptr;
}

// A regular expression that cannot be one takes nothing, rather than that the whole table is refused.
std::optional<Pattern> regex_of(const std::string& text) {
  if (!Regex::compile(text)) return std::nullopt;
  return Pattern(Pattern::Kind::regex, text);
}

// Of a header or of gRPC metadata.
template <class Method>
std::optional<Pattern> value_of(const Method& method) {
  if (method.exact) return Pattern(Pattern::Kind::exact, *method.exact);
  if (method.prefix) return Pattern(Pattern::Kind::prefix, *method.prefix);
  if (method.suffix) return Pattern(Pattern::Kind::suffix, *method.suffix);
  if (method.regex) return regex_of(*method.regex);
  if (method.range && method.range->start < method.range->end) {
    return Pattern::range(method.range->start, method.range->end);
  }
  return std::nullopt;
}

// False where nothing can match.
template <class Header>
bool add_headers(const std::optional<std::vector<Header>>& headers, route::Match& match) {
  for (const auto& header : headers.value_or(std::vector<Header>{})) {
    route::HeaderMatch made{.name = header.name, .values = {}, .invert = header.invert.value_or(false)};
    if (header.match) {
      const auto value = value_of(*header.match);
      if (!value) return false;
      made.values.push_back(*value);
    }
    match.headers.push_back(std::move(made));
  }
  return true;
}

template <class HttpMatch>
bool add_path(const HttpMatch& wanted, route::Match& match) {
  if (wanted.prefix && *wanted.prefix != "/") match.paths.push_back({Pattern::Kind::prefix, *wanted.prefix});
  if (!wanted.path) return true;
  if (wanted.path->exact) match.paths.push_back({Pattern::Kind::exact, *wanted.path->exact});
  if (!wanted.path->regex) return true;
  const auto regex = regex_of(*wanted.path->regex);
  if (regex) match.paths.push_back(*regex);
  return regex.has_value();
}

// Virtual services are reached in cleartext: what asks for https is nobody.
template <class HttpMatch>
std::optional<route::Match> http_match(const HttpMatch& wanted) {
  if constexpr (requires { wanted.scheme; }) {
    if (wanted.scheme.value_or("http") != "http") return std::nullopt;
  }
  route::Match match;
  if (wanted.method) match.methods.push_back(*wanted.method);
  if (!add_path(wanted, match) || !add_headers(wanted.headers, match)) return std::nullopt;
  for (const auto& query : wanted.queryParameters.value_or(std::vector<appmesh::HttpQueryParameter>{})) {
    const bool exact = query.match && query.match->exact;
    match.queries.push_back(
        {{{query.name, exact ? Pattern(Pattern::Kind::exact, *query.match->exact) : Pattern("*")}}});
  }
  return match;
}

template <class GrpcMatch>
std::optional<route::Match> grpc_match(const GrpcMatch& wanted) {
  route::Match match;
  match.grpc = route::GrpcMatch{.service = wanted.serviceName.value_or(""), .method = {}};
  if constexpr (requires { wanted.methodName; }) match.grpc->method = wanted.methodName.value_or("");
  if (!add_headers(wanted.metadata, match)) return std::nullopt;
  return match;
}

struct RetryWord {
  const char* word;
  route::RetryOn on;
};
constexpr RetryWord kRetryWords[] = {
    {"server-error", route::RetryOn::server_error},
    {"gateway-error", route::RetryOn::gateway_error},
    {"client-error", route::RetryOn::client_error},
    {"stream-error", route::RetryOn::reset},
    {"connection-error", route::RetryOn::connection_failure},
    {"cancelled", route::RetryOn::cancelled},
    {"deadline-exceeded", route::RetryOn::deadline_exceeded},
    {"internal", route::RetryOn::internal},
    {"resource-exhausted", route::RetryOn::resource_exhausted},
    {"unavailable", route::RetryOn::unavailable},
};

void add_events(const std::optional<std::vector<std::string>>& events, route::RetryPolicy& policy) {
  for (const auto& event : events.value_or(std::vector<std::string>{})) {
    for (const auto& [word, on] : kRetryWords) {
      if (event == word) policy.on |= static_cast<std::uint32_t>(on);
    }
  }
}

// A try that takes too long is a gateway's error, as Envoy has it.
template <class Policy>
route::RetryPolicy retries_of(const Policy& wanted) {
  route::RetryPolicy policy;
  policy.retries = static_cast<unsigned>(std::clamp<std::int64_t>(wanted.maxRetries, 0, route::kMaxRetries));
  policy.per_try_timeout = mesh_duration(wanted.perRetryTimeout);
  add_events(wanted.httpRetryEvents, policy);
  add_events(wanted.tcpRetryEvents, policy);
  if constexpr (requires { wanted.grpcRetryEvents; }) add_events(wanted.grpcRetryEvents, policy);
  const bool timed_out = policy.has(route::RetryOn::server_error) || policy.has(route::RetryOn::gateway_error) ||
                         policy.has(route::RetryOn::deadline_exceeded);
  if (timed_out && policy.per_try_timeout.count() > 0) {
    policy.on |= static_cast<std::uint32_t>(route::RetryOn::per_try_timeout);
  }
  return policy;
}

template <class Timeout>
route::Timeouts timeouts_of(const std::optional<Timeout>& wanted) {
  if (!wanted) return {};
  route::Timeouts timeouts{.request = {}, .idle = mesh_duration(wanted->idle)};
  if constexpr (requires { wanted->perRequest; }) timeouts.request = mesh_duration(wanted->perRequest);
  return timeouts;
}

void add_hostname(const std::optional<appmesh::GatewayRouteHostnameMatch>& wanted, route::Match& match) {
  if (!wanted) return;
  if (wanted->exact) match.hosts.push_back({Pattern::Kind::exact, *wanted->exact});
  if (wanted->suffix) match.hosts.push_back({Pattern::Kind::suffix, *wanted->suffix});
}

constexpr const char* kDisabled = "DISABLED";

// Where nothing else is said, what begins a path by its match becomes "/".
void rewrite_path(const appmesh::HttpGatewayRoute& http, route::Rewrite& rewrite) {
  const std::string prefix = http.match.prefix.value_or("/");
  const auto wanted = http.action.rewrite.value_or(appmesh::HttpGatewayRouteRewrite{});
  if (wanted.path && wanted.path->exact) {
    rewrite.path = *wanted.path->exact;
  } else if (wanted.prefix && wanted.prefix->value) {
    rewrite.path = *wanted.prefix->value;
    rewrite.prefix = prefix;
  } else if (!wanted.prefix || wanted.prefix->defaultPrefix != kDisabled) {
    rewrite.path = "/";
    rewrite.prefix = prefix;
  }
  if (rewrite.path == rewrite.prefix) rewrite.path = rewrite.prefix = "";
}

// The target's name, where nothing else is said.
template <class Action>
std::string rewritten_host(const Action& action) {
  const bool kept =
      action.rewrite && action.rewrite->hostname && action.rewrite->hostname->defaultTargetHostname == kDisabled;
  return kept ? "" : action.target.virtualService.virtualServiceName;
}

template <class Spec>
std::size_t prefix_length(const Spec& spec) {
  const auto* http = http_of(spec);
  if (!http) return 0;
  if (http->match.path && http->match.path->exact) return http->match.path->exact->size() + 1;
  return http->match.prefix.value_or("").size();
}

template <class Spec>
bool precedes(const Spec& a, const Spec& b) {
  return std::make_tuple(a.priority.value_or(kNoPriority), prefix_length(b)) <
         std::make_tuple(b.priority.value_or(kNoPriority), prefix_length(a));
}

}  // namespace

route::milliseconds mesh_duration(const std::optional<appmesh::Duration>& duration) {
  if (!duration || !duration->value) return {};
  const std::int64_t factor = duration->unit == "ms" ? 1 : 1000;
  return route::milliseconds(std::clamp<std::int64_t>(*duration->value, 0, route::kMaxMillis / factor) * factor);
}

std::optional<route::Match> mesh_match(const appmesh::RouteSpec& spec, std::int32_t port) {
  const auto elsewhere = [port](const std::optional<std::int32_t>& wanted) { return wanted && *wanted != port; };
  if (const auto* http = http_of(spec)) {
    return elsewhere(http->match.port) ? std::nullopt : http_match(http->match);
  }
  if (spec.grpcRoute) {
    return elsewhere(spec.grpcRoute->match.port) ? std::nullopt : grpc_match(spec.grpcRoute->match);
  }
  if (!spec.tcpRoute || (spec.tcpRoute->match && elsewhere(spec.tcpRoute->match->port))) return std::nullopt;
  return route::Match{};
}

const std::vector<appmesh::WeightedTarget>& mesh_targets(const appmesh::RouteSpec& spec) {
  static const std::vector<appmesh::WeightedTarget> kNone;
  if (const auto* http = http_of(spec)) return http->action.weightedTargets;
  if (spec.grpcRoute) return spec.grpcRoute->action.weightedTargets;
  return spec.tcpRoute ? spec.tcpRoute->action.weightedTargets : kNone;
}

route::RetryPolicy mesh_retries(const appmesh::RouteSpec& spec) {
  if (const auto* http = http_of(spec)) {
    return http->retryPolicy ? retries_of(*http->retryPolicy) : route::RetryPolicy{};
  }
  if (spec.grpcRoute && spec.grpcRoute->retryPolicy) return retries_of(*spec.grpcRoute->retryPolicy);
  return {};
}

route::Timeouts mesh_timeouts(const appmesh::RouteSpec& spec) {
  if (const auto* http = http_of(spec)) return timeouts_of(http->timeout);
  if (spec.grpcRoute) return timeouts_of(spec.grpcRoute->timeout);
  return spec.tcpRoute ? timeouts_of(spec.tcpRoute->timeout) : route::Timeouts{};
}

route::Timeouts mesh_timeouts(const appmesh::ListenerTimeout& timeout) {
  if (timeout.http) return timeouts_of(timeout.http);
  if (timeout.http2) return timeouts_of(timeout.http2);
  if (timeout.grpc) return timeouts_of(timeout.grpc);
  return timeouts_of(timeout.tcp);
}

bool goes_before(const appmesh::RouteSpec& a, const appmesh::RouteSpec& b) { return precedes(a, b); }
bool goes_before(const appmesh::GatewayRouteSpec& a, const appmesh::GatewayRouteSpec& b) { return precedes(a, b); }

std::optional<route::Match> gateway_match(const appmesh::GatewayRouteSpec& spec, std::int32_t port) {
  std::optional<route::Match> match;
  const auto elsewhere = [port](const std::optional<std::int32_t>& wanted) { return wanted && *wanted != port; };
  if (const auto* http = http_of(spec)) {
    if (!elsewhere(http->match.port)) match = http_match(http->match);
    if (match) add_hostname(http->match.hostname, *match);
  } else if (spec.grpcRoute) {
    if (!elsewhere(spec.grpcRoute->match.port)) match = grpc_match(spec.grpcRoute->match);
    if (match) add_hostname(spec.grpcRoute->match.hostname, *match);
  }
  return match;
}

std::optional<route::Rewrite> gateway_rewrite(const appmesh::GatewayRouteSpec& spec) {
  route::Rewrite rewrite;
  if (const auto* http = http_of(spec)) {
    rewrite_path(*http, rewrite);
    rewrite.host = rewritten_host(http->action);
  } else if (spec.grpcRoute) {
    rewrite.host = rewritten_host(spec.grpcRoute->action);
  }
  if (rewrite == route::Rewrite{}) return std::nullopt;
  return rewrite;
}

const appmesh::GatewayRouteTarget* gateway_target(const appmesh::GatewayRouteSpec& spec) {
  if (const auto* http = http_of(spec)) return &http->action.target;
  return spec.grpcRoute ? &spec.grpcRoute->action.target : nullptr;
}

}  // namespace weir::control
