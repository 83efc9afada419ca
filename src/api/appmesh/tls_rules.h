// What specs say of TLS between virtual nodes, beyond its shape. Pure; any thread. Errors: BadRequestException, naming
// the member.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/appmesh/shapes.h"

namespace weir::api::appmesh {

Result<> check_tls(const model::appmesh::VirtualNodeSpec& spec);

// The certificates of Certificate Manager that its listeners show: the path of the member, and the ARN.
struct ShownCertificate {
  std::string path;
  std::string arn;
};
std::vector<ShownCertificate> managed_certificates(const model::appmesh::VirtualNodeSpec& spec);

}  // namespace weir::api::appmesh
