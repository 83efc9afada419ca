#include "control/table_compiler.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "base/regex.h"
#include "base/wildcard.h"
#include "control/limits.h"
#include "control/mesh_claims.h"
#include "control/pool_compiler.h"
#include "control/real_port.h"
#include "control/rule_compiler.h"
#include "route/limits.h"

namespace weir::control {

namespace {

namespace elbv2 = model::elbv2;

std::optional<route::BackendState> backend_state(const std::string& state) {
  if (state == "checking") return route::BackendState::checking;
  if (state == "serving") return route::BackendState::serving;
  if (state == "draining") return route::BackendState::draining;
  return std::nullopt;
}

route::ListenerProtocol listener_protocol(const model::Listener& listener) {
  const std::string protocol = listener.listener.Protocol.value_or("HTTP");
  if (protocol == "HTTPS") return route::ListenerProtocol::https;
  if (protocol == "TCP") return route::ListenerProtocol::tcp;
  if (protocol == "TLS") return route::ListenerProtocol::tls;
  return route::ListenerProtocol::http;
}

bool is_secure(route::ListenerProtocol protocol) {
  return protocol == route::ListenerProtocol::https || protocol == route::ListenerProtocol::tls;
}

// What is left of a target group or a virtual node that was deleted while targets of it still drain.
route::Pool leftover_pool(const std::string& id) {
  route::Pool pool;
  pool.id = id;
  const Duration delay = is_mesh_pool(id) ? Duration(kMeshDrainDelay) : Duration(kDeregistrationDelay);
  pool.drain_delay = std::chrono::duration_cast<route::milliseconds>(delay);
  pool.health.protocol = route::HealthProtocol::none;
  return pool;
}

// One listener of one balancer, with what decides its place among those that share its port.
struct Sharer {
  const model::LoadBalancer* balancer = nullptr;
  const model::Listener* listener = nullptr;
  auto order() const {
    return std::make_tuple(balancer->balancer.CreatedTime.value_or(Timestamp{}),
                           balancer->balancer.LoadBalancerArn.value_or(""), listener->listener.Port.value_or(0),
                           listener->listener.ListenerArn.value_or(""));
  }
};

class TableCompiler {
 public:
  TableCompiler(const TableSources& sources, const ControlOptions& options) : sources_(sources), options_(options) {
    for (const auto* group : sources.groups) groups_[group->group.TargetGroupArn.value_or("")] = group;
    for (const auto* certificate : sources.certificates) certificates_[certificate->arn] = certificate;
    for (const auto* one : sources.trust_stores) trust_stores_[one->arn] = one;
    for (const auto* rule : sources.rules) rules_[rule->listener].push_back(rule);
    for (auto& [listener, rules] : rules_) {
      std::sort(rules.begin(), rules.end(), [](const auto* a, const auto* b) { return a->priority < b->priority; });
    }
  }

  CompiledTable compile() {
    for (const auto& pool : sources_.mesh.pools) pools_.emplace(pool.id, pool);
    for (auto& [port, sharers] : by_port()) add_listener(port, std::move(sharers));
    add_backends();
    for (const auto& listener : sources_.mesh.listeners) out_.table.listeners.push_back(listener);
    for (const auto& listener : sources_.mesh.at_host) add_where_free(listener);
    out_.table.traffic_logs = sources_.mesh.traffic_logs;
    // By ARN, so that the order of creation or of names changes nothing.
    for (auto& [arn, pool] : pools_) out_.table.pools.push_back(std::move(pool));
    return std::move(out_);
  }

 private:
  std::map<std::uint16_t, std::vector<Sharer>> by_port() {
    std::map<std::string, const model::LoadBalancer*> balancers;
    for (const auto* each : sources_.balancers) balancers[each->balancer.LoadBalancerArn.value_or("")] = each;
    std::map<std::uint16_t, std::vector<Sharer>> ports;
    for (const auto* listener : sources_.listeners) {
      const auto balancer = balancers.find(listener->listener.LoadBalancerArn.value_or(""));
      if (balancer == balancers.end()) continue;
      const auto port = real_port(listener->listener.Port.value_or(80), options_.port_offset);
      ports[port].push_back({balancer->second, listener});
    }
    return ports;
  }

