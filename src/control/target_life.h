// TargetLife: one turn in the life of a target in the table, in the order that spills nothing (DESIGN §5): of a task's
// target and of one registered by hand. Asked again with its own result it changes nothing. Any thread, short-lived.
#pragma once

#include <optional>

#include "model/documents.h"
#include "route/feedback.h"

namespace weir::control {

// What is known of one target.
struct TargetView {
  bool group_exists = true;
  Duration drain_delay{};
  // All workers run a table in which the backend is in the table at all, serving, draining.
  bool acknowledged_checking = false;
  bool acknowledged_serving = false;
  bool acknowledged_draining = false;
  const route::BackendStatus* status = nullptr;  // the proxy's last word; null for none
};

class TargetLife {
 public:
  TargetLife(model::TaskTarget& target, const TargetView& view, Moment now) : target_(target), view_(view), now_(now) {}

  // What a target that is checked has to be in order to serve. Where too few of a pool are healthy all who serve take
  // requests: as AWS has it those too that were registered by hand and never were healthy, but no task's.
  enum class Needs { health, verdict };
  // Of a target in the table: notes its health, lets it serve once it is as needed, and counts it once every worker
  // knows.
  void serve(Needs needs = Needs::health);
  // True where the target was in the table and begins to drain now.
  bool begin_drain();
  // True where the target has nothing in flight: it never was in the table, or it has drained.
  bool drain();
  void leave_table();

  bool changed() const { return changed_; }
  bool awaits_acknowledgement() const { return awaits_; }
  std::optional<Moment> next() const { return next_; }  // when time alone brings more

 private:
  // The one way to change the document: what is so already is no change.
  template <class T, class V>
  void set(T& slot, V&& value) {
    if (slot == value) return;
    slot = std::forward<V>(value);
    changed_ = true;
  }
  void note_health();

  model::TaskTarget& target_;
  const TargetView& view_;
  const Moment now_;
  bool changed_ = false;
  bool awaits_ = false;
  std::optional<Moment> next_;
};

}  // namespace weir::control
