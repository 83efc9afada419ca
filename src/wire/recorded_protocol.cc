#include "wire/recorded_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "wire/form_tree.h"
#include "wire/limits.h"
#include "wire/xml.h"

namespace weir::wire {
namespace {

using api::recorded::Parameter;
using api::recorded::Style;
using Node = FormTree::Node;

class RecordedReader {
 public:
  explicit RecordedReader(Style style) : style_(style) {}

  Result<Json> read_members(const std::vector<Parameter>& members, const Node& node, const std::string& path) {
    Json object = Json::object();
    std::size_t known = 0;
    for (const auto& member : members) {
      const std::string here = path.empty() ? member.name : path + "." + member.name;
      const auto child = node.children.find(member.name);
      if (child == node.children.end()) {
        if (member.required) return fail("Missing", here, ErrorSource::client);
        continue;
      }
      ++known;
      object.set(member.name,
                 TRY(member.list ? read_list(member, child->second, here) : read_one(member, child->second, here)));
    }
    if (known == node.children.size()) return object;
    for (const auto& [name, child] : node.children) {
      const bool has = std::ranges::any_of(members, [&](const auto& member) { return member.name == name; });
      if (!has) return unknown_path(path.empty() ? name : path + "." + name);
    }
    return object;
  }

 private:
  // Its items in the order of their numbers. IAM has a level "member" between; an empty list is a name without one.
  Result<Json> read_list(const Parameter& parameter, const Node& node, const std::string& path) {
    const Node* numbered = &node;
    std::string here = path;
    if (style_ == Style::iam && !node.children.empty()) {
      const auto found = node.children.find("member");
      if (found == node.children.end() || node.children.size() > 1) {
        return unknown_path(path + "." + node.children.begin()->first);
      }
      numbered = &found->second;
      here += ".member";
    }
    std::map<std::size_t, Json> items;
    for (const auto& [name, child] : numbered->children) {
      std::size_t number = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (error != std::errc() || end != name.data() + name.size() || number == 0 || number > kMaxListIndex) {
        return unknown_path(here + "." + name);
      }
      items.insert_or_assign(number, TRY(read_one(parameter, child, here + "." + name)));
    }
    Json array = Json::array();
    for (auto& [number, item] : items) array.push(std::move(item));
    if (parameter.required && array.items().empty()) return fail("Missing", path, ErrorSource::client);
    return array;
  }

  Result<Json> read_one(const Parameter& parameter, const Node& node, const std::string& path) {
    if (parameter.form == Parameter::Form::structure) {
      if (!node.value.value_or("").empty()) return wrong(path, "a structure");
      return read_members(parameter.members, node, path);
    }
    if (!node.children.empty()) return unknown_path(path + "." + node.children.begin()->first);
    return read_text(parameter, node.value.value_or(""), path);
  }

  Result<Json> read_text(const Parameter& parameter, const std::string& text, const std::string& path) {
    if (parameter.form == Parameter::Form::boolean) {
      if (text == "true" || text == "True") return Json("true");
      if (text == "false" || text == "False") return Json("false");
      return wrong(path, "a boolean");
    }
    if (parameter.form == Parameter::Form::integer) {
      std::int32_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) return wrong(path, "an integer");
      return Json(std::to_string(number));
    }
    return Json(text);
  }

  static std::unexpected<Error> wrong(const std::string& path, const char* what) {
    return fail("Serialization", fmt::format("{} must be {}", path, what), ErrorSource::client);
  }

  Style style_;
};

// Members that begin with "_" are not for anybody's eyes.
void write(std::string& out, const char* item, const std::string& name, const Json& value) {
  if (value.is_null() || name.starts_with('_')) return;
  if (value.is_string()) return xml_element(out, name, value.as_string());
  const XmlScope element(out, name);
  for (const auto& one : value.items()) write(out, item, item, one);
  for (const auto& [member, held] : value.members()) write(out, item, member, held);
}

void write_members(std::string& out, const char* item, const Json& document) {
  for (const auto& [name, value] : document.members()) write(out, item, name, value);
}

}  // namespace

Result<Json> recorded_document(Style style, const std::vector<Parameter>& parameters, const sign::Form& form) {
  FormTree tree;
  for (const auto& [name, value] : form) {
    if (name == "Action" || name == "Version" || name.starts_with("X-Amz-")) continue;
    TRY(tree.add(name, value));
  }
  return RecordedReader(style).read_members(parameters, tree.root(), "");
}

Reply recorded_reply(const api::recorded::Service& service, std::string_view operation, const Json& document,
                     std::string_view request_id) {
  std::string out;
  {
    const XmlScope response(out, fmt::format("{}Response", operation), service.model.xml_namespace);
    if (service.style == Style::ec2) {
      xml_element(out, "requestId", request_id);
      write_members(out, "item", document);
    } else {
      if (!document.is_null()) {
        const XmlScope result(out, fmt::format("{}Result", operation));
        write_members(out, "member", document);
      }
      const XmlScope metadata(out, "ResponseMetadata");
      xml_element(out, "RequestId", request_id);
    }
  }
  return {200, {{"content-type", "text/xml"}}, std::move(out)};
}

Reply ec2_error(const WireError& error, std::string_view request_id) {
  std::string out;
  {
    const XmlScope response(out, "Response");
    {
      const XmlScope errors(out, "Errors");
      const XmlScope one(out, "Error");
      xml_element(out, "Code", error.code);
      xml_element(out, "Message", error.message);
    }
    xml_element(out, "RequestID", request_id);
  }
  return {error.status, {{"content-type", "text/xml"}}, std::move(out)};
}

}  // namespace weir::wire
