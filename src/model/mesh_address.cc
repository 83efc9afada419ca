#include "model/mesh_address.h"

#include "base/describe.h"

namespace weir::model {

std::string MeshAddress::key() const { return scope.prefix() + mesh + "/" + service; }

const Shape& describe(const MeshAddress*) {
  static const Shape kShape = structure<MeshAddress>("MeshAddress", {
                                                                        member<&MeshAddress::scope>("scope"),
                                                                        member<&MeshAddress::mesh>("mesh"),
                                                                        member<&MeshAddress::service>("service"),
                                                                        member<&MeshAddress::number>("number"),
                                                                    });
  return kShape;
}

}  // namespace weir::model
