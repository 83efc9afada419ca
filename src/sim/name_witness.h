// NameWitness: asks for the names of the world and holds the answers against the tasks that they lead to and against
// what is registered. One thread; owned by the world.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "sim/sim_names.h"
#include "sim/sim_runtime.h"
#include "store/store.h"

namespace weir::sim {

// No name leads to a task that has been told to stop; while control is dead answers stay as they were.
inline constexpr const char* kNamesInvariant = "names";

class NameWitness {
 public:
  using Breach = std::function<void(std::string what)>;
  NameWitness(store::Store& store, const Clock& clock, Random& random, SimNames& names, SimRuntime& runtime,
              Breach breach)
      : store_(store), clock_(clock), random_(random), names_(names), runtime_(runtime), breach_(std::move(breach)) {}

  // A name that stands for the instances of a service of Cloud Map.
  void add(const std::string& name, const std::string& registry) { registries_[name] = registry; }
  // One that stands for an address.
  void add_fixed(const std::string& name, const std::string& address) { fixed_[name] = address; }
  void remove_fixed(const std::string& name) { fixed_.erase(name); }

  // Asks for one of the names, by chance.
  void ask_any();
  void on_sigterm(const SimTask& task);
  void on_control_died();
  void on_control_started() { died_at_.reset(); }
  // Where answers are not what is registered, after a while of quiet.
  std::optional<std::string> difference();

  const std::set<std::string>& visited() const { return visited_; }

 private:
  using Addresses = std::set<std::string>;
  Addresses addresses_of(const std::string& name);
  void check_stays(const std::string& name, const Addresses& found);
  std::optional<std::string> difference_of(const std::string& name, const std::string& registry);
  // The addresses of those registered that are healthy, of all where none is.
  Addresses registered(const std::string& registry) const;

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
  SimNames& names_;
  SimRuntime& runtime_;
  const Breach breach_;
  std::map<std::string, std::string> registries_;  // by name: the service's id
  std::map<std::string, std::string> fixed_;       // by name: the address
  std::optional<Instant> died_at_;                 // control, while it is dead
  std::map<std::string, Addresses> last_;          // by name: what was answered since then
  std::set<std::string> visited_;
};

}  // namespace weir::sim
