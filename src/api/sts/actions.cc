#include "api/sts/actions.h"

#include <fmt/format.h>

#include "api/arn.h"

namespace weir::api::sts {

Result<shapes::GetCallerIdentityResponse> get_caller_identity(Context& context,
                                                              const shapes::GetCallerIdentityRequest&) {
  // An ARN of iam names no region; its partition is the region's.
  const std::string partition = parse_arn(make_arn(context, "iam", "root"))->partition;
  return shapes::GetCallerIdentityResponse{
      .UserId = context.account,
      .Account = context.account,
      .Arn = fmt::format("arn:{}:iam::{}:root", partition, context.account),
  };
}

void add_actions(ActionTable& table) { table.add("sts", "GetCallerIdentity", &get_caller_identity); }

}  // namespace weir::api::sts
