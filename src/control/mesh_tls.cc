#include "control/mesh_tls.h"

#include <algorithm>
#include <set>

#include "control/mesh_claims.h"

namespace weir::control {

namespace {

namespace appmesh = model::appmesh;
using model::VirtualNode;

constexpr const char* kOthers = "others";  // who is no member, or does not name the service among its backends
// What enters from another listener, and so has no address.
constexpr const char* kGateways = "gateways";

const appmesh::VirtualServiceBackend* backend_of(const VirtualNode& node, const std::string& service) {
  if (!node.spec.backends) return nullptr;
  for (const auto& each : *node.spec.backends) {
    if (each.virtualService && each.virtualService->virtualServiceName == service) return &*each.virtualService;
  }
  return nullptr;
}

const appmesh::ClientPolicyTls* tls_of(const std::optional<appmesh::ClientPolicy>& policy) {
  return policy && policy->tls ? &*policy->tls : nullptr;
}

// Of a backend its own policy, otherwise the default one; null: none.
const appmesh::ClientPolicyTls* policy_of(const VirtualNode& node, const std::string& service) {
  const auto* backend = backend_of(node, service);
  if (const auto* own = backend ? tls_of(backend->clientPolicy) : nullptr) return own;
  return node.spec.backendDefaults ? tls_of(node.spec.backendDefaults->clientPolicy) : nullptr;
}

// A policy that names ports is one for those only.
bool is_enforced(const appmesh::ClientPolicyTls* policy, std::int32_t port) {
  if (policy == nullptr || !policy->enforce.value_or(true)) return false;
  return !policy->ports || policy->ports->empty() || std::ranges::find(*policy->ports, port) != policy->ports->end();
}

bool takes_tls(const appmesh::Listener& listener) { return listener.tls && listener.tls->mode != "DISABLED"; }

bool speaks_of_tls(const VirtualNode& node) {
  if (node.spec.backendDefaults && tls_of(node.spec.backendDefaults->clientPolicy)) return true;
  const auto listeners = std::span(node.spec.listeners ? node.spec.listeners->data() : nullptr,
                                   node.spec.listeners ? node.spec.listeners->size() : 0);
  if (std::ranges::any_of(listeners, [](const auto& each) { return each.tls.has_value(); })) return true;
  const auto backends = std::span(node.spec.backends ? node.spec.backends->data() : nullptr,
                                  node.spec.backends ? node.spec.backends->size() : 0);
  return std::ranges::any_of(
      backends, [](const auto& each) { return each.virtualService && tls_of(each.virtualService->clientPolicy); });
}

std::vector<std::string> names_of(const std::optional<appmesh::SubjectAlternativeNames>& names) {
  return names ? names->match.exact : std::vector<std::string>{};
}

// The name by which a node is found, which its certificate has to be for where a client policy names none.
std::string discovery_name(const VirtualNode& node) {
  const auto& by = node.spec.serviceDiscovery;
  if (by && by->awsCloudMap) return by->awsCloudMap->serviceName + "." + by->awsCloudMap->namespaceName;
  return by && by->dns ? by->dns->hostname : "";
}

// What a gateway's policy says, in the words of nodes.
std::optional<appmesh::ClientPolicyTls> policy_of(const model::VirtualGateway& gateway) {
  const auto& defaults = gateway.spec.backendDefaults;
  if (!defaults || !defaults->clientPolicy || !defaults->clientPolicy->tls) return std::nullopt;
  const auto& from = *defaults->clientPolicy->tls;
  appmesh::ClientPolicyTls policy;
  policy.enforce = from.enforce;
  policy.ports = from.ports;
  if (from.certificate && from.certificate->file) {
    const auto& file = *from.certificate->file;
    policy.certificate.emplace().file = appmesh::ListenerTlsFileCertificate{file.certificateChain, file.privateKey};
  }
  if (const auto& file = from.validation.trust.file) {
    policy.validation.trust.file = appmesh::TlsValidationContextFileTrust{file->certificateChain};
  }
  policy.validation.subjectAlternativeNames = from.validation.subjectAlternativeNames;
  return policy;
}

// It is told in header fields and logs: what is not printable is not repeated.
std::string printable(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~' || c == '%') c = '?';
  }
  return text;
}

}  // namespace

std::string caller_name(const VirtualNode& node) {
  return node.about.scope.prefix() + "mesh/" + node.about.mesh + "/virtualNode/" + node.about.name;
}

