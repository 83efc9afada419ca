#include "cli/prove_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace weir::cli {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr std::string_view kBarMarks = "#=:+*%o.";  // one a version, in order

double in_milliseconds(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }
double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

template <class Versions>
std::uint64_t total_of(const Versions& versions) {
  std::uint64_t total = 0;
  for (const auto& [version, count] : versions) total += count;
  return total;
}

template <class Versions>
std::string bar(const Versions& versions) {
  const std::uint64_t total = total_of(versions);
  std::string text;
  std::uint64_t before = 0;
  std::size_t mark = 0;
  for (const auto& [version, count] : versions) {
    before += count;
    const std::size_t until = (before * kBarWidth + total / 2) / total;
    text.append(until - std::min(until, text.size()), kBarMarks[mark++ % kBarMarks.size()]);
  }
  return text;
}

}  // namespace

std::size_t LatencyHistogram::bucket_of(std::uint64_t microseconds) {
  if (microseconds < kSteps) return microseconds;
  const unsigned power = static_cast<unsigned>(std::bit_width(microseconds)) - std::bit_width(kSteps);
  return power * kSteps + (microseconds >> power);
}

std::uint64_t LatencyHistogram::top_of(std::size_t bucket) {
  if (bucket < kSteps) return bucket;
  const std::size_t power = bucket / kSteps - 1;
  return ((bucket - power * kSteps + 1) << power) - 1;
}

void LatencyHistogram::add(Duration latency) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(std::max(latency, Duration(0))).count();
  ++counts_[bucket_of(static_cast<std::uint64_t>(us))];
  ++count_;
  max_ = std::max(max_, latency);
}

Duration LatencyHistogram::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size() && count_ > 0; ++i) {
    seen += counts_[i];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return std::min<Duration>(max_, std::chrono::microseconds(static_cast<std::int64_t>(top_of(i))));
    }
  }
  return max_;
}

void ProveAccount::finished(const ProveOutcome& outcome, Duration latency, Timestamp at) {
  ++period_.finished;
  if (!outcome.version.empty()) {
    ++versions_[outcome.version];
    ++period_.versions[outcome.version];
  }
  if (outcome.cause.empty()) {
    ++ok_;
    latency_.add(latency);
    period_.latency.add(latency);
    return;
  }
  ++failed_;
  Failure& failure = failures_[outcome.cause];
  if (failure.count++ == 0) {
    failure.first = at;
    failure.example = outcome.example;
  }
  failure.last = at;
}

std::string ProveAccount::period_line(Duration since_start, Duration period) {
  std::string line =
      fmt::format("{:5.0f}s {:6.0f}/s  ok {}  failed {}  p50 {:.2f} ms  p99 {:.2f} ms", in_seconds(since_start),
                  static_cast<double>(period_.finished) / in_seconds(period), ok_, failed_,
                  in_milliseconds(period_.latency.quantile(0.50)), in_milliseconds(period_.latency.quantile(0.99)));
  if (const std::uint64_t total = total_of(period_.versions)) {
    line += fmt::format("  [{}]", bar(period_.versions));
    std::size_t mark = 0;
    for (const auto& [version, count] : period_.versions) {
      line += fmt::format(" {} {} {:.0f} %", kBarMarks[mark++ % kBarMarks.size()], version, percent(count, total));
    }
  }
  period_ = {};
  return line + "\n";
}

std::string ProveAccount::table(Duration lasted) const {
  std::string text = fmt::format("sent     {:>10}   in {:.1f} s\nok       {:>10}\nfailed   {:>10}\n", sent_,
                                 in_seconds(lasted), ok_, failed_);
  for (const auto& [cause, failure] : failures_) {
    text += fmt::format("  {:>15}   {}; first {}, last {}{}{}\n", failure.count, cause, to_iso8601(failure.first),
                        to_iso8601(failure.last), failure.example.empty() ? "" : ": ", failure.example);
  }
  const std::uint64_t total = total_of(versions_);
  const char* label = "version";
  for (const auto& [version, count] : versions_) {
    text += fmt::format("{:<9}{:>10}   {:5.1f} %  {}\n", label, count, percent(count, total), version);
    label = "";
  }
  text += fmt::format(
      "latency  p50 {:.2f} ms  p90 {:.2f} ms  p99 {:.2f} ms  max {:.2f} ms   (from the intended send time)\n",
      in_milliseconds(latency_.quantile(0.50)), in_milliseconds(latency_.quantile(0.90)),
      in_milliseconds(latency_.quantile(0.99)), in_milliseconds(latency_.max()));
  return text;
}

Json ProveAccount::json(Duration lasted) const {
  Json causes = Json::array();
  for (const auto& [cause, failure] : failures_) {
    Json one = Json::object();
    one.set("cause", cause).set("count", failure.count);
    one.set("first", to_iso8601(failure.first)).set("last", to_iso8601(failure.last)).set("example", failure.example);
    causes.push(std::move(one));
  }
  Json versions = Json::object();
  for (const auto& [version, count] : versions_) versions.set(version, count);
  Json latency = Json::object();
  latency.set("p50", in_milliseconds(latency_.quantile(0.50))).set("p90", in_milliseconds(latency_.quantile(0.90)));
  latency.set("p99", in_milliseconds(latency_.quantile(0.99))).set("max", in_milliseconds(latency_.max()));
  Json account = Json::object();
  account.set("sent", sent_).set("ok", ok_).set("failed", failed_).set("seconds", in_seconds(lasted));
  account.set("causes", std::move(causes)).set("versions", std::move(versions));
  account.set("latency_ms", std::move(latency));
  return account;
}

}  // namespace weir::cli
