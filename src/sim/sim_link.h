// SimLink: one direction of a connection, or of the way to a worker: messages arrive in the order of sending, each
// after a delay drawn from the seed; what is under way when the link is cut is lost. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/random.h"
#include "sim/agenda.h"
#include "sim/limits.h"

namespace weir::sim {

struct Delay {
  milliseconds usual{2};
  milliseconds rare{50};  // the longest
  unsigned rare_percent = 5;

  Duration draw(Random& random) const {
    const milliseconds most = random.chance(rare_percent) ? rare : usual;
    return std::chrono::microseconds(random.between(0, std::chrono::microseconds(most).count()));
  }
};

class SimLink {
 public:
  SimLink(Agenda& agenda, Random& random, const Delay& delay) : agenda_(agenda), random_(random), delay_(delay) {}

  void send(std::function<void()> arrives) {
    last_ = std::max(last_, agenda_.now() + delay_.draw(random_));
    agenda_.at(last_, [alive = std::weak_ptr<int>(alive_), arrives = std::move(arrives)] {
      if (!alive.expired()) arrives();
    });
  }
  void cut() { alive_ = std::make_shared<int>(); }

 private:
  Agenda& agenda_;
  Random& random_;
  const Delay& delay_;  // the world may slow it down
  Instant last_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace weir::sim
