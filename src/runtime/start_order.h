// StartOrder: which of a task's containers may start next, which wait for others and until when, and which may be told
// to stop. Pure: it knows what is wished, is told what is seen, and starts nothing. In the shim, on its one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/runtime.h"

namespace weir::runtime {

// Whether a container that ended by itself is started again: where its policy says so, and it did not run too shortly.
bool is_restarted(const ContainerSpec& container, std::int32_t exit_code, Duration ran);

class StartOrder {
 public:
  // What is seen of the containers, in the order of the wished ones.
  using Seen = std::vector<ContainerObservation>;

  // `containers` must outlive this.
  explicit StartOrder(const std::vector<ContainerSpec>& containers);

  void note_started(std::size_t container, Instant at) { started_[container] = at; }
  bool has_started(std::size_t container) const { return started_[container].has_value(); }
  bool all_started() const;

  // The first that has not started and waits for nothing.
  std::optional<std::size_t> next(const Seen& seen) const;

  // A container that waits for what will not come.
  struct Stuck {
    std::size_t container;
    std::string why;  // a sentence
  };
  std::optional<Stuck> stuck(const Seen& seen, Instant now) const;
  // When a wait is over that is still open; nullopt for none that is bounded.
  std::optional<Instant> deadline(const Seen& seen) const;

  // The running ones on which no other that runs depends: the order of starting, reversed.
  std::vector<std::size_t> may_stop(const Seen& seen) const;

 private:
  std::optional<std::size_t> index_of(const std::string& name) const;
  bool is_met(const Dependency& dependency, const Seen& seen) const;
  std::string why_never(const ContainerSpec& waiting, const Dependency& dependency, const Seen& seen,
                        Instant now) const;
  std::optional<Instant> deadline_of(const Dependency& dependency) const;

  const std::vector<ContainerSpec>& containers_;
  std::vector<std::optional<Instant>> started_;
};

}  // namespace weir::runtime
