// ListenerNews: tells the services behind a listener, in their events, that it cannot be reached or can be again.
// Control thread; short-lived.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/moment.h"
#include "base/random.h"
#include "control/mirror.h"
#include "model/documents.h"
#include "store/store.h"

namespace weir::control {

class ListenerNews {
 public:
  ListenerNews(const Mirror& mirror, Now now, Random& random) : mirror_(mirror), now_(now), random_(random) {}

  // What is so of the listener now; `before` is null where nothing was known of it.
  void note(const model::Listener& listener, const model::ListenerState* before, const model::ListenerState& after);
  // Adds the writes of everything that was noted.
  void write(std::vector<store::Write>& writes) const;

 private:
  const Mirror& mirror_;
  const Now now_;
  Random& random_;
  std::map<std::string, store::Versioned<model::ServiceState>> told_;  // by key
};

}  // namespace weir::control
