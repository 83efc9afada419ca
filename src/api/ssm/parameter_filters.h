// Which parameters DescribeParameters and GetParametersByPath show. Pure; any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/secret_documents.h"
#include "model/ssm/shapes.h"

namespace weir::api::ssm {

enum class FilterUse { describe, by_path };

// Errors: InvalidFilterKey, InvalidFilterOption, InvalidFilterValue.
Result<> check_filters(const std::vector<model::ssm::ParameterStringFilter>& filters, FilterUse use);
// Whether every one of the filters, which were checked, fits.
bool fits(const model::Parameter& parameter, const std::vector<model::ssm::ParameterStringFilter>& filters);

}  // namespace weir::api::ssm
