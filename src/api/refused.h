// What Weir does not do yet is refused by name, never accepted and ignored. Each operation has a table of the
// parameters that it refuses; docs/aws-coverage.md lists them. Constant; any thread.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "base/shape.h"

namespace weir::api {

// A parameter asks for something where it is present and more than its neutral value: true, a number other than 0, a
// text, a list or map with elements, a structure with a member that asks for something.
struct Refused {
  const char* path;          // "containerDefinitions.secrets"; a list on the way stands for each of its elements
  const char* allowed = "";  // words that are taken nevertheless, with "|" between them
};

// The refused parameters of one operation, for the coverage document and its test.
struct RefusedOf {
  const char* operation;
  std::span<const Refused> parameters;
};

// Error: `code`, naming the first parameter of `value` that is in the table and asks for something.
Result<> refuse(const Shape& shape, const void* value, std::span<const Refused> table, const char* code);

template <class T>
Result<> refuse(const T& request, std::span<const Refused> table, const char* code) {
  return refuse(shape_of<T>(), &request, table, code);
}

}  // namespace weir::api
