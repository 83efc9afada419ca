// The place of a virtual service of App Mesh among the addresses of this machine, kept by control so that it stays the
// same.
#pragma once

#include <cstdint>
#include <string>

#include "model/documents.h"

namespace weir::model {

// Fact. Key: scope + mesh + "/" + service.
struct MeshAddress {
  static constexpr const char* kKind = "mesh-address";
  Scope scope;
  std::string mesh;
  std::string service;      // the virtual service's name
  std::int32_t number = 0;  // 1 to 1022: of the host within the instance's range
  std::string key() const;
};

const Shape& describe(const MeshAddress*);

}  // namespace weir::model
