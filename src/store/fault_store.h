// FaultStore: a store that dies when told, for tests and simulation: the process that used it is as good as killed
// between two writes. What it wraps stays alive and is what the next process finds. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace weir::store {

class FaultStore final : public Store {
 public:
  // Whether the fatal commit is in the store or not.
  enum class Death { before_commit, after_commit };

  explicit FaultStore(Store& inner) : inner_(inner) {}

  // Dies at the `n`-th commit from now, n >= 1. Every call after that, and that commit itself, fails with "Killed".
  void die_at(std::int64_t n, Death death) {
    fatal_ = commits_ + n;
    death_ = death;
  }
  bool dead() const { return dead_; }
  // Commits asked for so far.
  std::int64_t commits() const { return commits_; }

  Result<std::optional<Document>> get(const Key& key) override {
    if (dead_) return killed();
    return inner_.get(key);
  }
  Result<std::vector<Document>> list(std::string_view kind, std::string_view prefix) override {
    if (dead_) return killed();
    return inner_.list(kind, prefix);
  }
  Result<std::int64_t> commit(std::span<const Write> writes) override {
    if (dead_) return killed();
    ++commits_;
    if (fatal_ != commits_) {
      auto written = inner_.commit(writes);
      if (written && !dead_ && told_) told_();
      return written;
    }
    if (death_ == Death::after_commit) (void)inner_.commit(writes);
    dead_ = true;
    return killed();
  }
  std::int64_t revision() const override { return inner_.revision(); }
  Result<std::vector<Change>> changes(std::int64_t after) override {
    if (dead_) return killed();
    return inner_.changes(after);
  }
  void on_commit(std::function<void()> told) override { told_ = std::move(told); }

 private:
  static std::unexpected<Error> killed() {
    return fail("Killed", "the process was killed by the test", ErrorSource::store);
  }

  Store& inner_;
  std::int64_t commits_ = 0;
  std::optional<std::int64_t> fatal_;
  Death death_ = Death::before_commit;
  bool dead_ = false;
  std::function<void()> told_;
};

}  // namespace weir::store
