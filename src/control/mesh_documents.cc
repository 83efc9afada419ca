#include "control/mesh_documents.h"

namespace weir::control {

Result<> MeshMirror::load() {
  TRY(load_kind(documents_.meshes));
  TRY(load_kind(documents_.nodes));
  TRY(load_kind(documents_.routers));
  TRY(load_kind(documents_.routes));
  TRY(load_kind(documents_.services));
  TRY(load_kind(documents_.gateways));
  TRY(load_kind(documents_.gateway_routes));
  TRY(load_kind(documents_.addresses));
  TRY(load_kind(documents_.namespaces));
  TRY(load_kind(documents_.discovery_services));
  return load_kind(documents_.instances);
}

Result<> MeshMirror::apply(const store::Key& key) {
  if (key.kind == model::DiscoveryInstance::kKind) return refresh(documents_.instances, key.name);
  if (key.kind == model::DiscoveryService::kKind) return refresh(documents_.discovery_services, key.name);
  if (key.kind == model::DiscoveryNamespace::kKind) return refresh(documents_.namespaces, key.name);
  if (key.kind == model::Mesh::kKind) return refresh(documents_.meshes, key.name);
  if (key.kind == model::VirtualNode::kKind) return refresh(documents_.nodes, key.name);
  if (key.kind == model::VirtualRouter::kKind) return refresh(documents_.routers, key.name);
  if (key.kind == model::Route::kKind) return refresh(documents_.routes, key.name);
  if (key.kind == model::VirtualService::kKind) return refresh(documents_.services, key.name);
  if (key.kind == model::VirtualGateway::kKind) return refresh(documents_.gateways, key.name);
  if (key.kind == model::GatewayRoute::kKind) return refresh(documents_.gateway_routes, key.name);
  if (key.kind == model::MeshAddress::kKind) return refresh(documents_.addresses, key.name);
  return {};
}

template <class D>
Result<> MeshMirror::load_kind(SharedDocuments<D>& into) {
  for (const auto& raw : TRY(store_.list(D::kKind, ""))) {
    auto document = raw.body->template as<D>();
    // Left alone, as the Mirror does.
    if (!document) {
      log_.error("control: " + raw.key.kind + " " + raw.key.name + " cannot be read: " + document.error().message);
      continue;
    }
    put(into, raw.key.name, std::move(*document));
  }
  return {};
}

template <class D>
Result<> MeshMirror::refresh(SharedDocuments<D>& into, const std::string& name) {
  const auto raw = TRY(store_.get({D::kKind, name}));
  if (raw) {
    auto document = raw->body->template as<D>();
    if (document) put(into, name, std::move(*document));
    return {};
  }
  const auto found = into.find(name);
  if (found == into.end()) return {};
  note(*found->second);
  into.erase(found);
  return {};
}

template <class D>
void MeshMirror::put(SharedDocuments<D>& into, const std::string& name, std::shared_ptr<const D> document) {
  note(*document);
  into[name] = std::move(document);
}

// A task's targets follow its instance; one that a call has registered is itself in the table.
void MeshMirror::note(const model::DiscoveryInstance& instance) {
  if (!documents_.active()) return;
  if (instance.task.empty()) {
    changed_ = true;
  } else {
    tasks_.insert(instance.task);
  }
}

}  // namespace weir::control
