// What the resources of a mesh say of each other: what a spec names has to be there and to fit, and what is named
// stays. Control thread.
#pragma once

#include "api/action.h"
#include "model/mesh_documents.h"

namespace weir::api::appmesh {

// Errors: NotFoundException, of what a spec names and the mesh lacks; BadRequestException where ports or protocols of
// the two do not fit, also of what names the resource already; LimitExceededException.
Result<> check_references(Context& context, const model::Mesh& mesh);
Result<> check_references(Context& context, const model::VirtualNode& node);
Result<> check_references(Context& context, const model::VirtualRouter& router);
Result<> check_references(Context& context, const model::Route& route);
Result<> check_references(Context& context, const model::VirtualService& service);
Result<> check_references(Context& context, const model::VirtualGateway& gateway);
Result<> check_references(Context& context, const model::GatewayRoute& route);

// Errors: ResourceInUseException, of the first that needs it.
Result<> check_unused(Context& context, const model::Mesh& mesh);
Result<> check_unused(Context& context, const model::VirtualNode& node);
Result<> check_unused(Context& context, const model::VirtualRouter& router);
Result<> check_unused(Context& context, const model::Route& route);
Result<> check_unused(Context& context, const model::VirtualService& service);
Result<> check_unused(Context& context, const model::VirtualGateway& gateway);
Result<> check_unused(Context& context, const model::GatewayRoute& route);

}  // namespace weir::api::appmesh
