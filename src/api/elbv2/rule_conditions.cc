#include "api/elbv2/rule_conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/elbv2/errors.h"
#include "api/limits.h"
#include "base/ascii.h"
#include "base/cidr.h"
#include "base/regex.h"

namespace weir::api::elbv2 {

namespace {

using Texts = std::vector<std::string>;
using Condition = shapes::RuleCondition;

constexpr std::size_t kMaxText = 128;
constexpr std::size_t kMaxHeaderName = 40;
constexpr std::size_t kMaxMethod = 40;

constexpr std::string_view kHostLetters = "-.*?";
constexpr std::string_view kPathLetters = "_-.$/~\"'@:+&*?";
constexpr std::string_view kHeaderLetters = "!#$%&'*+-.^_`|~";

Result<> check_host(const std::string& text) {
  if (consists_of(text, kHostLetters)) return {};
  return validation_error(fmt::format("The host name '{}' contains invalid characters", text));
}

Result<> check_path(const std::string& text) {
  if (consists_of(text, kPathLetters)) return {};
  return validation_error(fmt::format("The path pattern '{}' contains invalid characters", text));
}

Result<> check_method(const std::string& text) {
  const bool valid = text.size() <= kMaxMethod && std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
                     });
  if (valid) return {};
  return validation_error(
      fmt::format("The HTTP request method '{}' must be up to {} of the characters A-Z, hyphen (-) and underscore (_)",
                  text, kMaxMethod));
}

Result<> check_source(const std::string& text) {
  if (Cidr::parse(text)) return {};
  return validation_error(fmt::format("The source IP '{}' is not a valid CIDR block", text));
}

Result<> check_any(const std::string&) { return {}; }

Result<> check_regex(const std::string& text) {
  if (const auto regex = Regex::compile(text); !regex) {
    return validation_error(fmt::format("The regular expression '{}' is not valid: {}", text, regex.error().message));
  }
  return {};
}

// One kind of condition: its word, whether a rule may have several, what its values are like, and where its structure
// and the values in it are.
struct Kind {
  const char* field;
  bool repeats;
  bool short_form;  // may be said by Values
  Result<> (*check)(const std::string& value);
  bool (*has_config)(const Condition&);
  Texts (*values)(const Condition&);  // of the structure
  Texts (*regexes)(const Condition&) = nullptr;
};

template <auto member>
bool has(const Condition& condition) {
  return (condition.*member).has_value();
}
template <auto member>
Texts texts(const Condition& condition) {
  return (condition.*member)->Values.value_or(Texts{});
}
template <auto member>
Texts regexes(const Condition& condition) {
  return (condition.*member)->RegexValues.value_or(Texts{});
}
Texts query_values(const Condition& condition) {
  Texts values;
  for (const auto& pair :
       condition.QueryStringConfig->Values.value_or(std::vector<shapes::QueryStringKeyValuePair>{})) {
    values.push_back(pair.Value.value_or(""));
  }
  return values;
}

constexpr Kind kKinds[] = {
    {"host-header", false, true, check_host, has<&Condition::HostHeaderConfig>, texts<&Condition::HostHeaderConfig>,
     regexes<&Condition::HostHeaderConfig>},
    {"http-header", true, false, check_any, has<&Condition::HttpHeaderConfig>, texts<&Condition::HttpHeaderConfig>,
     regexes<&Condition::HttpHeaderConfig>},
    {"http-request-method", false, false, check_method, has<&Condition::HttpRequestMethodConfig>,
     texts<&Condition::HttpRequestMethodConfig>},
    {"path-pattern", false, true, check_path, has<&Condition::PathPatternConfig>, texts<&Condition::PathPatternConfig>,
     regexes<&Condition::PathPatternConfig>},
    {"query-string", true, false, check_any, has<&Condition::QueryStringConfig>, query_values},
    {"source-ip", false, false, check_source, has<&Condition::SourceIpConfig>, texts<&Condition::SourceIpConfig>},
};

Result<const Kind*> kind_of(const Condition& condition) {
  const std::string field = condition.Field.value_or("");
  if (field.empty()) return validation_error("A condition field must be specified");
  for (const Kind& kind : kKinds) {
    if (field == kind.field) return &kind;
  }
  return validation_error(
      fmt::format("Condition field '{}' must be one of '[host-header, http-header, http-request-method, path-pattern, "
                  "query-string, source-ip]'",
                  field));
}