  void add_listener(std::uint16_t port, std::vector<Sharer> sharers) {
    std::sort(sharers.begin(), sharers.end(), [](const Sharer& a, const Sharer& b) { return a.order() < b.order(); });
    route::Listener listener;
    listener.id = "port-" + std::to_string(port);
    listener.address = options_.listen_address;
    listener.port = port;
    apply_attributes(*sharers[0].balancer, *sharers[0].listener, options_.access_logs, listener);
    std::set<const model::LoadBalancer*> seen;
    std::erase_if(sharers, [&](const Sharer& sharer) {
      if (seen.insert(sharer.balancer).second) return false;
      refuse(*sharer.listener, "Another listener of the same load balancer has port " + std::to_string(port) +
                                   " on this machine already.");
      return true;
    });
    refuse_other_protocols(port, sharers);
    listener.protocol = listener_protocol(*sharers[0].listener);
    if (is_secure(listener.protocol)) {
      listener.tls = tls_of(sharers);
      if (listener.tls->certificates.empty()) {
        for (const auto& sharer : sharers) refuse(*sharer.listener, "None of its certificates is there.");
        return;
      }
      if (listener.tls->client_certificates == route::ClientCertificates::require && listener.tls->client_ca.empty()) {
        for (const auto& sharer : sharers) refuse(*sharer.listener, "Its trust store is not there.");
        return;
      }
    }
    for (const auto& sharer : sharers) {
      const bool alone = sharers.size() == 1;
      for (auto& rule : rules_of(*sharer.listener)) {
        if (!alone && !name_balancer(rule.match, sharer.balancer->balancer.DNSName.value_or(""))) continue;
        listener.rules.push_back(std::move(rule));
      }
      out_.served_by[sharer.listener->listener.ListenerArn.value_or("")] = listener.id;
    }
    if (sharers.size() > 1) add_any_host(listener, sharers);
    out_.table.listeners.push_back(std::move(listener));
  }

  void add_where_free(const route::Listener& listener) {
    const auto is_there = [&](const route::Listener& other) {
      return other.address == listener.address && other.port == listener.port;
    };
    if (std::ranges::none_of(out_.table.listeners, is_there)) out_.table.listeners.push_back(listener);
  }

  // How clients of the listener say who they are: the same for all who share its port.
  static std::pair<std::string, std::string> clients_of(const model::Listener& listener) {
    const auto mutual = listener.listener.MutualAuthentication.value_or(elbv2::MutualAuthenticationAttributes{});
    return {mutual.Mode.value_or("off"), mutual.TrustStoreArn.value_or("")};
  }

  // Leaves the listeners that can share a port with the first.
  void refuse_other_protocols(std::uint16_t port, std::vector<Sharer>& sharers) {
    const route::ListenerProtocol protocol = listener_protocol(*sharers[0].listener);
    const bool can_share = protocol == route::ListenerProtocol::http || protocol == route::ListenerProtocol::https;
    const model::Listener* const first = sharers[0].listener;
    std::erase_if(sharers, [&](const Sharer& sharer) {
      if (sharer.listener == first) return false;
      const bool same = listener_protocol(*sharer.listener) == protocol;
      if (can_share && same && clients_of(*sharer.listener) == clients_of(*first)) return false;
      if (can_share && same) {
        refuse(*sharer.listener, "A listener with another mutual authentication of another load balancer has port " +
                                     std::to_string(port) + " on this machine.");
        return true;
      }
      refuse(*sharer.listener, "A listener of protocol " + first->listener.Protocol.value_or("HTTP") +
                                   " of another load balancer has port " + std::to_string(port) + " on this machine.");
      return true;
    });
  }

