// The documents of App Mesh: meshes and what is in them. Wishes all of them: the façade writes them.
#pragma once

#include <string>
#include <vector>

#include "model/appmesh/shapes.h"
#include "model/documents.h"

namespace weir::model {

// What every resource of App Mesh has besides its spec.
struct MeshResource {
  Scope scope;
  std::string mesh;    // name; of a mesh its own
  std::string parent;  // of a route its virtual router, of a gateway route its virtual gateway; empty for all others
  std::string name;
  appmesh::ResourceMetadata metadata;  // arn, uid, owners, times; version 1 and one more with each change of the spec
  std::string status = "ACTIVE";       // ACTIVE, INACTIVE
  std::vector<appmesh::TagRef> tags;
  std::string client_token;  // of the last call that created or updated it
  std::string request;       // a digest of that call
};

// Key of every one: scope + mesh + "/" + parent + "/" + name, without the parts that it does not have.
struct Mesh {
  static constexpr const char* kKind = "mesh";
  MeshResource about;
  appmesh::MeshSpec spec;
  std::string key() const;
};

struct VirtualNode {
  static constexpr const char* kKind = "virtual-node";
  MeshResource about;
  appmesh::VirtualNodeSpec spec;
  std::string key() const;
};

struct VirtualRouter {
  static constexpr const char* kKind = "virtual-router";
  MeshResource about;
  appmesh::VirtualRouterSpec spec;
  std::string key() const;
};

struct Route {
  static constexpr const char* kKind = "mesh-route";
  MeshResource about;
  appmesh::RouteSpec spec;
  std::string key() const;
};

struct VirtualService {
  static constexpr const char* kKind = "virtual-service";
  MeshResource about;
  appmesh::VirtualServiceSpec spec;
  std::string key() const;
};

struct VirtualGateway {
  static constexpr const char* kKind = "virtual-gateway";
  MeshResource about;
  appmesh::VirtualGatewaySpec spec;
  std::string key() const;
};

struct GatewayRoute {
  static constexpr const char* kKind = "gateway-route";
  MeshResource about;
  appmesh::GatewayRouteSpec spec;
  std::string key() const;
};

std::string mesh_key(const Scope& scope, const std::string& mesh);
// What the keys of everything in a mesh begin with, kind by kind.
std::string within_mesh(const Scope& scope, const std::string& mesh);
// The same of a virtual router's routes and a virtual gateway's gateway routes.
std::string within_parent(const Scope& scope, const std::string& mesh, const std::string& parent);

const Shape& describe(const MeshResource*);
const Shape& describe(const Mesh*);
const Shape& describe(const VirtualNode*);
const Shape& describe(const VirtualRouter*);
const Shape& describe(const Route*);
const Shape& describe(const VirtualService*);
const Shape& describe(const VirtualGateway*);
const Shape& describe(const GatewayRoute*);

}  // namespace weir::model
