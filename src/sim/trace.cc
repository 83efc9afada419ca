#include "sim/trace.h"

#include <fmt/format.h>

#include <cstdio>

#include "sim/limits.h"

namespace weir::sim {

void Trace::line(std::string text) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(clock_.now() - start_).count();
  lines_.push_back(fmt::format("{:10.3f} ms  {}", static_cast<double>(since) / 1000, text));
  if (lines_.size() > kTraceLines) lines_.pop_front();
  if (keep_ == Keep::print) fmt::print("{}\n", lines_.back());
}

}  // namespace weir::sim
