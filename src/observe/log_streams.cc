#include "observe/log_streams.h"

#include <set>

namespace weir::observe {

Result<std::vector<model::LogDelivery>> open_log_streams(store::Store& store, Random& random, Timestamp now,
                                                         const model::Task& task,
                                                         const std::vector<ContainerLog>& containers) {
  std::vector<model::LogDelivery> deliveries;
  std::vector<store::Write> writes;
  std::set<std::string> made;
  for (const auto& [container, container_id, options] : containers) {
    const model::Scope scope{task.scope.account, options.region};
    const model::LogGroup group{.scope = scope, .name = options.group, .created_at = now};
    if (!TRY(store.get({model::LogGroup::kKind, group.key()})) && made.insert(group.key()).second) {
      if (!options.create_group) {
        return fail("ResourceNotFoundException", "The specified log group does not exist.", ErrorSource::client);
      }
      writes.push_back(store::put(group, store::Expect::kAbsent));
    }
    model::LogStream stream{.scope = scope,
                            .group = options.group,
                            .name = stream_name(options, container, task.id, container_id),
                            .created_at = now};
    if (const auto there = TRY(store::peek<model::LogStream>(store, stream.key()))) {
      stream.id = (*there)->id;
    } else {
      stream.id = random.hex(32);
      writes.push_back(store::put(stream, store::Expect::kAbsent));
    }
    deliveries.push_back({.scope = task.scope,
                          .cluster = task.cluster,
                          .task = task.id,
                          .container = container,
                          .stream_key = stream.key(),
                          .stream = stream.id,
                          .event_start = options.event_start});
    writes.push_back(store::put(deliveries.back(), store::Expect::kAny));
  }
  if (!writes.empty()) TRY(store.commit(writes));
  return deliveries;
}

}  // namespace weir::observe
