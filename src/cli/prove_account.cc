#include "cli/prove_account.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::cli {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr std::string_view kBarMarks = "#=:+*%o.";  // one a version, in order

double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

double milliseconds(const Histogram& latency, double percent) {
  return static_cast<double>(latency.percentile(percent)) / 1000;
}

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

std::string latency_text(const Histogram& latency) {
  return fmt::format("p50 {:.2f} ms  p90 {:.2f} ms  p99 {:.2f} ms  max {:.2f} ms", milliseconds(latency, 50),
                     milliseconds(latency, 90), milliseconds(latency, 99), milliseconds(latency, 100));
}

Json latency_json(const Histogram& latency) {
  Json json = Json::object();
  json.set("p50", milliseconds(latency, 50)).set("p90", milliseconds(latency, 90));
  json.set("p99", milliseconds(latency, 99)).set("max", milliseconds(latency, 100));
  return json;
}

Json tally_json(const ProveTally& tally) {
  Json json = Json::object();
  json.set("ok", tally.ok).set("failed", tally.failed).set("latency_ms", latency_json(tally.latency));
  return json;
}

}  // namespace

void ProveTally::add(bool as_expected, Duration took) {
  ++(as_expected ? ok : failed);
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(std::max(took, Duration(0))).count();
  if (as_expected) latency.record(static_cast<std::uint64_t>(us));
}

void ProveTally::add(const ProveTally& other) {
  ok += other.ok;
  failed += other.failed;
  latency.add(other.latency);
}

void ProveAccount::begin(Instant start, Timestamp wall, Duration window) {
  start_ = start;
  wall_ = wall;
  window_ = window;
}

void ProveAccount::started(ProveProtocol protocol) {
  ++sent_;
  ++protocols_[protocol].sent;
}

void ProveAccount::finished(ProveProtocol protocol, const ProveOutcome& outcome, Duration latency, Instant now) {
  if (!outcome.version.empty()) {
    ++versions_[outcome.version];
    ++period_.versions[outcome.version];
  }
  const bool ok = outcome.cause.empty();
  all_.add(ok, latency);
  period_.tally.add(ok, latency);
  protocols_[protocol].tally.add(ok, latency);
  note_time(ok, latency, now);
  if (!ok) note_failure(protocol, outcome, latency, now);
}

void ProveAccount::note_failure(ProveProtocol protocol, const ProveOutcome& outcome, Duration latency, Instant now) {
  const Timestamp at = wall(now);
  if (listed_.size() < kProveListed) {
    listed_.push_back({.protocol = protocol, .cause = outcome.cause, .intended = now - latency, .at = now});
  }
  Failure& failure = failures_[{protocol, outcome.cause}];
  if (failure.count++ == 0) {
    failure.first = at;
    failure.example = outcome.example;
  }
  failure.last = at;
}

void ProveAccount::note_time(bool ok, Duration latency, Instant now) {
  if (slices_.empty() || now >= slices_.back().begin + window_ / kProveMarkSlices) slices_.push_back({.begin = now});
  while (slices_.front().begin < now - window_) slices_.pop_front();
  slices_.back().tally.add(ok, latency);
  // The last marks are the only ones whose time may not be over.
  for (auto mark = marks_.rbegin(); mark != marks_.rend() && now < mark->at + 2 * window_; ++mark) {
    (now < mark->at + window_ ? mark->during : mark->after).add(ok, latency);
  }
}

void ProveAccount::mark(const std::string& name, Instant now) {
  if (marks_.size() == kProveMaxMarks) return;
  Mark mark{.name = name, .at = now};
  for (const Slice& slice : slices_) {
    if (slice.begin >= now - window_) mark.before.add(slice.tally);
  }
  marks_.push_back(std::move(mark));
}

