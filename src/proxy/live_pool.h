// LivePool: a pool as one worker runs it: which backends may take a request, whose turn it is, what each is doing.
// Pure: no socket, no clock, no chance. It lives as long as its id stays in the table, so that rotation, counters and
// health outlast a change of table. One thread; owned by a LiveTable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "route/feedback.h"
#include "route/route_table.h"

namespace weir::proxy {

class LivePool;

// A backend as one worker sees it. Stays at its address while an exchange runs on it, even when the table has
// dropped it (`listed` is false then).
struct LiveBackend {
  route::Backend spec;
  LivePool* pool = nullptr;
  route::Health health = route::Health::unknown;
  bool listed = true;
  std::uint32_t active = 0;    // exchanges in flight
  std::uint64_t requests = 0;  // taken since it was first seen

  // What the data plane hangs on it: its connections. Destroyed with the backend.
  struct Attachment {
    virtual ~Attachment() = default;
    // The backend's state has changed, or it has left the table: idle connections of one that does not serve close.
    virtual void backend_changed() = 0;
    virtual bool idle() const = 0;  // holds nothing that must outlive the table entry
  };
  std::unique_ptr<Attachment> attachment;

  bool serving() const { return listed && spec.state == route::BackendState::serving; }
};

class LivePool {
 public:
  explicit LivePool(const route::Pool& pool) { update(pool); }
  LivePool(const LivePool&) = delete;
  LivePool& operator=(const LivePool&) = delete;

  // Takes over a newer description. A backend with the same id, address and port stays the same LiveBackend.
  void update(const route::Pool& pool);
  // The pool has left the table: no backend of it may be picked any more.
  void retire();

  const route::Pool& spec() const { return spec_; }  // its `backends` are empty: see backends()
  const std::string& id() const { return spec_.id; }
  std::span<const std::unique_ptr<LiveBackend>> backends() const { return backends_; }
  LiveBackend* find(std::string_view backend) const;
  void set_health(std::string_view backend, route::Health health);

  // Whose turn it is: among those that serve and are not unhealthy; where there are none, among all that serve (a
  // health check that fails everywhere says more about itself). Never one that is checking or draining, never one of
  // `exclude`. Null where nothing is left.
  LiveBackend* pick(std::span<LiveBackend* const> exclude = {});
  // Every pick that is used is begun, and ended once.
  void begin(LiveBackend& backend);
  void end(LiveBackend& backend);

  // Forgets dropped backends on which nothing runs. True when the pool holds no backend at all.
  bool sweep();

  // Answers of this pool, by hundreds of their status; counted by the data plane.
  route::PoolCounters counters;

 private:
  template <class Eligible>
  LiveBackend* next_of(Eligible eligible);

  route::Pool spec_;
  std::vector<std::unique_ptr<LiveBackend>> backends_;  // in the table's order
  std::vector<std::unique_ptr<LiveBackend>> dropped_;   // finishing
  std::size_t cursor_ = 0;                              // where the next pick starts looking
};

}  // namespace weir::proxy
