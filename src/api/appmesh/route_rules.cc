// The rules of routes and gateway routes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/appmesh/match_rules.h"
#include "api/appmesh/spec_rules.h"
#include "api/limits.h"

namespace weir::api::appmesh {

namespace {

constexpr std::string_view kHttpRetryEvents[] = {"server-error", "gateway-error", "client-error", "stream-error"};

// A node is a target twice only on two of its ports.
Result<> check_targets(const std::vector<shapes::WeightedTarget>& targets, const std::string& path) {
  std::set<std::pair<std::string_view, std::int32_t>> seen;
  for (const auto& one : targets) {
    if (!seen.insert({one.virtualNode, one.port.value_or(0)}).second) {
      return bad_member(path + ".action.weightedTargets", fmt::format("{} is there twice", one.virtualNode));
    }
  }
  return {};
}

template <class Events>
bool has_twice(const std::optional<Events>& events) {
  return events && std::set<std::string_view>(events->begin(), events->end()).size() < events->size();
}

template <class Policy>
Result<> check_retry(const std::optional<Policy>& policy, const std::string& path) {
  if (!policy) return {};
  std::size_t kinds = given(policy->httpRetryEvents, policy->tcpRetryEvents);
  if constexpr (requires { policy->grpcRetryEvents; }) {
    kinds += given(policy->grpcRetryEvents);
    if (has_twice(policy->grpcRetryEvents)) return bad_member(path + ".grpcRetryEvents", "an event is there twice");
  }
  if (kinds == 0) return bad_member(path, "at least one event must be specified");
  const std::vector<std::string> none;
  for (const auto& event : policy->httpRetryEvents ? *policy->httpRetryEvents : none) {
    if (std::ranges::find(kHttpRetryEvents, event) != std::end(kHttpRetryEvents)) continue;
    return bad_member(path + ".httpRetryEvents",
                      fmt::format("'{}' is none of {}", event, fmt::join(kHttpRetryEvents, ", ")));
  }
  if (has_twice(policy->httpRetryEvents)) return bad_member(path + ".httpRetryEvents", "an event is there twice");
  if (policy->maxRetries > kMaxRouteRetries) {
    return bad_member(path + ".maxRetries", fmt::format("more than {} are not tried", kMaxRouteRetries));
  }
  return check_duration(policy->perRetryTimeout, path + ".perRetryTimeout");
}

template <class Timeout>
Result<> check_timeout(const std::optional<Timeout>& timeout, const std::string& path) {
  if (!timeout) return {};
  if constexpr (requires { timeout->perRequest; }) TRY(check_duration(timeout->perRequest, path + ".perRequest"));
  return check_duration(timeout->idle, path + ".idle");
}

// What the matches of HTTP routes and HTTP gateway routes share.
template <class Match>
Result<> check_http_match(const Match& match, const std::string& path) {
  TRY(at_most_one(given(match.prefix, match.path), path, "prefix, path"));
  TRY(check_path(match.prefix, path + ".prefix"));
  TRY(check_path_match(match.path, path + ".path"));
  TRY(check_fields(match.headers, path + ".headers"));
  return check_queries(match.queryParameters, path + ".queryParameters");
}

Result<> check_hostname(const std::optional<shapes::GatewayRouteHostnameMatch>& match, const std::string& path) {
  if (!match) return {};
  return exactly_one(given(match->exact, match->suffix), path, "exact, suffix");
}

Result<> check_route(const std::optional<shapes::HttpRoute>& route, const std::string& path) {
  if (!route) return {};
  TRY(check_http_match(route->match, path + ".match"));
  TRY(check_targets(route->action.weightedTargets, path));
  TRY(check_retry(route->retryPolicy, path + ".retryPolicy"));
  return check_timeout(route->timeout, path + ".timeout");
}

Result<> check_route(const std::optional<shapes::GrpcRoute>& route, const std::string& path) {
  if (!route) return {};
  if (route->match.methodName && !route->match.serviceName) {
    return bad_member(path + ".match.methodName", "serviceName must be specified too");
  }
  TRY(check_fields(route->match.metadata, path + ".match.metadata"));
  TRY(check_targets(route->action.weightedTargets, path));
  TRY(check_retry(route->retryPolicy, path + ".retryPolicy"));
  return check_timeout(route->timeout, path + ".timeout");
}

Result<> check_route(const std::optional<shapes::TcpRoute>& route, const std::string& path) {
  if (!route) return {};
  TRY(check_targets(route->action.weightedTargets, path));
  return check_timeout(route->timeout, path + ".timeout");
}

// What comes in the place of a path, or of its beginning, is part of a request's first line.
Result<> check_new_path(const std::optional<std::string>& text, const std::string& path) {
  TRY(check_path(text, path));
  if (!text) return {};
  const auto bad = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '?' || c == '#'; };
  if (std::ranges::any_of(*text, bad)) return bad_member(path, "it has a character that no path has");
  if (text->size() <= kMaxRewrittenPath) return {};
  return bad_member(path, fmt::format("it is longer than {} bytes", kMaxRewrittenPath));
}

Result<> check_rewrite(const shapes::HttpGatewayRoute& route, const std::string& path) {
  const auto& rewrite = route.action.rewrite;
  if (!rewrite) return {};
  TRY(at_most_one(given(rewrite->path, rewrite->prefix), path, "path, prefix"));
  if (rewrite->path && route.match.prefix) return bad_member(path + ".path", "a matched prefix is not a whole path");
  if (rewrite->path) TRY(check_new_path(rewrite->path->exact, path + ".path.exact"));
  if (!rewrite->prefix) return {};
  if (route.match.path) return bad_member(path + ".prefix", "a matched path has no prefix");
  TRY(exactly_one(given(rewrite->prefix->defaultPrefix, rewrite->prefix->value), path + ".prefix",
                  "defaultPrefix, value"));
  return check_new_path(rewrite->prefix->value, path + ".prefix.value");
}

Result<> check_gateway_route(const std::optional<shapes::HttpGatewayRoute>& route, const std::string& path) {
  if (!route) return {};
  TRY(check_http_match(route->match, path + ".match"));
  TRY(check_hostname(route->match.hostname, path + ".match.hostname"));
  return check_rewrite(*route, path + ".action.rewrite");
}

Result<> check_gateway_route(const std::optional<shapes::GrpcGatewayRoute>& route, const std::string& path) {
  if (!route) return {};
  TRY(check_hostname(route->match.hostname, path + ".match.hostname"));
  return check_fields(route->match.metadata, path + ".match.metadata");
}

}  // namespace

Result<> check_spec(const shapes::RouteSpec& spec) {
  TRY(exactly_one(given(spec.grpcRoute, spec.http2Route, spec.httpRoute, spec.tcpRoute), "spec",
                  "grpcRoute, http2Route, httpRoute, tcpRoute"));
  TRY(check_route(spec.grpcRoute, "spec.grpcRoute"));
  TRY(check_route(spec.http2Route, "spec.http2Route"));
  TRY(check_route(spec.httpRoute, "spec.httpRoute"));
  return check_route(spec.tcpRoute, "spec.tcpRoute");
}

Result<> check_spec(const shapes::GatewayRouteSpec& spec) {
  TRY(exactly_one(given(spec.grpcRoute, spec.http2Route, spec.httpRoute), "spec", "grpcRoute, http2Route, httpRoute"));
  TRY(check_gateway_route(spec.grpcRoute, "spec.grpcRoute"));
  TRY(check_gateway_route(spec.http2Route, "spec.http2Route"));
  return check_gateway_route(spec.httpRoute, "spec.httpRoute");
}

}  // namespace weir::api::appmesh
