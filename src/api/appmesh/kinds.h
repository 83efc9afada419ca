// The kinds of resources that a mesh is made of, as a row each: AWS's words for it, its shapes, and where a request
// names it. What all kinds have in common is written once over these (resources.h). Constant; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include "api/limits.h"
#include "model/mesh_documents.h"

namespace weir::api::appmesh {

namespace shapes = model::appmesh;

struct NoParent {};

template <class D>
struct Kind;

template <>
struct Kind<model::Mesh> {
  using Parent = NoParent;
  using Data = shapes::MeshData;
  using Ref = shapes::MeshRef;
  static constexpr const char* kWord = "Mesh";
  static constexpr const char* kPath = "mesh";  // in ARNs
  static constexpr std::size_t kMax = kMaxMeshes;
  static constexpr auto kDataName = &Data::meshName;
  static constexpr auto kRefName = &Ref::meshName;
  template <class R>
  static const std::string& name(const R& request) {
    return request.meshName;
  }
  template <class R>
  static auto& list(R& reply) {
    return reply.meshes;
  }
};

template <>
struct Kind<model::VirtualNode> {
  using Parent = NoParent;
  using Data = shapes::VirtualNodeData;
  using Ref = shapes::VirtualNodeRef;
  static constexpr const char* kWord = "VirtualNode";
  static constexpr const char* kPath = "virtualNode";
  static constexpr std::size_t kMax = kMaxVirtualNodes;
  static constexpr auto kDataName = &Data::virtualNodeName;
  static constexpr auto kRefName = &Ref::virtualNodeName;
  template <class R>
  static const std::string& name(const R& request) {
    return request.virtualNodeName;
  }
  template <class R>
  static auto& list(R& reply) {
    return reply.virtualNodes;
  }
};

template <>
struct Kind<model::VirtualRouter> {
  using Parent = NoParent;
  using Data = shapes::VirtualRouterData;
  using Ref = shapes::VirtualRouterRef;
  static constexpr const char* kWord = "VirtualRouter";
  static constexpr const char* kPath = "virtualRouter";
  static constexpr std::size_t kMax = kMaxVirtualRouters;
  static constexpr auto kDataName = &Data::virtualRouterName;
  static constexpr auto kRefName = &Ref::virtualRouterName;
  template <class R>
  static const std::string& name(const R& request) {
    return request.virtualRouterName;
  }
  template <class R>
  static auto& list(R& reply) {
    return reply.virtualRouters;
  }
};

template <>
struct Kind<model::VirtualService> {
  using Parent = NoParent;
  using Data = shapes::VirtualServiceData;
  using Ref = shapes::VirtualServiceRef;
  static constexpr const char* kWord = "VirtualService";
  static constexpr const char* kPath = "virtualService";
  static constexpr std::size_t kMax = kMaxVirtualServices;
  static constexpr auto kDataName = &Data::virtualServiceName;
  static constexpr auto kRefName = &Ref::virtualServiceName;
  template <class R>
  static const std::string& name(const R& request) {
    return request.virtualServiceName;
  }
  template <class R>
  static auto& list(R& reply) {
    return reply.virtualServices;
  }
};

template <>
struct Kind<model::VirtualGateway> {
  using Parent = NoParent;
  using Data = shapes::VirtualGatewayData;
  using Ref = shapes::VirtualGatewayRef;
  static constexpr const char* kWord = "VirtualGateway";
  static constexpr const char* kPath = "virtualGateway";
  static constexpr std::size_t kMax = kMaxVirtualGateways;
  static constexpr auto kDataName = &Data::virtualGatewayName;
  static constexpr auto kRefName = &Ref::virtualGatewayName;
  template <class R>
  static const std::string& name(const R& request) {
    return request.virtualGatewayName;
  }
  template <class R>
  static auto& list(R& reply) {
    return reply.virtualGateways;
  }
};

template <>
struct Kind<model::Route> {
  using Parent = model::VirtualRouter;
  using Data = shapes::RouteData;
  using Ref = shapes::RouteRef;
  static constexpr const char* kWord = "Route";
  static constexpr const char* kPath = "route";
  static constexpr std::size_t kMax = kMaxMeshRoutes;
  static constexpr auto kDataName = &Data::routeName;
  static constexpr auto kRefName = &Ref::routeName;
  static constexpr auto kDataParent = &Data::virtualRouterName;
  static constexpr auto kRefParent = &Ref::virtualRouterName;
  template <class R>
  static const std::string& name(const R& request) {
    return request.routeName;
  }
  template <class R>
  static auto& list(R& reply) {
    return reply.routes;
  }
};

template <>
struct Kind<model::GatewayRoute> {
  using Parent = model::VirtualGateway;
  using Data = shapes::GatewayRouteData;
  using Ref = shapes::GatewayRouteRef;
  static constexpr const char* kWord = "GatewayRoute";
  static constexpr const char* kPath = "gatewayRoute";
  static constexpr std::size_t kMax = kMaxGatewayRoutes;
  static constexpr auto kDataName = &Data::gatewayRouteName;
  static constexpr auto kRefName = &Ref::gatewayRouteName;
  static constexpr auto kDataParent = &Data::virtualGatewayName;
  static constexpr auto kRefParent = &Ref::virtualGatewayName;
  template <class R>
  static const std::string& name(const R& request) {
    return request.gatewayRouteName;
  }
  template <class R>
  static auto& list(R& reply) {
    return reply.gatewayRoutes;
  }
};

template <class D>
inline constexpr bool kIsMesh = false;
template <>
inline constexpr bool kIsMesh<model::Mesh> = true;

// Routes and gateway routes are parts of something else in the mesh.
template <class D>
inline constexpr bool kHasParent = true;
template <class D>
requires std::is_same_v<typename Kind<D>::Parent, NoParent>
inline constexpr bool kHasParent<D> = false;

}  // namespace weir::api::appmesh
