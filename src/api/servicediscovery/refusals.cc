#include "api/servicediscovery/refusals.h"

namespace weir::api::servicediscovery {

namespace {

constexpr Refused kCreateService[] = {
    {"HealthCheckConfig"},
};

constexpr Refused kUpdateService[] = {
    {"Service.HealthCheckConfig"},
};

// Read by tools/coverage.
[[maybe_unused]] constexpr RefusedOf kAll[] = {
    {"CreateService", kCreateService},
    {"UpdateService", kUpdateService},
};

}  // namespace

std::span<const Refused> refused_of_create_service() { return kCreateService; }
std::span<const Refused> refused_of_update_service() { return kUpdateService; }

}  // namespace weir::api::servicediscovery
