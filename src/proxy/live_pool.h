// LivePool: a pool as one worker runs it: which backends may take a request, whose turn it is, what each is doing.
// Pure: no socket, no clock; time and chance are parameters. It lives as long as its id stays in the table, so that
// rotation, counters and health outlast a change of table. One thread; owned by a LiveTable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "proxy/retry.h"
#include "proxy/shared_load.h"
#include "proxy/standing.h"
#include "proxy/tally.h"
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
  bool proved = false;               // has been healthy
  std::uint32_t active = 0;          // exchanges in flight
  std::uint64_t requests = 0;        // taken since it was first seen
  Standing standing;                 // how often it has been ejected, too
  std::shared_ptr<SharedLoad> load;  // of all workers
  Tally tally;

  // What the data plane hangs on it: its connections. Destroyed with the backend.
  struct Attachment {
    virtual ~Attachment() = default;
    // The backend's state has changed, or it has left the table: idle connections of one that does not serve close.
    virtual void backend_changed() = 0;
    virtual bool idle() const = 0;      // holds nothing that must outlive the table entry
    virtual bool has_room() const = 0;  // a connection that another exchange can have without opening one
  };
  std::unique_ptr<Attachment> attachment;

  bool serving() const {
    return listed &&
           (spec.state == route::BackendState::serving || (spec.state == route::BackendState::entering && proved));
  }
  // Requests are shared out to it. As of the pool's newest look at its backends.
  bool takes() const { return takes_; }

 private:
  friend class LivePool;
  bool ready_ = false;  // serves and is not unhealthy
  bool takes_ = false;
  bool warming_ = false;          // in its slow start ...
  Instant warm_since_{};          // ... from then on
  bool shares_requests_ = false;  // `active` is part of load->requests
  std::int64_t turn_ = 0;         // of the smooth weighted rotation
};

// Told when a place at a backend may have become free. Of one worker; outlives its pools' use.
class RoomWatcher {
 public:
  virtual ~RoomWatcher() = default;
  virtual void room_in(LivePool& pool) = 0;
};

// What has changed in a pool since the table before. The same for all workers, whose backends stand in that table's
// order: with it, taking the pool over is hardly more than moving pointers.
struct PoolPlan {
  static constexpr std::uint32_t kNew = UINT32_MAX;
  bool unchanged = false;           // in everything; then the rest is empty
  route::Pool bare;                 // the pool without its backends
  std::vector<std::uint32_t> from;  // for each backend its place among those before, or kNew
};

// `before`: null where the pool is new.
PoolPlan plan_of(const route::Pool& pool, const route::Pool* before);

using FreshBackends = std::vector<std::unique_ptr<LiveBackend>>;  // those that are new, in the table's order

class LivePool {
 public:
  // `shared`: where the workers of one process meet; null: this one is alone.
  explicit LivePool(const route::Pool& pool, SharedLoads* shared = nullptr);
  LivePool(const route::Pool& pool, const PoolPlan& plan, FreshBackends fresh, SharedLoads* shared);
  LivePool(const LivePool&) = delete;
  LivePool& operator=(const LivePool&) = delete;

  // Takes over a newer description. A backend with the same id, address and port stays the same LiveBackend.
  void update(const route::Pool& pool);
  // The same, with what has been prepared: `plan` goes out from the description in force.
  void update(const route::Pool& pool, const PoolPlan& plan, FreshBackends fresh);
  // A backend for `fresh`. Any thread.
  static std::unique_ptr<LiveBackend> fresh(const std::string& pool, const route::Backend& spec, SharedLoads* shared);
  // The pool has left the table: no backend of it may be picked any more.
  void retire();

  const route::Pool& spec() const { return spec_; }  // its `backends` are empty: see backends()
  const std::string& id() const { return spec_.id; }
  std::span<const std::unique_ptr<LiveBackend>> backends() const { return backends_; }
  // `place`: where it stands, most likely; elsewhere it takes longer to find.
  LiveBackend* find(std::string_view backend, std::size_t place = 0) const;
  void set_health(std::string_view backend, route::Health health, std::size_t place = 0);
  // Looks at the backends anew where something has changed since: slow starts begin and end, ejected ones return.
  // Every pick does it; call it after update() and set_health(), so that a slow start counts from then.
  void take_stock(Instant now) {
    if (stale_ || now >= next_change_) look(now);
  }

