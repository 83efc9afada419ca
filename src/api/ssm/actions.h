// ssm: Parameter Store. Each function is one operation as AWS documents it. SecureStrings are sealed with the box.
// Control thread.
#pragma once

#include <span>

#include "api/action.h"
#include "api/refused.h"
#include "base/secret_box.h"
#include "model/ssm/shapes.h"

namespace weir::api::ssm {

namespace shapes = model::ssm;

Result<shapes::PutParameterResult> put_parameter(Context&, const SecretBox& box, const shapes::PutParameterRequest&);
// By name, ARN, or either with ":version".
Result<shapes::GetParameterResult> get_parameter(Context&, const SecretBox& box, const shapes::GetParameterRequest&);
Result<shapes::GetParametersResult> get_parameters(Context&, const SecretBox& box, const shapes::GetParametersRequest&);
Result<shapes::GetParametersByPathResult> get_parameters_by_path(Context&, const SecretBox& box,
                                                                 const shapes::GetParametersByPathRequest&);
Result<shapes::GetParameterHistoryResult> get_parameter_history(Context&, const SecretBox& box,
                                                                const shapes::GetParameterHistoryRequest&);
Result<shapes::DescribeParametersResult> describe_parameters(Context&, const shapes::DescribeParametersRequest&);
Result<shapes::DeleteParameterResult> delete_parameter(Context&, const shapes::DeleteParameterRequest&);
Result<shapes::DeleteParametersResult> delete_parameters(Context&, const shapes::DeleteParametersRequest&);
Result<shapes::AddTagsToResourceResult> add_tags(Context&, const shapes::AddTagsToResourceRequest&);
Result<shapes::RemoveTagsFromResourceResult> remove_tags(Context&, const shapes::RemoveTagsFromResourceRequest&);
Result<shapes::ListTagsForResourceResult> list_tags(Context&, const shapes::ListTagsForResourceRequest&);

// `box` outlives the table.
void add_actions(ActionTable& table, const SecretBox& box);

}  // namespace weir::api::ssm
