// RowWitness: looks at every document that the store holds, a good while after everything came to rest: each belongs to
// something that is there, or is kept no longer than AWS keeps it. One thread; owned by the world.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "model/documents.h"
#include "sim/sim_clock.h"
#include "store/store.h"

namespace weir::sim {

class RowWitness {
 public:
  RowWitness(store::Store& store, const SimClock& clock);

  // A document that should be gone, and why; none where there is none.
  std::optional<std::string> leak();

 private:
  using Judge = std::function<std::optional<std::string>(const std::string& name)>;
  std::optional<std::string> leak_of_task(const std::string& name);
  std::optional<std::string> leak_of_service(const std::string& name);
  std::optional<std::string> leak_of_state(const std::string& name);
  std::optional<std::string> leak_of_instance(const std::string& name);
  // A judge of rows that go with the document of the kind D that `owner` of their name names.
  template <class D>
  Judge goes_with(std::string (*owner)(const std::string& name));
  // Whether what ended then may be gone by now.
  bool is_past(Moment ended) const;

  store::Store& store_;
  const SimClock& clock_;
  std::map<std::string, Judge> judges_;  // by kind; null: somebody wishes it as long as it is there
};

}  // namespace weir::sim
