#include "api/secretsmanager/actions.h"

namespace weir::api::secretsmanager {

namespace {

constexpr const char* kName = "secretsmanager";

// An action that reads or writes values.
}  // namespace

void add_actions(ActionTable& table, const SecretBox& box) {
  table.add(kName, "CreateSecret", box, &create_secret);
  table.add(kName, "GetSecretValue", box, &get_secret_value);
  table.add(kName, "PutSecretValue", box, &put_secret_value);
  table.add(kName, "UpdateSecret", box, &update_secret);
  table.add(kName, "UpdateSecretVersionStage", &update_version_stage);
  table.add(kName, "DescribeSecret", &describe_secret);
  table.add(kName, "ListSecrets", &list_secrets);
  table.add(kName, "ListSecretVersionIds", &list_version_ids);
  table.add(kName, "DeleteSecret", &delete_secret);
  table.add(kName, "RestoreSecret", &restore_secret);
  table.add(kName, "TagResource", &tag_resource);
  table.add(kName, "UntagResource", &untag_resource);
}

}  // namespace weir::api::secretsmanager
