#include "store/memory_store.h"

#include "store/limits.h"

namespace weir::store {

Result<std::int64_t> MemoryStore::commit(std::span<const Write> writes) {
  if (writes.empty()) return revision();
  TRY(index_.admit(writes));
  index_.apply(writes);
  if (index_.tombstones() >= 2 * kTombstonesKept) index_.trim(index_.trim_point(kTombstonesKept));
  const std::int64_t written = revision();
  if (told_) told_();
  return written;
}

}  // namespace weir::store
