#include "api/ssm/refusals.h"

namespace weir::api::ssm {

namespace {

constexpr Refused kPutParameter[] = {
    {"Policies"},
    {"DataType", "text"},
};

constexpr Refused kDescribeParameters[] = {
    {"Shared"},
};

// Read by tools/coverage.
[[maybe_unused]] constexpr RefusedOf kAll[] = {
    {"PutParameter", kPutParameter},
    {"DescribeParameters", kDescribeParameters},
};

}  // namespace

std::span<const Refused> refused_of_put_parameter() { return kPutParameter; }
std::span<const Refused> refused_of_describe_parameters() { return kDescribeParameters; }

}  // namespace weir::api::ssm
