#include "api/acm/refusals.h"

#include "api/acm/actions.h"

namespace weir::api::acm {

namespace {

constexpr Refused kListCertificates[] = {
    {"Includes.extendedKeyUsage"},
    {"Includes.keyUsage"},
    {"Includes.exportOption", "DISABLED"},
    {"Includes.managedBy"},
};

constexpr RefusedOf kAll[] = {
    {"ListCertificates", kListCertificates},
};

}  // namespace

std::span<const Refused> refused_of_list_certificates() { return kListCertificates; }

std::span<const RefusedOf> refused() { return kAll; }

}  // namespace weir::api::acm
