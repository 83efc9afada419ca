#include "api/secretsmanager/refusals.h"

namespace weir::api::secretsmanager {

namespace {

constexpr Refused kCreateSecret[] = {
    {"AddReplicaRegions"},
    {"ForceOverwriteReplicaSecret"},
    {"Type"},
};

constexpr Refused kPutSecretValue[] = {
    {"RotationToken"},
};

constexpr Refused kUpdateSecret[] = {
    {"Type"},
};

constexpr Refused kListSecrets[] = {
    {"SortBy", "created-date|last-changed-date|name"},
    {"Filters.Key", "description|name|tag-key|tag-value|all"},
};

// Read by tools/coverage.
[[maybe_unused]] constexpr RefusedOf kAll[] = {
    {"CreateSecret", kCreateSecret},
    {"PutSecretValue", kPutSecretValue},
    {"UpdateSecret", kUpdateSecret},
    {"ListSecrets", kListSecrets},
};

}  // namespace

std::span<const Refused> refused_of_create_secret() { return kCreateSecret; }
std::span<const Refused> refused_of_put_secret_value() { return kPutSecretValue; }
std::span<const Refused> refused_of_update_secret() { return kUpdateSecret; }
std::span<const Refused> refused_of_list_secrets() { return kListSecrets; }

}  // namespace weir::api::secretsmanager
