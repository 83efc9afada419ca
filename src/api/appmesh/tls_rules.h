// What specs say of TLS between virtual nodes and at gateways, beyond its shape. Pure; any thread. Errors:
// BadRequestException, naming the member.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/appmesh/shapes.h"

namespace weir::api::appmesh {

Result<> check_tls(const model::appmesh::VirtualNodeSpec& spec);
Result<> check_tls(const model::appmesh::VirtualGatewaySpec& spec);

// The certificates of Certificate Manager that its listeners show: the path of the member, and the ARN.
struct ShownCertificate {
  std::string path;
  std::string arn;
};
std::vector<ShownCertificate> managed_certificates(const model::appmesh::VirtualNodeSpec& spec);
std::vector<ShownCertificate> managed_certificates(const model::appmesh::VirtualGatewaySpec& spec);

}  // namespace weir::api::appmesh
