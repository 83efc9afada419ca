#include "cli/status_view.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace weir::cli {

namespace {

// The part of an ARN that people know: "…:targetgroup/NAME/ID" is NAME, "…:task-definition/FAMILY:3" is FAMILY:3.
std::string_view short_name(std::string_view arn) {
  if (!arn.starts_with("arn:")) return arn;
  const std::size_t slash = arn.find('/');
  if (slash == std::string_view::npos) return arn;
  std::string_view rest = arn.substr(slash + 1);
  if (arn.contains(":targetgroup/")) rest = rest.substr(0, rest.find('/'));
  return rest;
}

// Lines with the branches of a tree before them.
class Tree {
 public:
  // A line at `depth` (0: a root); `last`: no sibling follows it.
  void line(std::size_t depth, bool last, std::string_view text) {
    open_.resize(depth + 1);
    open_[depth] = !last;
    for (std::size_t i = 1; i < depth; ++i) out_ += open_[i] ? "│  " : "   ";
    if (depth > 0) out_ += last ? "└─ " : "├─ ";
    out_ += text;
    out_ += '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  std::vector<bool> open_;
  std::string out_;
};

std::string task_line(const Json& task) {
  std::string text = fmt::format("task {}  {}", task["id"].as_string().substr(0, 8), task["status"].as_string());
  if (const std::string& health = task["health"].as_string(); !health.empty()) text += "  " + health;
  text += "  " + age_text(task["age_seconds"].as_int());
  for (const Json& target : task["targets"].items()) {
    text +=
        fmt::format("  → {} {}:{} {} {}", short_name(target["targetGroup"].as_string()), target["address"].as_string(),
                    target["port"].as_int(), target["state"].as_string(), target["health"].as_string());
    if (const std::string& reason = target["reason"].as_string(); !reason.empty()) text += fmt::format(" ({})", reason);
  }
  return text;
}

std::vector<const Json*> tasks_of(const Json& service, std::string_view deployment) {
  std::vector<const Json*> tasks;
  for (const Json& task : service["tasks"].items())
    if (task["deployment"].as_string() == deployment) tasks.push_back(&task);
  return tasks;
}

// Tasks whose deployment is not among the service's: left over from one that is over.
std::vector<const Json*> tasks_left(const Json& service) {
  std::vector<const Json*> tasks;
  for (const Json& task : service["tasks"].items()) {
    bool known = false;
    for (const Json& deployment : service["deployments"].items())
      known = known || task["deployment"].as_string() == deployment["id"].as_string();
    if (!known) tasks.push_back(&task);
  }
  return tasks;
}

void show_deployment(Tree& tree, const Json& service, const Json& deployment, bool last) {
  tree.line(2, last,
            fmt::format("deployment {}  {}  {}  {}/{} running  {}  {}",
                        short_name(deployment["taskDefinition"].as_string()), deployment["status"].as_string(),
                        deployment["id"].as_string(), deployment["running"].as_int(), deployment["desired"].as_int(),
                        deployment["rolloutState"].as_string(), age_text(deployment["age_seconds"].as_int())));
  const auto tasks = tasks_of(service, deployment["id"].as_string());
  for (std::size_t i = 0; i < tasks.size(); ++i) tree.line(3, i + 1 == tasks.size(), task_line(*tasks[i]));
}

void show_service(Tree& tree, const Json& service, bool last) {
  tree.line(1, last,
            fmt::format("service {}  {}  desired {}  running {}  pending {}", service["name"].as_string(),
                        service["status"].as_string(), service["desired"].as_int(), service["running"].as_int(),
                        service["pending"].as_int()));
  const auto left = tasks_left(service);
  const bool event = !service["events"].items().empty();
  const auto& deployments = service["deployments"].items();
  for (std::size_t i = 0; i < deployments.size(); ++i)
    show_deployment(tree, service, deployments[i], i + 1 == deployments.size() && left.empty() && !event);
  for (std::size_t i = 0; i < left.size(); ++i) tree.line(2, i + 1 == left.size() && !event, task_line(*left[i]));
  if (event) {
    const Json& newest = service["events"].items().front();
    tree.line(2, true, fmt::format("{}  {}", newest["at"].as_string(), newest["message"].as_string()));
  }
}

const Json& find_named(const Json& list, std::string_view member, const Json& value) {
  static const Json kNone;
  for (const Json& item : list.items())
    if (item[member] == value) return item;
  return kNone;
}

// Requests of a target group since `before`, which may be null or lack it. A proxy that started anew counts from 0.
std::int64_t requests_since(const Json& group, const Json& groups_before) {
  const std::int64_t now = group["requests"].as_int();
  const std::int64_t then = find_named(groups_before, "name", group["name"])["requests"].as_int();
  return now >= then ? now - then : now;
}

std::string share(double part, double whole) {
  return whole > 0 ? fmt::format("{:5.1f} %", 100 * part / whole) : std::string("    – ");
}

void show_listener(Tree& tree, const Json& listener, const Json& before, bool last) {
  std::string text = fmt::format("listener :{}", listener["port"].as_int());
  if (const std::string& error = listener["error"].as_string(); !error.empty()) {
    text += "  " + error;
  } else {
    text += listener["listening"].as_bool() ? "  listening" : "  not listening yet";
  }
  tree.line(1, last, text);
  double weights = 0;
  double requests = 0;
  std::size_t width = 0;
  const auto& groups = listener["targetGroups"].items();
  for (const Json& group : groups) {
    weights += group["weight"].as_double();
    requests += static_cast<double>(requests_since(group, before["targetGroups"]));
    width = std::max(width, short_name(group["name"].as_string()).size());
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto measured = static_cast<double>(requests_since(groups[i], before["targetGroups"]));
    tree.line(2, i + 1 == groups.size(),
              fmt::format("{:<{}}  wished {}  measured {}  {}/{} healthy  {} requests",
                          short_name(groups[i]["name"].as_string()), width,
                          share(groups[i]["weight"].as_double(), weights), share(measured, requests),
                          groups[i]["healthy"].as_int(), groups[i]["total"].as_int(), groups[i]["requests"].as_int()));
  }
}

}  // namespace

std::string age_text(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", std::max<std::int64_t>(seconds, 0));
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86'400, seconds / 3600 % 24);
}

std::string render_status(const Json& now, const Json* before) {
  static const Json kNone;
  Tree tree;
  for (const Json& cluster : now["clusters"].items()) {
    tree.line(0, true, fmt::format("cluster {}", cluster["name"].as_string()));
    const auto& services = cluster["services"].items();
    for (std::size_t i = 0; i < services.size(); ++i) show_service(tree, services[i], i + 1 == services.size());
  }
  for (const Json& balancer : now["balancers"].items()) {
    tree.line(0, true, fmt::format("balancer {}  {}", balancer["name"].as_string(), balancer["dns"].as_string()));
    const Json& balancer_before =
        before != nullptr ? find_named((*before)["balancers"], "name", balancer["name"]) : kNone;
    const auto& listeners = balancer["listeners"].items();
    for (std::size_t i = 0; i < listeners.size(); ++i)
      show_listener(tree, listeners[i], find_named(balancer_before["listeners"], "port", listeners[i]["port"]),
                    i + 1 == listeners.size());
  }
  std::string text = tree.take();
  return text.empty() ? "nothing here yet\n" : text;
}

}  // namespace weir::cli
