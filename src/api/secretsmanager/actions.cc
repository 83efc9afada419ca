#include "api/secretsmanager/actions.h"

namespace weir::api::secretsmanager {

namespace {

constexpr const char* kName = "secretsmanager";

// An action that reads or writes values.
template <class In, class Out>
void add(ActionTable& table, const char* operation, const SecretBox& box,
         Result<Out> (*function)(Context&, const SecretBox&, const In&)) {
  table.add<In, Out>(kName, operation,
                     [&box, function](Context& context, const In& request) { return function(context, box, request); });
}

}  // namespace

void add_actions(ActionTable& table, const SecretBox& box) {
  add(table, "CreateSecret", box, &create_secret);
  add(table, "GetSecretValue", box, &get_secret_value);
  add(table, "PutSecretValue", box, &put_secret_value);
  add(table, "UpdateSecret", box, &update_secret);
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
