#include "api/cloudwatch/refusals.h"

namespace weir::api::cloudwatch {

namespace {

constexpr Refused kPutMetricData[] = {
    {"EntityMetricData"},
    {"StrictEntityValidation"},
};

constexpr Refused kGetMetricData[] = {
    {"MetricDataQueries.AccountId"},
    {"LabelOptions"},
};

constexpr Refused kListMetrics[] = {
    {"IncludeLinkedAccounts"},
    {"OwningAccount"},
};

constexpr Refused kPutMetricAlarm[] = {
    {"ComparisonOperator",
     "GreaterThanOrEqualToThreshold|GreaterThanThreshold|LessThanThreshold|LessThanOrEqualToThreshold"},
    {"EvaluateLowSampleCountPercentile", "evaluate"},
    {"Metrics.AccountId"},
    {"ThresholdMetricId"},
    {"EvaluationCriteria"},
    {"EvaluationInterval"},
};

constexpr Refused kPutCompositeAlarm[] = {
    {"ActionsSuppressor"},
    {"ActionsSuppressorWaitPeriod"},
    {"ActionsSuppressorExtensionPeriod"},
};

constexpr Refused kDescribeAlarms[] = {
    {"ChildrenOfAlarmName"},
    {"ParentsOfAlarmName"},
};

constexpr Refused kDescribeAlarmHistory[] = {
    {"AlarmContributorId"},
};

// Read by tools/coverage.
[[maybe_unused]] constexpr RefusedOf kAll[] = {
    {"PutMetricData", kPutMetricData},
    {"GetMetricData", kGetMetricData},
    {"ListMetrics", kListMetrics},
    {"PutMetricAlarm", kPutMetricAlarm},
    {"PutCompositeAlarm", kPutCompositeAlarm},
    {"DescribeAlarms", kDescribeAlarms},
    {"DescribeAlarmHistory", kDescribeAlarmHistory},
};

}  // namespace

std::span<const Refused> refused_of_put_metric_data() { return kPutMetricData; }
std::span<const Refused> refused_of_get_metric_data() { return kGetMetricData; }
std::span<const Refused> refused_of_list_metrics() { return kListMetrics; }
std::span<const Refused> refused_of_put_metric_alarm() { return kPutMetricAlarm; }
std::span<const Refused> refused_of_put_composite_alarm() { return kPutCompositeAlarm; }
std::span<const Refused> refused_of_describe_alarms() { return kDescribeAlarms; }
std::span<const Refused> refused_of_describe_alarm_history() { return kDescribeAlarmHistory; }

}  // namespace weir::api::cloudwatch