std::string caller_name(const model::VirtualGateway& gateway) {
  return gateway.about.scope.prefix() + "mesh/" + gateway.about.mesh + "/virtualGateway/" + gateway.about.name;
}

std::string place_of(const FilePlaces& places, const std::string& path) {
  for (const auto& [inside, outside] : places) {
    const bool is_folder = inside.ends_with('/');
    if (!path.starts_with(inside)) continue;
    if (path.size() == inside.size() || is_folder || path[inside.size()] == '/') {
      return outside + (is_folder && !outside.ends_with('/') ? "/" : "") + path.substr(inside.size());
    }
  }
  return path;
}

MeshTlsRules::MeshTlsRules(const MeshDocuments& documents, const MeshCallers& callers, const MeshTls& tls)
    : documents_(documents), callers_(callers), tls_(tls) {
  if (tls.judge == nullptr) return;
  for (const auto& [key, gateway] : documents.gateways) {
    auto policy = policy_of(*gateway);
    if (policy) gateways_.emplace(caller_name(*gateway), Gateway{gateway.get(), std::move(*policy)});
  }
  in_use_ = !gateways_.empty() ||
            std::ranges::any_of(documents.nodes, [](const auto& each) { return speaks_of_tls(*each.second); });
  if (!in_use_) return;
  for (const auto& [key, node] : documents.nodes) {
    if (!node->spec.listeners) continue;
    for (const auto& each : *node->spec.listeners) {
      called_[mesh_pool(*node, each.portMapping.port)] = {node.get(), &each};
    }
  }
}

void MeshTlsRules::apply(const model::VirtualService& service, route::Listener& listener) {
  if (!in_use_) return;
  const auto callers = callers_of(service);
  const Caller gateway{};  // without a policy
  std::vector<route::Rule> rules;
  for (auto& rule : listener.rules) {
    const auto* to = std::get_if<route::Forward>(&rule.action);
    if (to == nullptr || to->pools.empty()) {
      rules.push_back(std::move(rule));
      continue;
    }
    const Refusals gateways = refusals(&gateway, *to);
    const Refusals others = refusals(nullptr, *to);
    std::map<Refusals, Group> groups;
    for (const auto& caller : callers) {
      Refusals own = refusals(&caller, *to);
      if (own == others) continue;
      Group& group = groups[std::move(own)];
      if (group.name.empty()) group.name = caller.title;
      for (const auto& address : callers_.at(caller.name)) group.sources.push_back(address + "/32");
    }
    for (auto& [refused, group] : groups) {
      route::Rule own = rule;
      own.id += "#" + group.name;
      own.match.sources = std::move(group.sources);
      lead_away(own, refused, listener, group.name);
      rules.push_back(std::move(own));
    }
    if (others != gateways) {
      route::Rule own = rule;
      own.id += std::string("#") + kOthers;
      own.match.sources = {"0.0.0.0/0"};
      lead_away(own, others, listener, kOthers);
      rules.push_back(std::move(own));
    }
    lead_away(rule, gateways, listener, kGateways);
    rules.push_back(std::move(rule));
  }
  listener.rules = std::move(rules);
}

// The nodes with tasks whose addresses are known that have the service among their backends, and the gateways that have
// something to say of TLS.
std::vector<MeshTlsRules::Caller> MeshTlsRules::callers_of(const model::VirtualService& service) const {
  std::vector<Caller> callers;
  for (const auto& [key, node] : documents_.nodes) {
    if (node->about.scope != service.about.scope || node->about.mesh != service.about.mesh) continue;
    const std::string name = caller_name(*node);
    if (!backend_of(*node, service.about.name) || !callers_.contains(name)) continue;
    callers.push_back({name, node->about.name, policy_of(*node, service.about.name)});
  }
  for (const auto& [name, each] : gateways_) {
    const auto& about = each.gateway->about;
    if (about.scope != service.about.scope || about.mesh != service.about.mesh) continue;
    if (callers_.contains(name)) callers.push_back({name, "virtualGateway/" + about.name, &each.policy});
  }
  return callers;
}

MeshTlsRules::Refusals MeshTlsRules::refusals(const Caller* caller, const route::Forward& to) const {
  Refusals all;
  for (const auto& each : to.pools) {
    const auto called = called_.find(each.pool);
    all.push_back(called == called_.end() ? "" : refusal(caller, called->second));
  }
  return all;
}