// The values, whichever way they are said.
Result<Texts> values_of(const Kind& kind, const Condition& condition) {
  for (const Kind& other : kKinds) {
    if (&other != &kind && other.has_config(condition)) {
      return validation_error(
          fmt::format("A condition with the field '{}' cannot have the values of '{}'", kind.field, other.field));
    }
  }
  const Texts given = condition.Values.value_or(Texts{});
  if (!kind.short_form && !given.empty()) {
    return validation_error(
        fmt::format("Values cannot be specified for the condition field '{}': use its configuration", kind.field));
  }
  if (!kind.has_config(condition)) return given;
  Texts values = kind.values(condition);
  if (!given.empty() && given != values) {
    return validation_error(
        fmt::format("You cannot specify both Values and a configuration for the condition field '{}'", kind.field));
  }
  return values;
}

// The regular expressions, whichever way they are said. Errors: ValidationError where the condition has `values` too.
Result<Texts> regexes_of(const Kind& kind, const Condition& condition, const Texts& values) {
  const Texts given = condition.RegexValues.value_or(Texts{});
  if (!given.empty() && !kind.short_form) {
    return validation_error(fmt::format("RegexValues cannot be specified for the condition field '{}'", kind.field));
  }
  Texts found = given;
  if (kind.regexes && kind.has_config(condition)) {
    found = kind.regexes(condition);
    if (!given.empty() && given != found) {
      return validation_error(fmt::format(
          "You cannot specify both RegexValues and a configuration for the condition field '{}'", kind.field));
    }
  }
  if (!found.empty() && !values.empty()) {
    return validation_error(
        fmt::format("A condition with the field '{}' cannot have both values and regex values", kind.field));
  }
  return found;
}

Result<> check_texts(const Texts& texts, Result<> (*check)(const std::string&)) {
  for (const auto& text : texts) {
    if (text.empty()) return validation_error("A condition value cannot be empty");
    if (text.size() > kMaxText) {
      return validation_error(
          fmt::format("The condition value '{}' cannot be longer than '{}' characters", text, kMaxText));
    }
    TRY(check(text));
  }
  return {};
}

Result<> check_header_name(const Condition& condition) {
  const std::string name = condition.HttpHeaderConfig ? condition.HttpHeaderConfig->HttpHeaderName.value_or("") : "";
  if (name.empty()) return validation_error("An HTTP header name must be specified");
  if (name.size() > kMaxHeaderName || !consists_of(name, kHeaderLetters)) {
    return validation_error(fmt::format("The HTTP header name '{}' is not valid", name));
  }
  return {};
}

Result<Condition> make_condition(const Kind& kind, const Condition& given, std::size_t& count) {
  Texts values = TRY(values_of(kind, given));
  const std::string field = kind.field;
  if (field == "http-header") TRY(check_header_name(given));
  Texts patterns = TRY(regexes_of(kind, given, values));
  if (values.empty() && patterns.empty()) return validation_error("A condition value must be specified");
  count += values.size() + patterns.size();
  TRY(check_texts(values, kind.check));
  TRY(check_texts(patterns, check_regex));
  Condition made = given;
  // Both ways are shown, as AWS does.
  const auto both_ways = [&](auto& config) {
    config.emplace();
    if (patterns.empty()) {
      config->Values = values;
      made.Values = values;
    } else {
      config->RegexValues = patterns;
      made.RegexValues = patterns;
    }
  };
  if (field == "host-header") both_ways(made.HostHeaderConfig);
  if (field == "path-pattern") both_ways(made.PathPatternConfig);
  return made;
}

}  // namespace

Result<std::vector<Condition>> make_conditions(const std::vector<Condition>& given) {
  if (given.empty()) return validation_error("A condition must be specified");
  std::vector<Condition> made;
  std::set<const Kind*> seen;
  std::size_t count = 0;
  for (const auto& condition : given) {
    const Kind* kind = TRY(kind_of(condition));
    if (!seen.insert(kind).second && !kind->repeats) {
      return validation_error(fmt::format("A rule can only have one '{}' condition", kind->field));
    }
    made.push_back(TRY(make_condition(*kind, condition, count)));
  }
  if (count > kMaxConditionValues)
    return validation_error(fmt::format("A rule can only have '{}' condition values", kMaxConditionValues));
  return made;
}

}  // namespace weir::api::elbv2
