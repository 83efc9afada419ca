#include "api/status_view.h"

#include <algorithm>
#include <vector>

#include "api/arn.h"
#include "api/ecs/service_view.h"
#include "model/documents.h"

namespace weir::api {

namespace {

constexpr std::size_t kEvents = 5;

template <class D>
Result<std::vector<D>> every(store::Store& store) {
  std::vector<D> all;
  for (auto& one : TRY(store::load_all<D>(store, ""))) all.push_back(std::move(one.document));
  return all;
}

std::int64_t age_seconds(Timestamp now, Timestamp then) {
  return std::max<std::int64_t>(0, now.millis - then.millis) / 1000;
}

// The words of the nouns: "NAME" of "…:targetgroup/NAME/ID".
std::string group_name(const std::string& arn) {
  const auto parsed = parse_arn(arn);
  return parsed ? parsed->part(1) : arn;
}

class View {
 public:
  View(Timestamp now, const std::map<std::string, std::uint64_t>& requests) : now_(now), requests_(requests) {}

  Result<> read(store::Store& store) {
    clusters_ = TRY(every<model::Cluster>(store));
    services_ = TRY(every<model::Service>(store));
    states_ = TRY(every<model::ServiceState>(store));
    tasks_ = TRY(every<model::Task>(store));
    balancers_ = TRY(every<model::LoadBalancer>(store));
    listeners_ = TRY(every<model::Listener>(store));
    listener_states_ = TRY(every<model::ListenerState>(store));
    std::stable_sort(services_.begin(), services_.end(),
                     [](const auto& a, const auto& b) { return a.created_at < b.created_at; });
    std::stable_sort(tasks_.begin(), tasks_.end(),
                     [](const auto& a, const auto& b) { return a.created_at < b.created_at; });
    return {};
  }

  Json shown() const {
    Json clusters = Json::array();
    for (const auto& cluster : clusters_) {
      if (cluster.status == "ACTIVE") clusters.push(shown(cluster));
    }
    Json balancers = Json::array();
    for (const auto& balancer : balancers_) balancers.push(shown(balancer));
    Json all;
    all.set("clusters", std::move(clusters)).set("balancers", std::move(balancers));
    return all;
  }

 private:
  Json shown(const model::Cluster& cluster) const {
    Json services = Json::array();
    for (const auto& service : services_) {
      const bool within = service.scope == cluster.scope && service.cluster == cluster.name;
      if (within && service.status != "INACTIVE") services.push(shown(service));
    }
    Json view;
    view.set("account", cluster.scope.account).set("region", cluster.scope.region).set("name", cluster.name);
    view.set("services", std::move(services));
    return view;
  }

  const model::ServiceState* state_of(const model::Service& service) const {
    const auto found =
        std::find_if(states_.begin(), states_.end(), [&](const auto& one) { return one.key() == service.key(); });
    return found == states_.end() ? nullptr : &*found;
  }

  Json shown(const model::Service& service) const {
    const auto* state = state_of(service);
    Json deployments = Json::array();
    for (const auto& deployment : ecs::deployments_of(service, state)) deployments.push(shown(deployment));
    Json tasks = Json::array();
    for (const auto& task : tasks_) {
      const bool within =
          task.scope == service.scope && task.cluster == service.cluster && task.service == service.name;
      if (within && task.last_status != "STOPPED") tasks.push(shown(task));
    }
    Json events = Json::array();
    for (std::size_t i = 0; state && i < std::min(kEvents, state->events.size()); ++i) {
      const auto& event = state->events[i];
      events.push(Json().set("at", to_iso8601(event.created_at)).set("message", event.message));
    }
    Json view;
    view.set("name", service.name).set("status", service.status).set("desired", service.desired_count);
    view.set("running", state ? state->running_count : 0).set("pending", state ? state->pending_count : 0);
    view.set("deployments", std::move(deployments)).set("tasks", std::move(tasks)).set("events", std::move(events));
    return view;
  }

  Json shown(const model::Deployment& deployment) const {
    Json view;
    view.set("id", deployment.id).set("status", deployment.status).set("taskDefinition", deployment.task_definition);
    view.set("desired", deployment.desired_count).set("running", deployment.running_count);
    view.set("rolloutState", deployment.rollout_state);
    view.set("age_seconds", age_seconds(now_, deployment.created_at));
    return view;
  }

