// What goes from a LogKeep by itself: events over their group's retention, and what belongs to no stream because the
// process died between deleting a stream and removing its events. Control thread.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "observe/log_keep.h"
#include "store/store.h"

namespace weir::observe {

// Forgets events older than their group's retention. Errors: the store's.
Result<> expire_events(store::Store& store, LogKeep& keep, Timestamp now);

// Removes the events of streams that are not in the store. Errors: the store's; nothing is removed then.
Result<> remove_orphans(store::Store& store, LogKeep& keep);

}  // namespace weir::observe
