#include "model/mesh_documents.h"

#include "base/describe.h"

namespace weir::model {
namespace {

template <class D>
Shape with_spec(const char* name) {
  return structure<D>(name, {member<&D::about>("about"), member<&D::spec>("spec")});
}

std::string key_in_mesh(const MeshResource& about) {
  if (about.parent.empty()) return within_mesh(about.scope, about.mesh) + about.name;
  return within_parent(about.scope, about.mesh, about.parent) + about.name;
}

}  // namespace

const Shape& describe(const MeshResource*) {
  static const Shape kShape =
      structure<MeshResource>("MeshResource", {
                                                  member<&MeshResource::scope>("scope"),
                                                  member<&MeshResource::mesh>("mesh"),
                                                  member<&MeshResource::parent>("parent"),
                                                  member<&MeshResource::name>("name"),
                                                  member<&MeshResource::metadata>("metadata"),
                                                  member<&MeshResource::status>("status"),
                                                  member<&MeshResource::tags>("tags"),
                                                  member<&MeshResource::client_token>("client_token"),
                                                  member<&MeshResource::request>("request"),
                                              });
  return kShape;
}

const Shape& describe(const Mesh*) {
  static const Shape kShape = with_spec<Mesh>("Mesh");
  return kShape;
}

const Shape& describe(const VirtualNode*) {
  static const Shape kShape = with_spec<VirtualNode>("VirtualNode");
  return kShape;
}

const Shape& describe(const VirtualRouter*) {
  static const Shape kShape = with_spec<VirtualRouter>("VirtualRouter");
  return kShape;
}

const Shape& describe(const Route*) {
  static const Shape kShape = with_spec<Route>("Route");
  return kShape;
}

const Shape& describe(const VirtualService*) {
  static const Shape kShape = with_spec<VirtualService>("VirtualService");
  return kShape;
}

const Shape& describe(const VirtualGateway*) {
  static const Shape kShape = with_spec<VirtualGateway>("VirtualGateway");
  return kShape;
}

const Shape& describe(const GatewayRoute*) {
  static const Shape kShape = with_spec<GatewayRoute>("GatewayRoute");
  return kShape;
}

std::string Mesh::key() const { return mesh_key(about.scope, about.name); }
std::string VirtualNode::key() const { return key_in_mesh(about); }
std::string VirtualRouter::key() const { return key_in_mesh(about); }
std::string Route::key() const { return key_in_mesh(about); }
std::string VirtualService::key() const { return key_in_mesh(about); }
std::string VirtualGateway::key() const { return key_in_mesh(about); }
std::string GatewayRoute::key() const { return key_in_mesh(about); }

std::string mesh_key(const Scope& scope, const std::string& mesh) { return scope.prefix() + mesh; }

std::string within_mesh(const Scope& scope, const std::string& mesh) { return scope.prefix() + mesh + "/"; }

std::string within_parent(const Scope& scope, const std::string& mesh, const std::string& parent) {
  return within_mesh(scope, mesh) + parent + "/";
}

}  // namespace weir::model
