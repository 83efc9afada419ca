#include "sim/name_witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "dns/limits.h"
#include "model/discovery_documents.h"
#include "sim/wishes.h"

namespace weir::sim {

namespace {

std::string text_of(const dns::Ipv4& address) {
  return fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
}

std::string text_of(const std::set<std::string>& addresses) {
  std::string text;
  for (const auto& address : addresses) text += (text.empty() ? "" : ", ") + address;
  return text.empty() ? "nobody" : text;
}

}  // namespace

NameWitness::Addresses NameWitness::addresses_of(const std::string& name) {
  Addresses found;
  const auto reply = names_.ask(name, dns::Type::a);
  if (!reply) return found;
  for (const auto& record : reply->answers)
    if (const auto* address = std::get_if<dns::Ipv4>(&record.data)) found.insert(text_of(*address));
  return found;
}

void NameWitness::ask_any() {
  if (registries_.empty() || !names_.alive()) return;
  const auto& [name, registry] = *std::next(registries_.begin(), static_cast<long>(random_.below(registries_.size())));
  const Addresses found = addresses_of(name);
  visited_.insert(found.empty() ? "a name of nobody" : found.size() > 1 ? "a name of several" : "a name of one");
  for (const auto& address : found) {
    const SimTask* task = runtime_.at_address(address);
    if (task == nullptr) {
      breach_(fmt::format("{} leads to {}, where nobody ever was", name, address));
    } else if (task->told_to_stop) {
      breach_(fmt::format("{} leads to task {}, which got SIGTERM", name, task->spec.id.substr(0, 8)));
    }
  }
  check_stays(name, found);
}

// Once what control wrote last has been read.
void NameWitness::check_stays(const std::string& name, const Addresses& found) {
  if (!died_at_ || clock_.now() - *died_at_ <= dns::kZoneReadWithin) return;
  visited_.insert("a name without control");
  const auto [before, is_first] = last_.emplace(name, found);
  const bool all_told = before->second.size() > 1 && before->second.size() < dns::kMostAnswers;
  if (is_first || (all_told ? found == before->second : found.empty() == before->second.empty())) return;
  breach_(fmt::format("{} leads to {}, and a moment ago to {}, and control is dead", name, text_of(found),
                      text_of(before->second)));
}

void NameWitness::on_sigterm(const SimTask& task) {
  for (const auto& [name, registry] : registries_)
    if (addresses_of(name).contains(task.address()))
      breach_(fmt::format("task {} gets SIGTERM, and {} leads to it", task.spec.id.substr(0, 8), name));
}

void NameWitness::on_control_died() {
  died_at_ = clock_.now();
  last_.clear();
}

NameWitness::Addresses NameWitness::registered(const std::string& registry) const {
  Addresses healthy, all;
  for (const auto& each :
       MUST(store::peek_all<model::DiscoveryInstance>(store_, model::instances_of_service(kScope, registry)))) {
    const auto address = each->attributes.find("AWS_INSTANCE_IPV4");
    if (address == each->attributes.end()) continue;
    all.insert(address->second);
    if (each->health != "UNHEALTHY") healthy.insert(address->second);
  }
  return healthy.empty() ? all : healthy;
}

std::optional<std::string> NameWitness::difference() {
  if (!names_.alive()) return "the name server is dead";
  for (const auto& [name, registry] : registries_)
    if (auto found = difference_of(name, registry)) return found;
  for (const auto& [name, address] : fixed_)
    if (const auto found = addresses_of(name); found != Addresses{address})
      return fmt::format("{} leads to {}, not to {}", name, text_of(found), address);
  return std::nullopt;
}

std::optional<std::string> NameWitness::difference_of(const std::string& name, const std::string& registry) {
  const Addresses wished = registered(registry);
  const Addresses found = addresses_of(name);
  const auto service = MUST(store::peek<model::DiscoveryService>(store_, kScope.prefix() + registry));
  if (!service) return fmt::format("{} is of no service", name);
  const std::size_t most = (*service)->routing_policy == "WEIGHTED" ? 1 : dns::kMostAnswers;
  const bool right = found.size() == std::min(most, wished.size()) && std::ranges::includes(wished, found);
  if (right) return std::nullopt;
  return fmt::format("{} leads to {}, and registered are {}", name, text_of(found), text_of(wished));
}

}  // namespace weir::sim
