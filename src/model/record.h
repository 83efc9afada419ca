// Record: a thing that is kept because clients ask for it, and that nothing on this machine acts on: a VPC, a role. Its
// document is what its service shows of it, member for member; members that begin with "_" are kept and not shown.
#pragma once

#include <string>

#include "base/json.h"
#include "base/shape.h"
#include "model/documents.h"

namespace weir::model {

// Wish. Key: scope + kind + "/" + name. What belongs to no region has "global" for one.
struct Record {
  static constexpr const char* kKind = "record";
  Scope scope;
  std::string kind;  // "subnet"
  std::string name;  // "subnet-0123456789abcdef0"; a role's name
  Json document;
  std::string key() const;
};

// What the keys of all records of a kind begin with.
std::string records_of_kind(const Scope& scope, std::string_view kind);

const Shape& describe(const Record*);

}  // namespace weir::model