  // The certificates of all who share the port: default ones first, so that the first listener's is what is shown to
  // those who name nobody.
  route::ListenerTls tls_of(const std::vector<Sharer>& sharers) {
    route::ListenerTls tls;
    std::set<std::string> seen;
    const auto add = [&](const std::string& arn) {
      const auto found = certificates_.find(arn);
      if (found == certificates_.end() || tls.certificates.size() >= route::kMaxCertificates) return;
      if (!seen.insert(arn).second) return;
      const std::string file = options_.certificates + "/" + found->second->file;
      tls.certificates.push_back({.certificate = file + ".crt", .key = file + ".key"});
    };
    for (const auto& sharer : sharers) {
      for (const auto& shown : sharer.listener->listener.Certificates.value_or(std::vector<elbv2::Certificate>{})) {
        add(shown.CertificateArn.value_or(""));
      }
    }
    for (const auto& sharer : sharers) {
      for (const auto& arn : sharer.listener->more_certificates) add(arn);
    }
    ask_clients(*sharers[0].listener, tls);
    return tls;
  }

  // How clients say who they are.
  void ask_clients(const model::Listener& listener, route::ListenerTls& tls) {
    const auto [mode, arn] = clients_of(listener);
    if (mode == "passthrough") tls.client_certificates = route::ClientCertificates::request;
    if (mode != "verify") return;
    const auto trust = trust_stores_.find(arn);
    tls.client_certificates = route::ClientCertificates::require;
    if (trust != trust_stores_.end()) tls.client_ca = options_.certificates + "/" + trust->second->file + ".crt";
  }

  // What a request that names none of the balancers meets.
  void add_any_host(route::Listener& listener, const std::vector<Sharer>& sharers) {
    std::vector<route::Rule> rules = rules_of(*sharers[0].listener);
    route::Rule otherwise = std::move(rules.back());
    rules.pop_back();
    for (std::size_t i = 1; i < sharers.size(); ++i) {
      for (auto& rule : rules_of(*sharers[i].listener)) {
        if (!rule.match.hosts.empty()) rules.push_back(std::move(rule));
      }
    }
    rules.push_back(std::move(otherwise));
    for (auto& rule : rules) {
      rule.id += "#any-host";
      listener.rules.push_back(std::move(rule));
    }
  }

  // Narrows `match` to the requests that ask for the balancer's own name; false where it takes none of them.
  static bool name_balancer(route::Match& match, const std::string& name) {
    const auto takes = [&](const route::Pattern& host) {
      if (host.kind == route::Pattern::Kind::wildcard) return wildcard_match(host.text, name, Case::ignored);
      const auto regex = Regex::compile(host.text);
      return regex && regex->matches(name);
    };
    if (!match.hosts.empty() && std::none_of(match.hosts.begin(), match.hosts.end(), takes)) return false;
    match.hosts = {name};
    return true;
  }

  // The listener's rules by priority, its default last.
  std::vector<route::Rule> rules_of(const model::Listener& document) {
    using Actions = std::vector<elbv2::Action>;
    using Conditions = std::vector<elbv2::RuleCondition>;
    std::vector<route::Rule> rules;
    const std::string arn = document.listener.ListenerArn.value_or("");
    if (const auto own = rules_.find(arn); own != rules_.end()) {
      for (const auto* each : own->second) {
        rules.push_back({each->rule.RuleArn.value_or(""), match_of(each->rule.Conditions.value_or(Conditions{})),
                         action_of(each->rule.Actions.value_or(Actions{}))});
      }
    }
    rules.push_back({arn, {}, action_of(document.listener.DefaultActions.value_or(Actions{}))});
    return rules;
  }

