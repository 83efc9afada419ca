#include "cli/prove_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace weir::cli {

ProveRun::ProveRun(net::Loop& loop, const ProveOptions& options, const net::SocketAddress& address,
                   ProveAccount& account, std::function<void(const std::string&)> lines)
    : loop_(loop), options_(options), account_(account), lines_(std::move(lines)), tick_(loop, [this] { tick(); }) {
  for (const ProveLoad& load : options.loads) {
    lanes_.push_back(std::make_unique<ProveLane>(loop, load, address, account, [this] { lane_is_done(); }));
  }
}

void ProveRun::run() {
  // The first request leaves a moment later, when the connections have had time to open.
  start_ = second_begin_ = loop_.clock().now() + kProveTick;
  account_.begin(start_, loop_.clock().wall() + kProveTick, options_.mark_window);
  const auto end = options_.duration ? std::optional(start_ + *options_.duration) : std::nullopt;
  for (const auto& lane : lanes_) lane->start(start_, end);
  tick_.arm(start_);
  loop_.run();
  lasted_ = loop_.clock().now() - start_;
  tick_.cancel();
}

void ProveRun::end() {
  for (const auto& lane : lanes_) lane->end();
}

void ProveRun::mark() { account_.mark(fmt::format("mark {}", ++named_), loop_.now()); }

void ProveRun::lane_is_done() {
  if (++done_ == lanes_.size()) loop_.stop();
}

void ProveRun::tick() {
  const Instant now = loop_.now();
  for (; marks_ < options_.marks.size() && start_ + options_.marks[marks_].at <= now; ++marks_) {
    account_.mark(options_.marks[marks_].name, now);
  }
  for (const auto& lane : lanes_) lane->tick();
  if (now >= second_begin_ + std::chrono::seconds(1)) {
    lines_(account_.period_line(now - start_, now - std::exchange(second_begin_, now)));
  }
  if (!options_.until_file.empty() && !ended_ && ::access(options_.until_file.c_str(), F_OK) == 0) {
    ended_ = true;
    end();
  }
  tick_.arm(now + kProveTick);
}

}  // namespace weir::cli
