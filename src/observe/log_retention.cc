#include "observe/log_retention.h"

#include <chrono>
#include <set>
#include <string>

#include "model/log_documents.h"

namespace weir::observe {

Result<> expire_events(store::Store& store, LogKeep& keep, Timestamp now) {
  for (const auto& group : TRY(store::load_all<model::LogGroup>(store, ""))) {
    const auto& days = group.document.retention_days;
    if (!days) continue;
    const auto kept = std::chrono::milliseconds(std::chrono::days(*days)).count();
    const std::string prefix = model::log_streams_prefix(group.document.scope, group.document.name);
    for (const auto& stream : TRY(store::load_all<model::LogStream>(store, prefix))) {
      keep.expire(stream.document.id, now.millis - kept);
    }
  }
  return {};
}

Result<> remove_orphans(store::Store& store, LogKeep& keep) {
  std::set<std::string> known;
  for (const auto& stream : TRY(store::load_all<model::LogStream>(store, ""))) known.insert(stream.document.id);
  keep.keep_only(known);
  return {};
}

}  // namespace weir::observe
