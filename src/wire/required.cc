#include "wire/required.h"

#include <fmt/format.h>

#include <string>

namespace weir::wire {
namespace {

class Search {
 public:
  void visit(const Shape& shape, const Json& json) {
    const std::size_t length = path_.size();
    if (shape.kind == ShapeKind::structure) {
      for (const auto& field : shape.fields) {
        if (!path_.empty()) path_ += '.';
        path_ += field.name;
        visit_field(field, json[field.name]);
        path_.resize(length);
      }
    } else if (shape.kind == ShapeKind::list) {
      std::size_t number = 0;
      for (const auto& item : json.items()) {
        path_ += fmt::format(".{}.member", ++number);
        visit(shape.element(), item);
        path_.resize(length);
      }
    } else if (shape.kind == ShapeKind::map) {
      for (const auto& [name, item] : json.members()) {
        path_ += fmt::format(".{}.member", name);
        visit(shape.element(), item);
        path_.resize(length);
      }
    }
  }

  std::string breaches;
  int count = 0;

 private:
  void visit_field(const Field& field, const Json& held) {
    if (!held.is_null()) {
      visit(field.shape(), held);
    } else if (field.limits.required) {
      ++count;
      breaches += fmt::format("{}Value null at '{}' failed to satisfy constraint: Member must not be null",
                              breaches.empty() ? "" : "; ", path_);
    }
  }

  std::string path_;
};

}  // namespace

Result<> require_members(const Shape& shape, const Json& json) {
  Search search;
  search.visit(shape, json);
  if (search.count == 0) return {};
  return fail(
      "Validation",
      fmt::format("{} validation error{} detected: {}", search.count, search.count == 1 ? "" : "s", search.breaches),
      ErrorSource::client);
}

}  // namespace weir::wire
