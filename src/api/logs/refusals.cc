#include "api/logs/refusals.h"

namespace weir::api::logs {

namespace {

constexpr Refused kCreateLogGroup[] = {
    {"kmsKeyId"},
    {"logGroupClass", "STANDARD"},
    {"deletionProtectionEnabled"},
};

constexpr Refused kDescribeLogGroups[] = {
    {"accountIdentifiers"},
    {"includeLinkedAccounts"},
};

// Read by tools/coverage.
[[maybe_unused]] constexpr RefusedOf kAll[] = {
    {"CreateLogGroup", kCreateLogGroup},
    {"DescribeLogGroups", kDescribeLogGroups},
};

}  // namespace

std::span<const Refused> refused_of_create_log_group() { return kCreateLogGroup; }
std::span<const Refused> refused_of_describe_log_groups() { return kDescribeLogGroups; }

}  // namespace weir::api::logs
