#include "control/name_keeper.h"

#include <utility>

namespace weir::control {

namespace {

using model::DiscoveryInstance;
using model::DiscoveryNamespace;
using model::DiscoveryService;

constexpr const char* kBalancersId = "balancers";
constexpr const char* kVirtualServicesId = "virtual-services";

// Of a namespace's key, "ACCOUNT/REGION/ID": the id.
std::string id_in(const std::string& key) { return key.substr(key.rfind('/') + 1); }

// Of an instance's key, "ACCOUNT/REGION/SERVICE/ID", whose id may have slashes too: the service's.
std::string service_in(const std::string& key) {
  std::size_t end = 0;
  for (int part = 0; part < 3; ++part) end = key.find('/', end + 1);
  return key.substr(0, end);
}

std::string space_key(const DiscoveryService& service) { return service.scope.prefix() + service.name_space; }

}  // namespace

void NameKeeper::set_virtual_services(VirtualServices services) {
  if (services == virtual_services_) return;
  virtual_services_ = std::move(services);
  virtual_dirty_ = true;
}

Result<> NameKeeper::follow() {
  const std::int64_t target = store_.revision();
  if (revision_ < 0) {
    TRY(begin());
  } else if (target != revision_) {
    const auto changes = store_.changes(revision_);
    if (!changes && changes.error().code == "Trimmed") {
      revision_ = -1;
      return follow();
    }
    if (!changes) return std::unexpected(changes.error());
    for (const auto& change : *changes) TRY(note(change.key));
  }
  revision_ = target;
  while (!dirty_.empty()) {
    TRY(write_space(*dirty_.begin()));
    dirty_.erase(dirty_.begin());
  }
  if (balancers_dirty_) TRY(write_balancers());
  balancers_dirty_ = false;
  if (virtual_dirty_) TRY(folder_.write(kVirtualServicesId, zone_of_virtual_services(virtual_services_)));
  virtual_dirty_ = false;
  written_ = revision_;
  return {};
}

// All that there is.
Result<> NameKeeper::begin() {
  space_of_.clear();
  services_of_.clear();
  for (const auto& service : TRY(store::peek_all<DiscoveryService>(store_, ""))) {
    space_of_[service->key()] = space_key(*service);
    services_of_[space_key(*service)].insert(service->key());
  }
  std::set<std::string> ids{kBalancersId, kVirtualServicesId};
  for (const auto& space : TRY(store::peek_all<DiscoveryNamespace>(store_, ""))) {
    dirty_.insert(space->key());
    ids.insert(space->id);
  }
  balancers_dirty_ = virtual_dirty_ = true;
  return folder_.keep_only(ids);
}

Result<> NameKeeper::note(const store::Key& key) {
  if (key.kind == DiscoveryNamespace::kKind) {
    dirty_.insert(key.name);
  } else if (key.kind == DiscoveryService::kKind) {
    return note_service(key.name);
  } else if (key.kind == DiscoveryInstance::kKind) {
    const auto space = space_of_.find(service_in(key.name));
    if (space != space_of_.end()) dirty_.insert(space->second);
  } else if (key.kind == model::LoadBalancer::kKind) {
    balancers_dirty_ = true;
  }
  return {};
}

Result<> NameKeeper::note_service(const std::string& key) {
  const auto service = TRY(store::peek<DiscoveryService>(store_, key));
  const auto before = space_of_.find(key);
  if (before != space_of_.end()) {
    dirty_.insert(before->second);
    const auto siblings = services_of_.find(before->second);
    siblings->second.erase(key);
    if (siblings->second.empty()) services_of_.erase(siblings);
    space_of_.erase(before);
  }
  if (!service) return {};
  const std::string space = space_key(**service);
  dirty_.insert(space);
  space_of_[key] = space;
  services_of_[space].insert(key);
  return {};
}

Result<> NameKeeper::write_space(const std::string& key) {
  const auto space = TRY(store::peek<DiscoveryNamespace>(store_, key));
  if (!space || (*space)->type == "HTTP") return folder_.remove(id_in(key));
  std::vector<store::Snapshot<DiscoveryService>> services;  // they hold what the view borrows
  std::vector<std::vector<store::Snapshot<DiscoveryInstance>>> instances;
  const auto known = services_of_.find(key);
  for (const auto& each : known == services_of_.end() ? std::set<std::string>() : known->second) {
    auto service = TRY(store::peek<DiscoveryService>(store_, each));
    if (!service) continue;
    const std::string below = model::instances_of_service((*service)->scope, (*service)->id);
    instances.push_back(TRY(store::peek_all<DiscoveryInstance>(store_, below)));
    services.push_back(std::move(*service));
  }
  std::vector<RegisteredService> view;
  for (std::size_t i = 0; i < services.size(); ++i) {
    RegisteredService& one = view.emplace_back(RegisteredService{&*services[i], {}});
    for (const auto& instance : instances[i]) one.instances.push_back(&*instance);
  }
  return folder_.write((*space)->id, zone_of(**space, view));
}

Result<> NameKeeper::write_balancers() {
  const auto balancers = TRY(store::peek_all<model::LoadBalancer>(store_, ""));
  std::vector<const model::LoadBalancer*> view;
  for (const auto& one : balancers) view.push_back(&*one);
  return folder_.write(kBalancersId, zone_of_balancers(view, address_));
}

}  // namespace weir::control
