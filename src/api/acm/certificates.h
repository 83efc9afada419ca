// Certificates, as other services find them. Control thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/action.h"
#include "model/certificate_documents.h"
#include "store/store.h"

namespace weir::api::acm {

// None where there is none.
Result<std::optional<store::Versioned<model::Certificate>>> find_certificate(Context& context, const std::string& arn);

// The ARNs of the balancers whose listeners show the certificate.
Result<std::vector<std::string>> users_of(Context& context, const std::string& arn);

}  // namespace weir::api::acm
