// The judge of alarms: what an alarm's state is, given the points of its evaluation range, by AWS's rules ("Configuring
// how CloudWatch alarms treat missing data"). Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/cloudwatch/shapes.h"

namespace weir::observe {

struct AlarmPoint {
  double value = 0;
  std::optional<double> samples;  // how many values it was made of, where one metric is behind it
};

// What lies in an alarm's evaluation range: points by the first second of their period.
struct AlarmEvidence {
  std::map<std::int64_t, AlarmPoint> points;
  std::int64_t end = 0;     // where the newest period that is over ends, in seconds since 1970
  std::int64_t period = 1;  // seconds
};

struct AlarmVerdict {
  std::string state;
  std::string reason;
  std::string reason_data;
};

// How many periods an alarm looks back.
std::int64_t evaluation_range(const model::cloudwatch::MetricAlarm& alarm);

// None where the alarm keeps the state that it is in.
std::optional<AlarmVerdict> judge(const model::cloudwatch::MetricAlarm& alarm, const AlarmEvidence& evidence,
                                  Timestamp now);

// "GreaterThanThreshold" and so on; false for words that it does not know.
bool breaches(const std::string& comparison, double value, double threshold);

}  // namespace weir::observe