  route::Action action_of(const std::vector<elbv2::Action>& actions) {
    if (actions.empty()) return route::FixedResponse{};
    const elbv2::Action& action = actions.back();
    if (action.Type == "forward") return forward(action);
    if (action.Type == "fixed-response" && action.FixedResponseConfig) {
      return fixed_response_of(*action.FixedResponseConfig);
    }
    if (action.Type == "redirect" && action.RedirectConfig) {
      return redirect_of(*action.RedirectConfig, options_.port_offset);
    }
    return route::FixedResponse{};
  }

  route::Forward forward(const elbv2::Action& action) {
    route::Forward forward;
    if (action.ForwardConfig) forward.stickiness = stickiness_of(*action.ForwardConfig);
    const auto add = [&](const std::string& arn, std::int32_t weight) {
      if (use_pool(arn)) forward.pools.push_back({arn, static_cast<unsigned>(weight)});
    };
    if (action.ForwardConfig && action.ForwardConfig->TargetGroups) {
      for (const auto& tuple : *action.ForwardConfig->TargetGroups) {
        add(tuple.TargetGroupArn.value_or(""), tuple.Weight.value_or(1));
      }
    } else if (action.TargetGroupArn) {
      add(*action.TargetGroupArn, 1);
    }
    return forward;
  }

  // False where there is no such target group.
  bool use_pool(const std::string& arn) {
    if (pools_.contains(arn)) return true;
    const auto group = groups_.find(arn);
    if (group == groups_.end()) return false;
    pools_.emplace(arn, pool_of(*group->second));
    return true;
  }

  void add_backends() {
    std::map<std::string, std::vector<route::Backend>> backends;
    const auto add = [&](const model::TaskTarget& target, std::string id) {
      if (const auto state = backend_state(target.state)) {
        backends[target.target_group].push_back(
            {std::move(id), target.address, static_cast<std::uint16_t>(target.port), *state});
      }
    };
    for (const auto* task : sources_.tasks) {
      for (const auto& target : task->targets) add(target, backend_id(*task, target));
    }
    for (const auto* registered : sources_.targets) add(registered->target, backend_id(registered->target));
    for (auto& [arn, list] : backends) {
      std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
      list.erase(std::unique(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.id == b.id; }),
                 list.end());
      if (!use_pool(arn)) pools_.emplace(arn, leftover_pool(arn));
      route::Pool& pool = pools_[arn];
      const auto is_member = [&](const route::Backend& backend) {
        return sources_.members.contains(std::string(task_of_backend(backend.id)));
      };
      if (pool.protocol != route::PoolProtocol::tcp && !sources_.members.empty()) {
        pool.envoy_headers |= std::ranges::any_of(list, is_member);
      }
      pool.backends.insert(pool.backends.end(), list.begin(), list.end());
    }
  }

  void refuse(const model::Listener& listener, std::string why) {
    out_.refused[listener.listener.ListenerArn.value_or("")] = std::move(why);
  }

  const TableSources& sources_;
  const ControlOptions& options_;
  std::map<std::string, const model::TargetGroup*> groups_;
  std::map<std::string, std::vector<const model::Rule*>> rules_;  // by listener; by priority
  std::map<std::string, const model::Certificate*> certificates_;
  std::map<std::string, const model::TrustStore*> trust_stores_;
  std::map<std::string, route::Pool> pools_;
  CompiledTable out_;
};

}  // namespace

CompiledTable compile_table(const TableSources& sources, const ControlOptions& options) {
  return TableCompiler(sources, options).compile();
}

std::string backend_id(const model::Task& task, const model::TaskTarget& target) {
  return task.id + ":" + std::to_string(target.port);
}

constexpr std::string_view kRegistered = "ip/";
std::string backend_id(const model::TaskTarget& registered) {
  return std::string(kRegistered) + "[" + registered.address + "]:" + std::to_string(registered.port);
}

bool is_registered_backend(std::string_view id) { return id.starts_with(kRegistered); }

std::string_view task_of_backend(std::string_view id) { return id.substr(0, id.find(':')); }

bool in_table(const model::TaskTarget& target) { return backend_state(target.state).has_value(); }

}  // namespace weir::control