  // Whose turn it is by the pool's algorithm: among those that serve, are not unhealthy and not ejected; where these
  // are fewer than `fail_open` says, among all that serve (a health check that fails everywhere says more about
  // itself). Never one that is checking or draining, never one of `exclude`, never one that has no room. Null where
  // nothing is left; crowded() then says whether that is for want of room.
  LiveBackend* pick(Instant now, Random& random, std::span<LiveBackend* const> exclude = {});
  // The last pick has passed a backend over because of the pool's limits.
  bool crowded() const { return crowded_; }
  // Whether a pick could choose `backend` now: for those who have a reason to want just this one.
  bool may_take(LiveBackend& backend, Instant now);

  // The backend that a client's cookie names (see cookies.h) if a pick could choose it now; null otherwise, and in
  // pools without stickiness.
  LiveBackend* take_by_token(std::uint64_t token, Instant now);
  // Requests are shared out to some backend.
  bool can_serve(Instant now);

  // Every pick that is used is begun, and ended once. False: another worker has taken the last place meanwhile.
  [[nodiscard]] bool begin(LiveBackend& backend);
  void end(LiveBackend& backend);
  // What came of an attempt, once each; a backend that fails users may be ejected for it.
  void note(LiveBackend& backend, Outcome outcome, Instant now) {
    if (spec_.outlier) judge(backend, outcome, now);
  }

  // Requests of this worker that wait for room, and those of all workers; counted by whoever lets them wait.
  std::uint32_t waiting = 0;
  SharedLine& line() const { return *line_; }
  RoomWatcher* watcher = nullptr;
  // A place may have become free.
  void tell_room() {
    if (watcher != nullptr && line_->waiting.load() > 0) watcher->room_in(*this);
  }

  // Appends what has been counted since the last time.
  void collect(std::vector<TallyLine>& lines);
  // Forgets dropped backends on which nothing runs and of which all is collected. True when the pool holds no backend
  // at all, and has no request.
  bool sweep();

  // Requests in flight of this worker, between attempts too.
  RetryBudget budget;

  Tally tally;  // counted by the data plane

 private:
  void name_backends();

  struct Fit;  // which backends a pick may choose

  void look(Instant now);
  bool fails_open(std::size_t serving, std::size_t healthy) const;
  void judge(LiveBackend& backend, Outcome outcome, Instant now);
  bool may_eject(const LiveBackend& backend) const;
  bool has_room(const LiveBackend& backend) const;
  void share_requests(LiveBackend& backend);
  std::uint64_t weight(const LiveBackend& backend, Instant now) const;
  std::uint64_t load(const LiveBackend& backend, Instant now) const;
  LiveBackend* choose(const Fit& fit, Instant now, Random& random);
  LiveBackend* in_turn(const Fit& fit);
  LiveBackend* least_busy(const Fit& fit);
  LiveBackend* least_busy_warming(const Fit& fit, Instant now);
  template <class Wanted>
  LiveBackend* by_weight(Wanted wanted, Instant now);
  LiveBackend* drawn(const Fit& fit, Instant now, Random& random, const LiveBackend* but = nullptr);
  LiveBackend* of_two(const Fit& fit, Instant now, Random& random);

  SharedLoads* shared_;
  route::Pool spec_;
  std::vector<std::unique_ptr<LiveBackend>> backends_;        // in the table's order
  std::vector<std::unique_ptr<LiveBackend>> dropped_;         // finishing
  std::unordered_map<std::uint64_t, LiveBackend*> by_token_;  // of the listed ones; empty without stickiness
  std::shared_ptr<SharedLine> line_;
  std::size_t cursor_ = 0;  // where the next pick starts looking
  bool crowded_ = false;
  bool limited_ = false;  // there are limits of connections or requests

  // As of the newest look.
  bool stale_ = true;
  Instant next_change_{};  // when the next slow start or ejection ends
  bool even_ = true;       // all that take requests have the same weight, and ...
  bool warming_ = false;   // ... one is in its slow start
  bool all_take_ = false;
};

}  // namespace weir::proxy
