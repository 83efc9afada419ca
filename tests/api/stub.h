// Actions that show what reached them and touch no store: for tests of the wire alone.
#pragma once

#include "api/action.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "wire/facade.h"

namespace weir::wire {

api::ActionTable stub_actions();

// A facade over the stub actions, with a clock that stands still at 2015-08-30T12:36:00Z unless one is given.
class StubFacade {
 public:
  explicit StubFacade(sign::Keys keys, const Clock* clock = nullptr);
  ~StubFacade();
  Facade& facade() { return *facade_; }

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::unique_ptr<Facade> facade_;
};

}  // namespace weir::wire
