// Mortality: how a simulated control process dies. Everything it does to the world (a commit, a start, a stop, a
// published table, a written zone) goes through one of the four doors below; at the fatal one the process is as good as
// killed, before or after the deed, and from then on nothing it does has any effect. One thread; owned by the world.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/control.h"
#include "control/name_keeper.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace weir::sim {

class Mortality {
 public:
  enum class Death { before_deed, after_deed };
  // Dies at the `n`-th deed from now, n >= 1.
  void die_at(std::uint64_t n, Death death) {
    fatal_ = deeds_ + n;
    death_ = death;
  }
  void die() { dead_ = true; }
  bool dead() const { return dead_; }

  // What is to become of the next deed.
  struct Verdict {
    bool happens;
    bool lives;  // to see its result
  };
  Verdict next_deed() {
    if (dead_) return {false, false};
    if (++deeds_ != fatal_) return {true, true};
    dead_ = true;
    return {death_ == Death::after_deed, false};
  }

 private:
  std::uint64_t deeds_ = 0;
  std::uint64_t fatal_ = 0;
  Death death_ = Death::before_deed;
  bool dead_ = false;
};

class MortalStore final : public store::Store {
 public:
  MortalStore(store::Store& inner, Mortality& mortality) : inner_(inner), mortality_(mortality) {}
  bool full = false;  // the disk: every commit fails with "Full"
  // What was read is altered by this before control sees it, where set: for the tests of the invariants.
  std::function<void(store::Document&)> alters;
  // What is written is altered by this, or (true) lost, where set: for the same.
  std::function<bool(store::Write&)> mangles;

  Result<std::optional<store::Document>> get(const store::Key& key) override {
    if (mortality_.dead()) return killed();
    auto found = inner_.get(key);
    if (alters && found && *found) alters(**found);
    return found;
  }
  Result<std::vector<store::Document>> list(std::string_view kind, std::string_view prefix) override {
    if (mortality_.dead()) return killed();
    auto found = inner_.list(kind, prefix);
    if (alters && found) std::ranges::for_each(*found, alters);
    return found;
  }
  Result<std::int64_t> commit(std::span<const store::Write> writes) override {
    if (full && !mortality_.dead()) return fail("Full", "the disk is full", ErrorSource::store);
    const auto verdict = mortality_.next_deed();
    if (!verdict.happens) return killed();
    auto written = mangles ? inner_.commit(what_is_left_of(writes)) : inner_.commit(writes);
    if (!verdict.lives) return killed();
    if (written && told_) told_();
    return written;
  }
  std::int64_t revision() const override { return inner_.revision(); }
  Result<std::vector<store::Change>> changes(std::int64_t after) override {
    if (mortality_.dead()) return killed();
    return inner_.changes(after);
  }
  void on_commit(std::function<void()> told) override { told_ = std::move(told); }
  // A wish was committed beside this door.
  void notice() {
    if (told_ && !mortality_.dead()) told_();
  }

 private:
  std::vector<store::Write> what_is_left_of(std::span<const store::Write> writes) const {
    std::vector<store::Write> left(writes.begin(), writes.end());
    std::erase_if(left, mangles);
    return left;
  }
  static std::unexpected<Error> killed() {
    return fail("Killed", "the process was killed by the simulation", ErrorSource::store);
  }
  store::Store& inner_;
  Mortality& mortality_;
  std::function<void()> told_;
};

class MortalRuntime final : public runtime::Runtime {
 public:
  MortalRuntime(runtime::Runtime& inner, Mortality& mortality) : inner_(inner), mortality_(mortality) {}
  bool makes_twins = false;    // for the tests of the invariants
  bool never_forgets = false;  // though control is told so

  Result<> start(const runtime::TaskSpec& spec) override {
    const auto verdict = mortality_.next_deed();
    if (!verdict.happens) return {};
    if (makes_twins) {
      runtime::TaskSpec twin = spec;
      std::ranges::reverse(twin.id);
      (void)inner_.start(twin);
    }
    return inner_.start(spec);
  }
  void stop(const std::string& task_id) override {
    if (mortality_.next_deed().happens) inner_.stop(task_id);
  }
  void forget(const std::string& task_id) override {
    if (never_forgets) {
      hidden_.insert(task_id);
      return;
    }
    if (mortality_.next_deed().happens) inner_.forget(task_id);
  }
  std::vector<runtime::ContainerUse> stats(const std::string& id) const override { return inner_.stats(id); }
  std::optional<runtime::TaskObservation> find(const std::string& id) const override {
    return hidden_.contains(id) ? std::nullopt : inner_.find(id);
  }
  std::vector<std::string> list() const override {
    auto ids = inner_.list();
    std::erase_if(ids, [this](const std::string& id) { return hidden_.contains(id); });
    return ids;
  }
  void on_change(std::function<void(const std::string&)> told) override {
    inner_.on_change([this, told = std::move(told)](const std::string& id) {
      if (!mortality_.dead()) told(id);
    });
  }

 private:
  runtime::Runtime& inner_;
  Mortality& mortality_;
  std::set<std::string> hidden_;  // forgotten, as far as control knows
};

class MortalDataPlane final : public control::DataPlane {
 public:
  MortalDataPlane(control::DataPlane& inner, Mortality& mortality) : inner_(inner), mortality_(mortality) {}
  void publish(route::RouteTablePointer table) override {
    if (mortality_.next_deed().happens) inner_.publish(std::move(table));
  }

 private:
  control::DataPlane& inner_;
  Mortality& mortality_;
};

class MortalZones final : public control::ZoneFolder {
 public:
  MortalZones(control::ZoneFolder& inner, Mortality& mortality) : inner_(inner), mortality_(mortality) {}

  Result<> write(const std::string& id, const dns::Zone& zone) override {
    return deed([&] { return inner_.write(id, zone); });
  }
  Result<> remove(const std::string& id) override {
    return deed([&] { return inner_.remove(id); });
  }
  Result<> keep_only(const std::set<std::string>& ids) override {
    return deed([&] { return inner_.keep_only(ids); });
  }

 private:
  template <class Do>
  Result<> deed(Do act) {
    const auto verdict = mortality_.next_deed();
    Result<> done = verdict.happens ? act() : Result<>();
    if (verdict.lives) return done;
    return fail("Killed", "the process was killed by the simulation", ErrorSource::store);
  }
  control::ZoneFolder& inner_;
  Mortality& mortality_;
};

}  // namespace weir::sim
