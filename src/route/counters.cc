#include "route/counters.h"

namespace weir::route {
namespace {

constexpr std::string_view kNames[kCounts] = {
    "requests",
    "finished",
    "answered_1xx",
    "answered_2xx",
    "answered_3xx",
    "answered_4xx",
    "answered_5xx",
    "own_2xx",
    "own_3xx",
    "own_4xx",
    "own_5xx",
    "own_502",
    "own_503",
    "own_504",
    "redirects",
    "fixed_responses",
    "failed_none_in_service",
    "failed_crowded",
    "failed_refused",
    "failed_drained",
    "failed_connect_timeout",
    "failed_handshake",
    "failed_response_timeout",
    "failed_try_timeout",
    "failed_request_timeout",
    "failed_client_silent",
    "failed_too_large",
    "failed_closed",
    "failed_malformed",
    "retries",
    "ejections",
    "client_aborts",
    "bytes_in",
    "bytes_out",
    "connections",
    "connections_closed",
    "connections_failed",
    "tls_failures",
    "refused_malformed",
    "refused_too_many",
    "refused_too_large",
    "protocol_faults",
    "log_lines",
    "log_dropped",
};
static_assert(!kNames[kCounts - 1].empty());

Json histogram_json(const Histogram& histogram) {
  Json buckets = Json::array();
  histogram.each([&](unsigned bucket, std::uint64_t count) { buckets.push(bucket).push(count); });
  return std::move(Json::object().set("sum", histogram.sum()).set("buckets", std::move(buckets)));
}

Histogram read_histogram(Members& m, std::string_view name) {
  Histogram histogram;
  const Json& json = m.any(name);
  if (json.is_null()) return histogram;
  Members inner(json, m.path(name), m.faults());
  histogram.add_sum(static_cast<std::uint64_t>(inner.number_or("sum", 0, INT64_MAX, 0)));
  const Json::Array& items = inner.any("buckets").items();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    const std::int64_t bucket = items[i].as_int(-1), count = items[i + 1].as_int(-1);
    if (bucket < 0 || bucket >= Histogram::kBuckets || count < 0) {
      inner.fault("buckets", "is not an array of buckets and counts in turn");
      break;
    }
    histogram.add(static_cast<unsigned>(bucket), static_cast<std::uint64_t>(count));
  }
  inner.finish();
  return histogram;
}

}  // namespace

std::string_view name_of(Count count) { return kNames[static_cast<std::size_t>(count)]; }

std::uint64_t Counters::failed() const {
  std::uint64_t sum = 0;
  for (auto i = static_cast<std::size_t>(Count::failed_none_in_service); i < static_cast<std::size_t>(Count::retries);
       ++i) {
    sum += counts[i];
  }
  return sum;
}

void Counters::add(const Counters& other) {
  for (std::size_t i = 0; i < kCounts; ++i) counts[i] += other.counts[i];
  duration.add(other.duration);
  response_time.add(other.response_time);
}

void Counters::reset() {
  counts.fill(0);
  duration.reset();
  response_time.reset();
}

void set_counters(Json& json, const Counters& counters) {
  for (std::size_t i = 0; i < kCounts; ++i) {
    if (counters.counts[i] != 0) json.set(std::string(kNames[i]), counters.counts[i]);
  }
  if (counters.duration.count() != 0) json.set("duration_us", histogram_json(counters.duration));
  if (counters.response_time.count() != 0) json.set("response_time_us", histogram_json(counters.response_time));
}

Counters read_counters(Members& m) {
  Counters counters;
  for (std::size_t i = 0; i < kCounts; ++i) {
    counters.counts[i] = static_cast<std::uint64_t>(m.number_or(kNames[i], 0, INT64_MAX, 0));
  }
  counters.duration = read_histogram(m, "duration_us");
  counters.response_time = read_histogram(m, "response_time_us");
  return counters;
}

}  // namespace weir::route
