#include "api/ssm/actions.h"

namespace weir::api::ssm {

namespace {

// An action that reads or writes secrets.
}  // namespace

void add_actions(ActionTable& table, const SecretBox& box) {
  table.add("ssm", "PutParameter", box, &put_parameter);
  table.add("ssm", "GetParameter", box, &get_parameter);
  table.add("ssm", "GetParameters", box, &get_parameters);
  table.add("ssm", "GetParametersByPath", box, &get_parameters_by_path);
  table.add("ssm", "GetParameterHistory", box, &get_parameter_history);
  table.add("ssm", "DescribeParameters", &describe_parameters);
  table.add("ssm", "DeleteParameter", &delete_parameter);
  table.add("ssm", "DeleteParameters", &delete_parameters);
  table.add("ssm", "AddTagsToResource", &add_tags);
  table.add("ssm", "RemoveTagsFromResource", &remove_tags);
  table.add("ssm", "ListTagsForResource", &list_tags);
}

}  // namespace weir::api::ssm
