#include "api/ssm/actions.h"

namespace weir::api::ssm {

namespace {

// An action that reads or writes secrets.
template <class In, class Out>
void add(ActionTable& table, const char* operation, const SecretBox& box,
         Result<Out> (*function)(Context&, const SecretBox&, const In&)) {
  table.add<In, Out>("ssm", operation,
                     [&box, function](Context& context, const In& request) { return function(context, box, request); });
}

}  // namespace

void add_actions(ActionTable& table, const SecretBox& box) {
  add(table, "PutParameter", box, &put_parameter);
  add(table, "GetParameter", box, &get_parameter);
  add(table, "GetParameters", box, &get_parameters);
  add(table, "GetParametersByPath", box, &get_parameters_by_path);
  add(table, "GetParameterHistory", box, &get_parameter_history);
  table.add("ssm", "DescribeParameters", &describe_parameters);
  table.add("ssm", "DeleteParameter", &delete_parameter);
  table.add("ssm", "DeleteParameters", &delete_parameters);
  table.add("ssm", "AddTagsToResource", &add_tags);
  table.add("ssm", "RemoveTagsFromResource", &remove_tags);
  table.add("ssm", "ListTagsForResource", &list_tags);
}

}  // namespace weir::api::ssm