// Null for `caller`: one that speaks plainly, because nobody has told its proxy of the node.
std::string MeshTlsRules::refusal(const Caller* caller, const Called& called) const {
  const std::int32_t port = called.listener->portMapping.port;
  const std::string where = "Virtual node " + called.node->about.name + ", port " + std::to_string(port) + ": ";
  if (caller == nullptr) {
    const bool strict = called.listener->tls && called.listener->tls->mode == "STRICT";
    return strict ? where + "it takes TLS only, which a caller without this backend does not speak." : "";
  }
  const bool enforced = is_enforced(caller->policy, port);
  if (!takes_tls(*called.listener)) return enforced ? where + "it takes no TLS, on which the caller insists." : "";
  const auto& certificate = called.listener->tls->certificate;
  if (certificate.acm && !tls_.certificates.contains(certificate.acm->certificateArn)) {
    return where + "its certificate " + printable(certificate.acm->certificateArn) + " is not there.";
  }
  const std::string why = tls_.judge->refusal({caller_end(*caller, enforced, called), called_end(called)});
  return why.empty() ? "" : where + printable(why) + ".";
}

// Without a policy that is enforced the called end decides: its certificate is not verified, save one of Certificate
// Manager, which has to be valid.
TlsFiles MeshTlsRules::caller_end(const Caller& caller, bool enforced, const Called& called) const {
  TlsFiles end;
  const FilePlaces& places = places_of(caller.name);
  const auto* policy = caller.policy;
  if (policy != nullptr && policy->certificate && policy->certificate->file) {
    end.chain = place_of(places, policy->certificate->file->certificateChain);
    end.key = place_of(places, policy->certificate->file->privateKey);
  }
  if (!enforced) {
    if (called.listener->tls->certificate.acm) end.trust = called_end(called).chain;
    return end;
  }
  if (policy->validation.trust.file) end.trust = place_of(places, policy->validation.trust.file->certificateChain);
  end.names = names_of(policy->validation.subjectAlternativeNames);
  if (end.names.empty()) end.names.push_back(discovery_name(*called.node));
  return end;
}

TlsFiles MeshTlsRules::called_end(const Called& called) const {
  TlsFiles end;
  const appmesh::ListenerTls& tls = *called.listener->tls;
  const FilePlaces& places = places_of(caller_name(*called.node));
  if (tls.certificate.acm) {
    const auto file = tls_.certificates.find(tls.certificate.acm->certificateArn);
    if (file != tls_.certificates.end()) {
      end.chain = file->second + ".crt";
      end.key = file->second + ".key";
    }
  } else if (tls.certificate.file) {
    end.chain = place_of(places, tls.certificate.file->certificateChain);
    end.key = place_of(places, tls.certificate.file->privateKey);
  }
  if (tls.validation && tls.validation->trust.file) {
    end.trust = place_of(places, tls.validation->trust.file->certificateChain);
    end.names = names_of(tls.validation->subjectAlternativeNames);
    end.optional = tls.mode == "PERMISSIVE";
  }
  return end;
}

const FilePlaces& MeshTlsRules::places_of(const std::string& name) const {
  static const FilePlaces kNone;
  const auto found = tls_.places.find(name);
  return found == tls_.places.end() ? kNone : found->second;
}

// Its share of the requests finds nobody, and is told why.
void MeshTlsRules::lead_away(route::Rule& rule, const Refusals& refusals, const route::Listener& listener,
                             const std::string& whom) {
  auto& to = std::get<route::Forward>(rule.action);
  for (std::size_t i = 0; i < to.pools.size(); ++i) {
    if (refusals[i].empty()) continue;
    const Called& called = called_.at(to.pools[i].pool);
    route::Pool pool;
    pool.id = listener.id + "#refused/" + whom + "/" + called.node->about.name + ":" +
              std::to_string(called.listener->portMapping.port);
    pool.protocol =
        listener.protocol == route::ListenerProtocol::tcp ? route::PoolProtocol::tcp : route::PoolProtocol::http1;
    pool.health.protocol = route::HealthProtocol::none;
    pool.refusal = refusals[i];
    to.pools[i].pool = pool.id;
    if (std::ranges::find(pools_, pool.id, &route::Pool::id) == pools_.end()) pools_.push_back(std::move(pool));
  }
}

}  // namespace weir::control
