#include "api/recorded/verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "api/arn.h"
#include "api/recorded/limits.h"
#include "api/recorded/selection.h"
#include "api/recorded/template.h"
#include "base/check.h"

namespace weir::api::recorded {
namespace {

constexpr char kBetween = '|';  // the parts of a name; no name and no ARN has it

// Calls `see` with the two sides of each "NAME=WORD" of a row; the result of the first that fails.
Result<> for_each_pair(std::string_view text, const std::function<Result<>(std::string_view, std::string_view)>& see) {
  while (!text.empty()) {
    const auto row = text.substr(0, text.find(' '));
    const auto equals = row.find('=');
    TRY(see(row.substr(0, equals), row.substr(equals + 1)));
    text.remove_prefix(std::min(text.size(), row.size() + 1));
  }
  return {};
}

// The records that parameters name, by parameter. Errors: the not_found of their kind.
Result<std::map<std::string, Json, std::less<>>> referred(Call& call, const Making& making) {
  std::map<std::string, Json, std::less<>> found;
  TRY(for_each_pair(making.references, [&](std::string_view parameter, std::string_view kind) -> Result<> {
    const Json& name = making.input[parameter];
    if (name.is_null()) return {};
    found.emplace(parameter, TRY(kept_one(call, kind_of(call, kind), name.as_string())));
    return {};
  }));
  return found;
}

// EC2's TagSpecification, or IAM's Tags.
Result<Json> tags_of(Call& call, const Kind& kind, const Json& input) {
  Json::Array tags;
  TRY(merge_tags(call, tags, input["Tags"]));
  for (const auto& specification : input["TagSpecification"].items()) {
    const std::string& type = specification["ResourceType"].as_string();
    if (type != kind.name) {
      return refusal("InvalidParameterValue",
                     fmt::format("'{}' is not a valid taggable resource type for this operation.", type));
    }
    TRY(merge_tags(call, tags, specification["Tag"]));
  }
  return Json(std::move(tags));
}

// "aws", as ARNs of the caller's region begin.
std::string partition_of(const Context& context) { return parse_arn(make_arn(context, "iam", "root"))->partition; }

Json name_in_template(Call& call, const Json& input, const std::map<std::string, Json, std::less<>>& others,
                      std::string_view name) {
  if (name == "account") return call.context.account;
  if (name == "region") return call.context.region;
  if (name == "partition") return partition_of(call.context);
  if (name == "now") return to_iso8601(call.context.now);
  if (name.starts_with("new:")) return fresh_id(call, name.substr(4));
  if (const auto arrow = name.find('>'); arrow != std::string_view::npos) {
    const auto other = others.find(name.substr(0, arrow));
    return other == others.end() ? Json() : other->second[name.substr(arrow + 1)];
  }
  return at_path(input, name);
}

Result<Json> check_room(Call& call, const Kind& kind, Json document) {
  if (TRY(call.shelf.all(kind.name)).size() >= kMaxRecords) {
    return refusal(call.service.full, fmt::format("There can be at most {} of {}", kMaxRecords, kind.name));
  }
  if (document.dump().size() > kMaxDocument) {
    return refusal(call.service.full, fmt::format("A {} holds at most {} bytes", kind.name, kMaxDocument));
  }
  return document;
}

// The member that a parameter sets: its own name, in EC2's with a small letter; "_name" where that is what is kept.
std::string member_of(const Call& call, const Json& document, std::string parameter) {
  if (call.service.style == Style::ec2) parameter[0] = static_cast<char>(std::tolower(parameter[0]));
  return document.find("_" + parameter) ? "_" + parameter : parameter;
}

std::string path_for(const Call& call, const Json& document, const std::string& parameter) {
  std::string path = member_of(call, document, parameter);
  MUST(for_each_pair(call.operation.more, [&](std::string_view named, std::string_view to) -> Result<> {
    if (named == parameter) path = to;
    return {};
  }));
  return path;
}

Result<Json> modified(Call& call) {
  const std::string name = name_on(call);
  Json document = TRY(kept_one(call, call.kind(), name));
  for (const auto& [parameter, value] : call.input.members()) {
    if (parameter == call.operation.on || parameter == "DryRun") continue;
    set_path(document, path_for(call, document, parameter), value.is_object() ? value["Value"] : value);
  }
  if (call.operation.then) TRY(call.operation.then(call, document));
  document = TRY(check_room(call, call.kind(), std::move(document)));
  call.shelf.put(call.kind().name, name, document);
  return document;
}

// The one that a call with the same ClientToken made.
Result<std::optional<Json>> made_before(Call& call, const Kind& kind) {
  if (!call.given("ClientToken")) return std::nullopt;
  for (auto& one : TRY(presented(call, kind))) {
    if (one["_token"] == call.input["ClientToken"]) return std::move(one);
  }
  return std::nullopt;
}

Json shown_as(const char* item, Json document) {
  if (!*item) return document;
  Json reply = Json::object();
  reply.set(item, std::move(document));
  return reply;
}

}  // namespace

std::string name_on(const Call& call) {
  std::string name;
  std::string_view rest = call.operation.on;
  while (!rest.empty()) {
    const auto parameter = rest.substr(0, rest.find('/'));
    if (!name.empty()) name += kBetween;
    name += call.text(parameter);
    rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
  }
  return name;
}

const Kind& kind_of(const Call& call, std::string_view name) {
  const Kind* found = call.service.kind(name);
  check(found != nullptr, "what a table refers to is in its service's table of kinds");
  return *found;
}

// IAM's look like AROAEXAMPLE…, 16 letters and digits; EC2's are hexadecimal.
std::string fresh_id(Call& call, std::string_view prefix) {
  if (call.service.style == Style::ec2) return std::string(prefix) + call.context.random.hex(17);
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id(prefix);
  for (int i = 0; i < 17; ++i) id += kLetters[call.context.random.below(kLetters.size())];
  return id;
}

void set_path(Json& document, std::string_view path, Json value) {
  const auto dot = path.find('.');
  const std::string name(path.substr(0, dot));
  if (dot == std::string_view::npos) {
    document.set(name, std::move(value));
    return;
  }
  Json inner = document[name];
  set_path(inner, path.substr(dot + 1), std::move(value));
  document.set(name, std::move(inner));
}

Json::Array list_of(const Json& document, std::string_view member) { return document[member].items(); }

Json answer_true(const Call& call) {
  Json reply;
  if (call.service.style == Style::ec2) reply.set("return", "true");
  return reply;
}

Result<Json> make(Call& call, const Kind& kind, const Making& making) {
  const auto others = TRY(referred(call, making));
  const Json tags = TRY(tags_of(call, kind, making.input));
  const Json* given = making.input.find("_id");
  const Json id = given ? *given : Json(fresh_id(call, kind.prefix));
  Json document = fill(MUST(Json::parse(kind.document)), [&](std::string_view name) {
    return name == "id" ? id : name == "tags" ? tags : name_in_template(call, making.input, others, name);
  });
  if (making.then) TRY(making.then(call, document));
  document = TRY(check_room(call, kind, std::move(document)));
  call.shelf.put(kind.name, document[kind.id].as_string(), document);
  return document;
}

Result<Json> create(Call& call) {
  const Kind& kind = call.kind();
  const Hook exists_not = [](Call& now, Json& document) -> Result<> {
    const Kind& own = now.kind();
    const std::string& name = document[own.id].as_string();
    if (TRY(now.shelf.find(own.name, name))) {
      return refusal(now.service.exists, fmt::format("{} with name {} already exists.", own.item, name));
    }
    return now.operation.then ? now.operation.then(now, document) : Result<>{};
  };
  if (auto before = TRY(made_before(call, kind))) return shown_as(kind.item, std::move(*before));
  Json document = TRY(make(call, kind, {call.input, call.operation.more, exists_not}));
  if (call.given("ClientToken")) {
    document.set("_token", call.input["ClientToken"]);
    call.shelf.put(kind.name, document[kind.id].as_string(), document);
  }
  if (kind.present) TRY(kind.present(call, document));
  return shown_as(kind.item, std::move(document));
}

Result<Json> put(Call& call) {
  TRY(make(call, call.kind(), {call.input, call.operation.more, call.operation.then}));
  return Json();
}

Result<Json> describe(Call& call) {
  const Kind& kind = call.kind();
  std::vector<Json> shown;
  const auto& named = call.input[call.operation.on].items();
  if (named.empty()) {
    shown = TRY(presented(call, kind));
  } else if (call.given("MaxResults")) {
    return refusal("InvalidParameterCombination",
                   fmt::format("The parameter {}s cannot be used with the parameter MaxResults", call.operation.on));
  }
  std::set<std::string> seen;
  for (const auto& name : named) {
    if (seen.insert(name.as_string()).second) shown.push_back(TRY(presented_one(call, kind, name.as_string())));
  }
  shown = TRY(filtered(call, kind, std::move(shown)));
  return paged(call, kind.list, std::move(shown), [&](const Json& one) { return one[kind.id].as_string(); });
}

Result<Json> get(Call& call) {
  return shown_as(call.kind().item, TRY(presented_one(call, call.kind(), name_on(call))));
}

Result<Json> list(Call& call) {
  const Kind& kind = call.kind();
  auto all = TRY(presented(call, kind));
  const std::string& prefix = call.text("PathPrefix");
  std::erase_if(all, [&](const Json& one) { return !one["Path"].as_string().starts_with(prefix); });
  return paged(call, kind.list, std::move(all), [&](const Json& one) { return one[kind.id].as_string(); });
}

Result<Json> list_below(Call& call) {
  const Kind& kind = call.kind();
  const std::string_view more = call.operation.more;
  const auto equals = more.find('=');
  TRY(kept_one(call, kind_of(call, more.substr(0, equals)), name_on(call)));
  const auto member = more.substr(equals + 1);
  auto all = TRY(call.shelf.all(kind.name, name_on(call) + kBetween));
  for (auto& one : all) {
    if (kind.present) TRY(kind.present(call, one));
    if (!member.empty()) one = Json(one[member]);
  }
  return paged(call, kind.list, std::move(all),
               [&](const Json& one) { return member.empty() ? one[kind.id].as_string() : one.as_string(); });
}

Result<Json> remove(Call& call) {
  const Kind& kind = call.kind();
  const std::string name = name_on(call);
  Json document = TRY(kept_one(call, kind, name));
  if (call.operation.then) TRY(call.operation.then(call, document));
  for (const auto& reference : call.service.references) {
    if (std::string_view(reference.to) != kind.name) continue;
    for (const auto& one : TRY(presented(call, kind_of(call, reference.kind)))) {
      if (any_text(one, reference.path, [&](const std::string& text) { return text == name; })) {
        return refusal(call.service.in_use, fmt::format(fmt::runtime(reference.message), name));
      }
    }
  }
  call.shelf.erase(kind.name, name);
  return answer_true(call);
}

Result<Json> modify(Call& call) {
  TRY(modified(call));
  return answer_true(call);
}

Result<Json> modify_and_answer(Call& call) {
  TRY(modified(call));
  return Json::object();
}

Result<Json> modify_and_show(Call& call) { return shown_as(call.kind().item, TRY(modified(call))); }

Result<Json> change(Call& call) {
  const std::string name = name_on(call);
  Json document = TRY(kept_one(call, call.kind(), name));
  TRY(call.operation.then(call, document));
  call.shelf.put(call.kind().name, name, TRY(check_room(call, call.kind(), std::move(document))));
  return answer_true(call);
}

}  // namespace weir::api::recorded
