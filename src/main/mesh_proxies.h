// MeshProxies: how far the proxy has come, as the façade of App Mesh asks. Owned by Server; control thread.
#pragma once

#include "api/appmesh/proxies.h"
#include "control/control.h"

namespace weir {

class MeshProxies final : public api::appmesh::Proxies {
 public:
  // `control` outlives it.
  explicit MeshProxies(const control::Control& control) : control_(control) {}
  bool run(std::int64_t revision) const override { return control_.in_force() >= revision; }

 private:
  const control::Control& control_;
};

}  // namespace weir
