// MeshDocuments: what the store says of App Mesh and of the Cloud Map that its nodes are found by, as of the revision
// of the Mirror, which owns it and tells it of changes. A store without a mesh costs a look at each change's kind. One
// thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/log.h"
#include "model/discovery_documents.h"
#include "model/mesh_address.h"
#include "model/mesh_documents.h"
#include "store/store.h"

namespace weir::control {

template <class D>
using SharedDocuments = std::map<std::string, std::shared_ptr<const D>>;  // by key

struct MeshDocuments {
  SharedDocuments<model::Mesh> meshes;
  SharedDocuments<model::VirtualNode> nodes;
  SharedDocuments<model::VirtualRouter> routers;
  SharedDocuments<model::Route> routes;
  SharedDocuments<model::VirtualService> services;
  SharedDocuments<model::VirtualGateway> gateways;
  SharedDocuments<model::GatewayRoute> gateway_routes;
  SharedDocuments<model::MeshAddress> addresses;
  SharedDocuments<model::DiscoveryNamespace> namespaces;
  SharedDocuments<model::DiscoveryService> discovery_services;
  SharedDocuments<model::DiscoveryInstance> instances;

  // Whether there is any mesh whose traffic is to be carried.
  bool active() const { return !nodes.empty() || !services.empty() || !gateways.empty(); }
};

class MeshMirror {
 public:
  explicit MeshMirror(store::Store& store, Log& log) : store_(store), log_(log) {}

  // Errors: the store's.
  Result<> load();
  // A change in the store; of another kind it is none of ours.
  Result<> apply(const store::Key& key);

  const MeshDocuments& documents() const { return documents_; }

  // Since they were last taken: whether nodes, routes, services or namespaces have changed, and the keys of the tasks
  // whose instances have.
  void note_changed() { changed_ = true; }
  bool take_changed() { return std::exchange(changed_, false); }
  std::set<std::string> take_tasks() { return std::exchange(tasks_, {}); }

 private:
  template <class D>
  Result<> load_kind(SharedDocuments<D>& into);
  template <class D>
  Result<> refresh(SharedDocuments<D>& into, const std::string& name);
  template <class D>
  void put(SharedDocuments<D>& into, const std::string& name, std::shared_ptr<const D> document);
  void note(const model::DiscoveryInstance& instance);
  template <class D>
  void note(const D&) {
    changed_ = true;
  }

  store::Store& store_;
  Log& log_;
  MeshDocuments documents_;
  bool changed_ = false;
  std::set<std::string> tasks_;
};

}  // namespace weir::control
