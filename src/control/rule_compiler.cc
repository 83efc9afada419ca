#include "control/rule_compiler.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "control/real_port.h"

namespace weir::control {

namespace {

namespace elbv2 = model::elbv2;
using Texts = std::vector<std::string>;

std::optional<unsigned> number_of(const std::string& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The values of a condition: of its structure, or else the short form's.
template <class Config>
Texts values_of(const std::optional<Config>& config, const elbv2::RuleCondition& condition) {
  if (config && config->Values) return *config->Values;
  return condition.Values.value_or(Texts{});
}

std::vector<route::Pattern> wildcards(const Texts& texts) { return {texts.begin(), texts.end()}; }

// A regular expression of a rule is found anywhere in the text; one of the table has to fit the whole of it.
void add_regexes(const std::optional<Texts>& texts, std::vector<route::Pattern>& patterns) {
  if (!texts) return;
  for (const auto& text : *texts) {
    patterns.push_back({route::Pattern::Kind::regex, "(?s:.*)(?:" + text + ")(?s:.*)"});
  }
}

// The wildcards and the regular expressions of a condition.
template <class Config>
std::vector<route::Pattern> patterns_of(const std::optional<Config>& config, const elbv2::RuleCondition& condition) {
  std::vector<route::Pattern> patterns = wildcards(values_of(config, condition));
  add_regexes(config ? config->RegexValues : condition.RegexValues, patterns);
  return patterns;
}

route::QueryMatch query_of(const elbv2::QueryStringConditionConfig& config) {
  route::QueryMatch query;
  for (const auto& pair : config.Values.value_or(std::vector<elbv2::QueryStringKeyValuePair>{})) {
    query.any.push_back({pair.Key.value_or(""), pair.Value.value_or("")});
  }
  return query;
}

}  // namespace

route::Match match_of(const std::vector<elbv2::RuleCondition>& conditions) {
  route::Match match;
  for (const auto& condition : conditions) {
    const std::string field = condition.Field.value_or("");
    if (field == "host-header") match.hosts = patterns_of(condition.HostHeaderConfig, condition);
    if (field == "path-pattern") match.paths = patterns_of(condition.PathPatternConfig, condition);
    if (field == "http-request-method") match.methods = values_of(condition.HttpRequestMethodConfig, condition);
    if (field == "source-ip") match.sources = values_of(condition.SourceIpConfig, condition);
    if (field == "http-header" && condition.HttpHeaderConfig) {
      match.headers.push_back({condition.HttpHeaderConfig->HttpHeaderName.value_or(""),
                               patterns_of(condition.HttpHeaderConfig, condition)});
    }
    if (field == "query-string" && condition.QueryStringConfig) {
      match.queries.push_back(query_of(*condition.QueryStringConfig));
    }
  }
  return match;
}

route::FixedResponse fixed_response_of(const elbv2::FixedResponseActionConfig& config) {
  route::FixedResponse response;
  response.status = number_of(config.StatusCode).value_or(503);
  response.content_type = config.ContentType.value_or("text/plain");
  response.body = config.MessageBody.value_or("");
  return response;
}

route::Redirect redirect_of(const elbv2::RedirectActionConfig& config, unsigned port_offset) {
  route::Redirect redirect;
  redirect.status = config.StatusCode == "HTTP_301" ? 301 : 302;
  redirect.protocol = config.Protocol.value_or(redirect.protocol);
  if (redirect.protocol == "HTTP") redirect.protocol = "http";
  if (redirect.protocol == "HTTPS") redirect.protocol = "https";
  redirect.host = config.Host.value_or(redirect.host);
  redirect.port = config.Port.value_or(redirect.port);
  if (const auto port = number_of(redirect.port)) redirect.port = std::to_string(real_port(*port, port_offset));
  redirect.path = config.Path.value_or(redirect.path);
  redirect.query = config.Query.value_or(redirect.query);
  return redirect;
}

}  // namespace weir::control
