#include "api/recorded/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/paging.h"
#include "api/recorded/limits.h"
#include "api/recorded/template.h"
#include "base/wildcard.h"

namespace weir::api::recorded {
namespace {

// The path that `filters` gives to `name`; "" where it has none.
std::string_view path_of(std::string_view filters, std::string_view name) {
  while (!filters.empty()) {
    const auto row = filters.substr(0, filters.find(' '));
    const auto equals = row.find('=');
    if (row.substr(0, equals) == name) return row.substr(equals + 1);
    filters.remove_prefix(std::min(filters.size(), row.size() + 1));
  }
  return {};
}

bool matches_any(const std::string& text, const Json& wanted) {
  for (const auto& one : wanted.items()) {
    if (wildcard_match(one.as_string(), text, Case::sensitive)) return true;
  }
  return false;
}

bool has_tag(const Json& document, std::string_view key, const Json& wanted) {
  for (const auto& tag : document["tagSet"].items()) {
    if (tag["key"].as_string() == key && matches_any(tag["value"].as_string(), wanted)) return true;
  }
  return false;
}

struct Filter {
  std::string name;
  std::string_view path;  // "": a tag
  const Json& values;
  bool lets_through(const Json& document) const {
    constexpr std::string_view kTag = "tag:";
    if (path.empty()) return has_tag(document, std::string_view(name).substr(kTag.size()), values);
    return any_text(document, path, [&](const std::string& text) { return matches_any(text, values); });
  }
};

Result<std::vector<Filter>> filters_of(const Call& call, const Kind& kind) {
  std::vector<Filter> filters;
  for (const auto& given : call.input["Filter"].items()) {
    const std::string& name = given["Name"].as_string();
    const bool tag = name.starts_with("tag:");
    const auto path = tag ? std::string_view() : name == "tag-key" ? "tagSet.key" : path_of(kind.filters, name);
    if (path.empty() && !tag) return refusal("InvalidParameterValue", fmt::format("The filter '{}' is invalid", name));
    if (given["Value"].items().empty()) {
      return refusal("InvalidParameterValue", fmt::format("The filter '{}' has no value", name));
    }
    filters.push_back({name, path, given["Value"]});
  }
  return filters;
}

// How many a page has; 0: all.
Result<std::size_t> page_size(const Call& call) {
  const bool iam = call.service.style == Style::iam;
  const char* parameter = iam ? "MaxItems" : "MaxResults";
  const std::string& text = call.text(parameter);
  if (text.empty()) return iam ? kUsualPage : 0;
  std::size_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  const std::size_t least = iam ? 1 : kMinPage;
  if (size < least || size > kMaxPage) {
    return refusal(iam ? "ValidationError" : "InvalidParameterValue",
                   fmt::format("Value ( {} ) for parameter {} is invalid. Expecting a value between {} and {}", text,
                               parameter, least, kMaxPage));
  }
  return size;
}

}  // namespace

std::unexpected<Error> not_found(const Kind& kind, const std::string& name) {
  if (*kind.malformed && !name.starts_with(kind.prefix)) {
    return refusal(kind.malformed, fmt::format("Invalid id: \"{}\" (expecting \"{}...\")", name, kind.prefix));
  }
  return refusal(kind.not_found, fmt::format(fmt::runtime(kind.missing), name));
}

Result<Json> kept_one(Call& call, const Kind& kind, const std::string& name) {
  auto kept = TRY(call.shelf.find(kind.name, name));
  if (!kept) return not_found(kind, name);
  return std::move(*kept);
}

Result<Json> presented_one(Call& call, const Kind& kind, const std::string& name) {
  auto document = TRY(call.shelf.find(kind.name, name));
  if (!document && kind.derive) {
    for (auto& derived : TRY(kind.derive(call))) {
      if (derived[kind.id].as_string() == name) return std::move(derived);
    }
  }
  if (!document) return not_found(kind, name);
  if (kind.present) TRY(kind.present(call, *document));
  return std::move(*document);
}

Result<std::vector<Json>> presented(Call& call, const Kind& kind) {
  auto all = TRY(call.shelf.all(kind.name));
  if (kind.present) {
    for (auto& one : all) TRY(kind.present(call, one));
  }
  if (kind.derive) {
    for (auto& one : TRY(kind.derive(call))) all.push_back(std::move(one));
  }
  return all;
}

Result<std::vector<Json>> filtered(Call& call, const Kind& kind, std::vector<Json> all) {
  const auto filters = TRY(filters_of(call, kind));
  std::erase_if(all, [&](const Json& one) {
    return !std::all_of(filters.begin(), filters.end(), [&](const auto& filter) { return filter.lets_through(one); });
  });
  return all;
}

Result<Json> paged(Call& call, const char* member, std::vector<Json> items,
                   const std::function<std::string(const Json&)>& position) {
  const bool iam = call.service.style == Style::iam;
  const std::size_t size = TRY(page_size(call));
  Json reply = Json::object();
  Json shown = Json::array();
  if (size == 0 && call.text("NextToken").empty()) {
    for (auto& item : items) shown.push(std::move(item));
    reply.set(member, std::move(shown));
    return reply;
  }
  std::vector<Positioned<Json>> all;
  for (auto& item : items) {
    std::string at = position(item);
    all.push_back({std::move(at), std::move(item)});
  }
  auto page = page_of(std::move(all), call.text(iam ? "Marker" : "NextToken"), size == 0 ? kMaxPage : size);
  if (!page) {
    return iam ? refusal("ValidationError", "Invalid Marker.")
               : refusal("InvalidNextToken", "The token is not one that this operation has given");
  }
  for (auto& item : page->items) shown.push(std::move(item));
  reply.set(member, std::move(shown));
  if (iam) reply.set("IsTruncated", page->next ? "true" : "false");
  if (page->next) reply.set(iam ? "Marker" : "nextToken", *page->next);
  return reply;
}

}  // namespace weir::api::recorded
