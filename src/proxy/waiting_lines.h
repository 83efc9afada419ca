// WaitingLines: the requests of one worker for which no backend of their pool has room: first come, first served, a
// line a pool. When a place may have become free, here or at another worker, the first in line tries again at the end
// of the turn. Workers that all have somebody waiting take turns. One thread; owned by the Lane.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/timer.h"
#include "proxy/live_pool.h"

namespace weir::proxy {

class Lane;

// Who waits in a line.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // There may be room: takes it, or is told that it is over, and leaves the line; false: it goes on waiting.
  virtual bool try_again() = 0;
  // Not every backend will do, so those behind it may have more luck.
  virtual bool choosy() const = 0;
};

class WaitingLines final : public RoomWatcher, private net::TurnTask {
 public:
  explicit WaitingLines(Lane& lane);
  ~WaitingLines() override;

  // Stands behind the others that wait for `pool`. False: as many wait as may, over all workers.
  [[nodiscard]] bool join(Waiter& waiter, LivePool& pool);
  void leave(Waiter& waiter, LivePool& pool);

  void room_in(LivePool& pool) override;
  // A place at this worker's disposal is better given to others that wait for `pool`.
  bool owes_room(const LivePool& pool) const;

  // Whether others wait for `pool`. If so, the next place that is free here is theirs.
  bool pass_turn(const LivePool& pool);

  // Calls another worker's called(). Not set: there is none.
  std::function<void(const std::string& pool)> call_others;
  // Another worker has requests waiting for this pool, or has made room.
  void called(const std::string& pool);
  // All try again: what time alone changes, no event tells.
  void try_all();

 private:
  struct Line {
    LivePool* pool;
    std::vector<Waiter*> waiters;
    bool room = false;         // there may be some
    bool served_last = false;  // it is the others' turn
  };
  Line* find(const LivePool& pool) const;
  void at_turn_end() override;
  void look_after(Line& line);
  bool serve(Line& line);
  void tell_others(const LivePool& pool);

  Lane& lane_;
  net::Timer own_turn_;  // the others have had their chance
  std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace weir::proxy