  Json shown(const model::Task& task) const {
    Json targets = Json::array();
    bool healthy = !task.targets.empty();
    bool unhealthy = false;
    for (const auto& target : task.targets) {
      healthy = healthy && target.health == "healthy";
      unhealthy = unhealthy || target.health == "unhealthy";
      Json view;
      view.set("targetGroup", target.target_group).set("address", target.address).set("port", target.port);
      view.set("state", target.state).set("health", target.health).set("reason", target.reason);
      targets.push(std::move(view));
    }
    Json view;
    view.set("id", task.id).set("deployment", task.deployment).set("status", task.last_status);
    view.set("health", unhealthy ? "UNHEALTHY" : healthy ? "HEALTHY" : "");
    view.set("age_seconds", age_seconds(now_, task.created_at)).set("targets", std::move(targets));
    return view;
  }

  Json shown(const model::LoadBalancer& balancer) const {
    std::vector<const model::Listener*> own;
    for (const auto& listener : listeners_) {
      if (listener.listener.LoadBalancerArn == balancer.balancer.LoadBalancerArn) own.push_back(&listener);
    }
    std::sort(own.begin(), own.end(), [](const auto* a, const auto* b) { return a->listener.Port < b->listener.Port; });
    Json listeners = Json::array();
    for (const auto* listener : own) listeners.push(shown(*listener));
    Json view;
    view.set("name", balancer.balancer.LoadBalancerName.value_or(""));
    view.set("dns", balancer.balancer.DNSName.value_or("")).set("listeners", std::move(listeners));
    return view;
  }

  Json shown(const model::Listener& listener) const {
    const auto state = std::find_if(listener_states_.begin(), listener_states_.end(),
                                    [&](const auto& one) { return one.key() == listener.key(); });
    const bool known = state != listener_states_.end();
    Json view;
    view.set("port", listener.listener.Port.value_or(0)).set("listening", known && state->listening);
    view.set("error", known ? state->error : "").set("targetGroups", groups_of(listener));
    return view;
  }

  Json groups_of(const model::Listener& listener) const {
    std::vector<model::elbv2::TargetGroupTuple> tuples;
    for (const auto& action : listener.listener.DefaultActions.value_or(std::vector<model::elbv2::Action>{})) {
      if (action.ForwardConfig && action.ForwardConfig->TargetGroups) tuples = *action.ForwardConfig->TargetGroups;
    }
    std::int64_t weights = 0;
    for (const auto& tuple : tuples) weights += tuple.Weight.value_or(1);
    Json groups = Json::array();
    for (const auto& tuple : tuples) groups.push(shown(tuple, weights));
    return groups;
  }

  Json shown(const model::elbv2::TargetGroupTuple& tuple, std::int64_t weights) const {
    const std::string arn = tuple.TargetGroupArn.value_or("");
    const std::int64_t weight = tuple.Weight.value_or(1);
    std::int64_t total = 0;
    std::int64_t healthy = 0;
    for (const auto& task : tasks_) {
      for (const auto& target : task.targets) {
        if (target.target_group != arn || target.state == "gone" || target.address.empty()) continue;
        ++total;
        if (target.state == "serving" && target.health == "healthy") ++healthy;
      }
    }
    const auto counted = requests_.find(arn);
    Json view;
    view.set("name", group_name(arn)).set("weight", weight);
    view.set("share_wished", weights > 0 ? 100.0 * static_cast<double>(weight) / static_cast<double>(weights) : 0.0);
    view.set("requests", counted == requests_.end() ? std::uint64_t{0} : counted->second);
    view.set("healthy", healthy).set("total", total);
    return view;
  }

  Timestamp now_;
  const std::map<std::string, std::uint64_t>& requests_;
  std::vector<model::Cluster> clusters_;
  std::vector<model::Service> services_;
  std::vector<model::ServiceState> states_;
  std::vector<model::Task> tasks_;
  std::vector<model::LoadBalancer> balancers_;
  std::vector<model::Listener> listeners_;
  std::vector<model::ListenerState> listener_states_;
};

}  // namespace

Result<Json> status_view(store::Store& store, Timestamp now, const std::map<std::string, std::uint64_t>& requests) {
  View view(now, requests);
  TRY(view.read(store));
  return view.shown();
}

}  // namespace weir::api
