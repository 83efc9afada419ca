#include "observe/awslogs_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/regex.h"

namespace weir::observe {

namespace {

using Options = std::map<std::string, std::string>;

constexpr std::size_t kLongestGroup = 512;   // characters, as AWS has it
constexpr std::size_t kLongestStream = 512;  // likewise

constexpr std::string_view kRequired[] = {"awslogs-region", "awslogs-group"};
constexpr std::string_view kAllowed[] = {
    "awslogs-create-group", "awslogs-datetime-format", "awslogs-group",   "awslogs-multiline-pattern",
    "awslogs-region",       "awslogs-stream-prefix",   "max-buffer-size", "mode",
};

// What the specifiers of strftime(3) stand for, as Docker's awslogs driver has them.
struct Specifier {
  char letter;
  const char* pattern;
};
constexpr Specifier kSpecifiers[] = {
    {'a', "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"},
    {'A', "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"},
    {'w', "[0-6]"},
    {'d', "(?:0[1-9]|[12][0-9]|3[01])"},
    {'b', "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"},
    {'B', "(?:January|February|March|April|May|June|July|August|September|October|November|December)"},
    {'m', "(?:0[1-9]|1[0-2])"},
    {'Y', "\\d{4}"},
    {'y', "\\d{2}"},
    {'H', "(?:[01][0-9]|2[0-3])"},
    {'I', "(?:0[0-9]|1[0-2])"},
    {'p', "[AP]M"},
    {'M', "[0-5][0-9]"},
    {'S', "[0-5][0-9]"},
    {'f', "\\d{6}"},
    {'L', "\\.\\d{3}"},
    {'z', "[+-]\\d{4}"},
    {'Z', "[A-Z]{1,4}T"},
    {'j', "(?:0[0-9][1-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6])"},
    {'%', "%"},
};

std::unexpected<Error> wrong(std::string sentence) {
  return fail("LogOptions", std::move(sentence), ErrorSource::client);
}

std::string value_of(const Options& options, const char* name) {
  const auto found = options.find(name);
  return found == options.end() ? "" : found->second;
}

void add(std::string& list, std::string_view name) { list += (list.empty() ? "" : ", ") + std::string(name); }

Result<> check_names(const Options& options) {
  std::string missing, unknown;
  for (const auto name : kRequired) {
    if (!options.contains(std::string(name))) add(missing, name);
  }
  if (!missing.empty()) return wrong("Log driver awslogs requires options: " + missing);
  for (const auto& [name, value] : options) {
    if (std::ranges::find(kAllowed, name) == std::end(kAllowed)) add(unknown, name);
  }
  if (!unknown.empty()) return wrong("Log driver awslogs disallows options: " + unknown);
  return {};
}

bool is_group_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestGroup && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/#").find(c) != std::string_view::npos;
  });
}

Result<> check_values(const Options& options) {
  if (!is_group_name(value_of(options, "awslogs-group"))) {
    return wrong("Log driver awslogs option 'awslogs-group' is not the name of a log group.");
  }
  if (value_of(options, "awslogs-region").empty()) {
    return wrong("Log driver awslogs option 'awslogs-region' is empty.");
  }
  const std::string prefix = value_of(options, "awslogs-stream-prefix");
  if (prefix.size() > kLongestStream / 2 || prefix.find_first_of(":*") != std::string::npos) {
    return wrong("Log driver awslogs option 'awslogs-stream-prefix' cannot begin the name of a log stream.");
  }
  if (options.contains("awslogs-create-group") && value_of(options, "awslogs-create-group") != "true") {
    return wrong("Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.");
  }
  if (const auto mode = value_of(options, "mode"); !mode.empty() && mode != "blocking" && mode != "non-blocking") {
    return wrong("Log driver awslogs option 'mode' should be 'blocking' or 'non-blocking'.");
  }
  return {};
}

// A date's format as a regular expression; the rest of the format is one already.
std::string pattern_of_format(std::string_view format) {
  std::string pattern;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const auto named = [&](const Specifier& one) { return i + 1 < format.size() && one.letter == format[i + 1]; };
    const auto found = format[i] == '%' ? std::ranges::find_if(kSpecifiers, named) : std::end(kSpecifiers);
    if (found == std::end(kSpecifiers)) {
      pattern += format[i];
    } else {
      pattern += found->pattern;
      ++i;
    }
  }
  return pattern;
}

}  // namespace

Result<AwslogsOptions> read_awslogs_options(const Options& options) {
  TRY(check_names(options));
  TRY(check_values(options));
  const std::string format = value_of(options, "awslogs-datetime-format");
  const std::string pattern = value_of(options, "awslogs-multiline-pattern");
  if (!format.empty() && !pattern.empty()) {
    return wrong(
        "Log driver awslogs options 'awslogs-datetime-format' and 'awslogs-multiline-pattern' cannot be used at the "
        "same time.");
  }
  AwslogsOptions read{.group = value_of(options, "awslogs-group"),
                      .region = value_of(options, "awslogs-region"),
                      .stream_prefix = value_of(options, "awslogs-stream-prefix"),
                      .create_group = options.contains("awslogs-create-group"),
                      .event_start = format.empty() ? pattern : pattern_of_format(format)};
  if (const auto compiled = Regex::compile(read.event_start); !compiled) {
    return wrong(fmt::format("Log driver awslogs could not parse the multiline pattern: {}", compiled.error().message));
  }
  return read;
}

std::string stream_name(const AwslogsOptions& options, const std::string& container, const std::string& task,
                        const std::string& container_id) {
  if (options.stream_prefix.empty()) return container_id;
  return fmt::format("{}/{}/{}", options.stream_prefix, container, task);
}

}  // namespace weir::observe
