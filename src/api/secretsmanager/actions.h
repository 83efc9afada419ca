// secretsmanager: secrets with versions and staging labels. Each function is one operation as AWS documents it. Values
// are sealed with the box. Control thread.
#pragma once

#include "api/action.h"
#include "base/secret_box.h"
#include "model/secretsmanager/shapes.h"

namespace weir::api::secretsmanager {

namespace shapes = model::secretsmanager;

Result<shapes::CreateSecretResponse> create_secret(Context&, const SecretBox& box, const shapes::CreateSecretRequest&);
Result<shapes::GetSecretValueResponse> get_secret_value(Context&, const SecretBox& box,
                                                        const shapes::GetSecretValueRequest&);
Result<shapes::PutSecretValueResponse> put_secret_value(Context&, const SecretBox& box,
                                                        const shapes::PutSecretValueRequest&);
Result<shapes::UpdateSecretResponse> update_secret(Context&, const SecretBox& box, const shapes::UpdateSecretRequest&);
Result<shapes::UpdateSecretVersionStageResponse> update_version_stage(Context&,
                                                                      const shapes::UpdateSecretVersionStageRequest&);
Result<shapes::DescribeSecretResponse> describe_secret(Context&, const shapes::DescribeSecretRequest&);
Result<shapes::ListSecretsResponse> list_secrets(Context&, const shapes::ListSecretsRequest&);
Result<shapes::ListSecretVersionIdsResponse> list_version_ids(Context&, const shapes::ListSecretVersionIdsRequest&);
Result<shapes::DeleteSecretResponse> delete_secret(Context&, const shapes::DeleteSecretRequest&);
Result<shapes::RestoreSecretResponse> restore_secret(Context&, const shapes::RestoreSecretRequest&);
Result<shapes::TagResourceResponse> tag_resource(Context&, const shapes::TagResourceRequest&);
Result<shapes::UntagResourceResponse> untag_resource(Context&, const shapes::UntagResourceRequest&);

// `box` outlives the table.
void add_actions(ActionTable& table, const SecretBox& box);

}  // namespace weir::api::secretsmanager
