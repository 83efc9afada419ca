#include "wire/form_tree.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "wire/limits.h"
#include "wire/scalar_text.h"

namespace weir::wire {

std::unexpected<Error> unknown_path(std::string path) { return fail("Unknown", std::move(path), ErrorSource::client); }

namespace {

using Node = FormTree::Node;

class Reader {
 public:
  Result<Json> read(const Shape& shape, const Node& node, bool flattened) {
    switch (shape.kind) {
      case ShapeKind::structure:
        return read_structure(shape, node);
      case ShapeKind::list:
        return read_list(shape, node, flattened);
      case ShapeKind::map:
        return read_map(shape, node, flattened);
      default:
        if (!node.children.empty()) return unknown_path(child_path(node.children.begin()->first));
        return scalar_of(shape, node.value.value_or(""), path_.empty() ? "the form" : path_);
    }
  }

 private:
  std::string child_path(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }

  Result<Json> read_child(const Shape& shape, const Node& node, std::string_view name, bool flattened = false) {
    const std::size_t length = path_.size();
    path_ = child_path(name);
    Json value = TRY(read(shape, node, flattened));
    path_.resize(length);
    return value;
  }

  Result<Json> read_structure(const Shape& shape, const Node& node) {
    if (node.value && !node.value->empty()) return wrong("Structure");
    Json object = Json::object();
    std::size_t known = 0;
    for (const auto& field : shape.fields) {
      const std::string_view name = field.limits.wire_name ? field.limits.wire_name : field.name;
      const auto child = node.children.find(name);
      if (child == node.children.end()) continue;
      ++known;
      object.set(field.name, TRY(read_child(field.shape(), child->second, name, field.limits.flattened)));
    }
    if (known == node.children.size()) return object;
    for (const auto& [name, child] : node.children) {
      bool found = false;
      for (const auto& field : shape.fields) {
        found = found || name == (field.limits.wire_name ? field.limits.wire_name : field.name);
      }
      if (!found) return unknown_path(child_path(name));
    }
    return object;
  }

  // The node whose children are numbers: itself where the list is flattened, else its "member" or "entry".
  Result<const Node*> numbered(const Node& node, const char* level, bool flattened) {
    if (flattened || node.children.empty()) return &node;
    const auto found = node.children.find(level);
    if (found == node.children.end()) return unknown_path(child_path(node.children.begin()->first));
    if (node.children.size() > 1) {
      const auto first = node.children.begin();
      return unknown_path(child_path(first == found ? std::next(first)->first : first->first));
    }
    return &found->second;
  }

  // The children in the order of their numbers.
  Result<std::map<std::size_t, const Node*>> in_order(const Node& node, std::string_view level) {
    std::map<std::size_t, const Node*> items;
    for (const auto& [name, child] : node.children) {
      std::size_t number = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (error != std::errc() || end != name.data() + name.size() || number == 0 || number > kMaxListIndex) {
        return unknown_path(child_path(fmt::format("{}{}", level, name)));
      }
      if (!items.emplace(number, &child).second) return unknown_path(child_path(fmt::format("{}{}", level, name)));
    }
    return items;
  }

  // "Names" or "Names.member" without a number and with an empty value is an empty list.
  Result<Json> read_list(const Shape& shape, const Node& node, bool flattened) {
    const Node& items = *TRY(numbered(node, "member", flattened));
    if ((node.value && !node.value->empty()) || (items.value && !items.value->empty())) return wrong("List");
    Json array = Json::array();
    const auto ordered = TRY(in_order(items, flattened ? "" : "member."));
    for (const auto& [number, item] : ordered) {
      array.push(TRY(read_child(shape.element(), *item,
                                flattened ? fmt::format("{}", number) : fmt::format("member.{}", number))));
    }
    return array;
  }

  Result<Json> read_map(const Shape& shape, const Node& node, bool flattened) {
    const Node& entries = *TRY(numbered(node, "entry", flattened));
    if ((node.value && !node.value->empty()) || (entries.value && !entries.value->empty())) return wrong("Map");
    Json object = Json::object();
    const auto ordered = TRY(in_order(entries, flattened ? "" : "entry."));
    for (const auto& [number, entry] : ordered) {
      const std::string name = fmt::format("entry.{}", number);
      const auto key = entry->children.find("key"), value = entry->children.find("value");
      if (key == entry->children.end() || !key->second.value) return wrong("Map, whose entries have a key");
      if (entry->children.size() > (value == entry->children.end() ? 1u : 2u)) return unknown_path(child_path(name));
      static const Node kEmpty{};
      const Node& held = value == entry->children.end() ? kEmpty : value->second;
      object.set(*key->second.value, TRY(read_child(shape.element(), held, name + ".value")));
    }
    return object;
  }

  std::unexpected<Error> wrong(std::string_view kind) const {
    return wrong_type(path_.empty() ? "the form" : path_, kind);
  }

  std::string path_;
};

}  // namespace

Result<> FormTree::add(std::string_view name, std::string value) {
  Node* node = &root_;
  std::string_view rest = name;
  for (std::size_t depth = 0;; ++depth) {
    const std::size_t end = rest.find('.');
    const std::string_view part = rest.substr(0, end);
    if (part.empty() || depth == kMaxFormDepth) {
      return fail("Form", fmt::format("'{}' is not the name of a parameter", name.substr(0, 256)), ErrorSource::client);
    }
    const auto child = node->children.find(part);
    node = child != node->children.end() ? &child->second : &node->children.emplace(part, Node{}).first->second;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (node->value) {
    return fail("Form", fmt::format("The parameter {} was given twice", name.substr(0, 256)), ErrorSource::client);
  }
  node->value = std::move(value);
  return {};
}

Result<Json> FormTree::document(const Shape& shape) const { return Reader().read(shape, root_, false); }

}  // namespace weir::wire
