// FormTree: the dotted names of a Query form as a tree, and its reading by a Shape into the document that JSON would
// have carried. One thread; lives for one call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/shape.h"

namespace weir::wire {

class FormTree {
 public:
  // "Tags.member.1.Key" = "a". Errors: "Form" (a name twice, too deep, an empty part).
  Result<> add(std::string_view name, std::string value);
  // Errors: "Serialization" for text that is no value of its type; "Unknown" for a name that the shape lacks; both
  // name the path.
  Result<Json> document(const Shape& shape) const;

  struct Node {
    std::optional<std::string> value;
    std::map<std::string, Node, std::less<>> children;
  };
  const Node& root() const { return root_; }

 private:
  Node root_;
};

// The error of a name that a request has and its operation lacks.
std::unexpected<Error> unknown_path(std::string path);

}  // namespace weir::wire