std::string ProveAccount::period_line(Duration since_start, Duration period) {
  const ProveTally& tally = period_.tally;
  std::string line =
      fmt::format("{:5.0f}s {:6.0f}/s  ok {}  failed {}  p50 {:.2f} ms  p99 {:.2f} ms", in_seconds(since_start),
                  static_cast<double>(tally.ok + tally.failed) / in_seconds(period), ok(), failed(),
                  milliseconds(tally.latency, 50), milliseconds(tally.latency, 99));
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

std::string ProveAccount::failures_text() const {
  std::string text;
  for (const auto& [key, failure] : failures_) {
    const auto& [protocol, cause] = key;
    text += fmt::format("  {:>15}   {}{}; first {}, last {}{}{}\n", failure.count,
                        protocols_.size() > 1 ? fmt::format("{}: ", name_of(protocol)) : "", cause,
                        to_iso8601(failure.first), to_iso8601(failure.last), failure.example.empty() ? "" : ": ",
                        failure.example);
  }
  return text;
}

std::string ProveAccount::protocols_text() const {
  std::string text;
  if (protocols_.size() < 2) return text;
  for (const auto& [protocol, one] : protocols_) {
    text += fmt::format("{:<12}{:>7}   ok {}  failed {}  {}\n", name_of(protocol), one.sent, one.tally.ok,
                        one.tally.failed, latency_text(one.tally.latency));
  }
  return text;
}

std::string ProveAccount::marks_text() const {
  std::string text;
  for (const Mark& mark : marks_) {
    text += fmt::format("at {:.1f} s: {} ({:.1f} s before it, from it on, and after that)\n",
                        in_seconds(mark.at - start_), mark.name, in_seconds(window_));
    for (const auto& [label, tally] :
         {std::pair{"before", &mark.before}, std::pair{"during", &mark.during}, std::pair{"after", &mark.after}}) {
      text += fmt::format("  {:<7}{:>10} ok  {} failed  {}\n", label, tally->ok, tally->failed,
                          latency_text(tally->latency));
    }
  }
  return text;
}

std::string ProveAccount::table(Duration lasted) const {
  std::string text = fmt::format("sent     {:>10}   in {:.1f} s\nok       {:>10}\nfailed   {:>10}\n", sent_,
                                 in_seconds(lasted), ok(), failed());
  text += failures_text();
  const std::uint64_t total = total_of(versions_);
  const char* label = "version";
  for (const auto& [version, count] : versions_) {
    text += fmt::format("{:<9}{:>10}   {:5.1f} %  {}\n", label, count, percent(count, total), version);
    label = "";
  }
  text += protocols_text();
  text += fmt::format("latency  {}   (from the intended send time)\n", latency_text(all_.latency));
  return text + marks_text();
}

Json ProveAccount::causes_json() const {
  Json causes = Json::array();
  for (const auto& [key, failure] : failures_) {
    Json one = Json::object();
    one.set("protocol", std::string(name_of(key.first))).set("cause", key.second).set("count", failure.count);
    one.set("first", to_iso8601(failure.first)).set("last", to_iso8601(failure.last)).set("example", failure.example);
    causes.push(std::move(one));
  }
  return causes;
}

Json ProveAccount::failures_json() const {
  Json failures = Json::array();
  for (const Listed& failure : listed_) {
    Json one = Json::object();
    one.set("protocol", std::string(name_of(failure.protocol))).set("cause", failure.cause);
    one.set("intended", to_iso8601(wall(failure.intended))).set("at", to_iso8601(wall(failure.at)));
    failures.push(std::move(one));
  }
  return failures;
}

Json ProveAccount::marks_json() const {
  Json marks = Json::array();
  for (const Mark& mark : marks_) {
    Json one = Json::object();
    one.set("name", mark.name).set("seconds", in_seconds(mark.at - start_)).set("at", to_iso8601(wall(mark.at)));
    one.set("before", tally_json(mark.before)).set("during", tally_json(mark.during));
    one.set("after", tally_json(mark.after));
    marks.push(std::move(one));
  }
  return marks;
}

Json ProveAccount::json(Duration lasted) const {
  Json versions = Json::object();
  for (const auto& [version, count] : versions_) versions.set(version, count);
  Json protocols = Json::object();
  for (const auto& [protocol, one] : protocols_) {
    protocols.set(std::string(name_of(protocol)), tally_json(one.tally).set("sent", one.sent));
  }
  Json account = Json::object();
  account.set("sent", sent_).set("ok", ok()).set("failed", failed()).set("seconds", in_seconds(lasted));
  account.set("causes", causes_json()).set("versions", std::move(versions));
  account.set("latency_ms", latency_json(all_.latency)).set("protocols", std::move(protocols));
  account.set("failures", failures_json()).set("marks", marks_json());
  return account;
}

}  // namespace weir::cli
