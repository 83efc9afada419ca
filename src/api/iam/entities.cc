// Roles, users and instance profiles.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "api/arn.h"
#include "api/iam/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/template.h"
#include "api/recorded/verbs.h"

namespace weir::api::iam {
namespace {

constexpr std::size_t kMaxName = 64, kMaxLongName = 128, kMaxPath = 512;  // roles and users have short names
constexpr int kLeastSession = 3600, kMostSession = 43'200;                // seconds

constexpr struct {
  const char *service, *role;
} kServiceLinked[] = {
    {"ecs.amazonaws.com", "AWSServiceRoleForECS"},
    {"elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"},
    {"autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"},
    {"ecs.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ECSService"},
};
constexpr const char* kServicePath = "/aws-service-role/";

std::unexpected<Error> invalid(std::string message) { return refusal("ValidationError", std::move(message)); }

Result<> check_name(const std::string& name, std::size_t most) {
  const bool right = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) || std::string_view("_+=,.@-").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (right && name.size() <= most) return {};
  return invalid(
      fmt::format("The specified value '{}' is invalid. It has 1 to {} characters and contains only "
                  "alphanumeric characters and/or the following: +=,.@_-",
                  name, most));
}

Result<> check_path(const std::string& path) {
  if (path.size() <= kMaxPath && path.starts_with('/') && path.ends_with('/')) return {};
  return invalid(
      "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric "
      "characters and/or / characters.");
}

bool is_service_role(const Json& role) { return role["Path"].as_string().starts_with(kServicePath); }

}  // namespace

Result<> check_names(const Call& call, const Json& entity) {
  const std::string_view kind = call.kind().name;
  const bool small = kind == "role" || kind == "user";
  const char* name = kind == "policy" ? "PolicyName" : call.kind().id;
  TRY(check_name(entity[name].as_string(), small ? kMaxName : kMaxLongName));
  return check_path(entity["Path"].as_string());
}

Result<> check_entity(Call& call, Json& entity) {
  TRY(check_names(call, entity));
  return call.given("PermissionsBoundary") ? set_boundary(call, entity) : Result<>{};
}

Result<> check_session(Call&, Json& role) {
  const int seconds = std::atoi(role["MaxSessionDuration"].as_string().c_str());
  if (seconds >= kLeastSession && seconds <= kMostSession) return {};
  return invalid(fmt::format("The requested MaxSessionDuration is not between {} and {}", kLeastSession, kMostSession));
}

Result<> take_trust_policy(Call&, Json& role) {
  role.set("AssumeRolePolicyDocument", TRY(policy_text(role["AssumeRolePolicyDocument"].as_string())));
  return {};
}

Result<> check_role(Call& call, Json& role) {
  TRY(check_entity(call, role));
  TRY(check_session(call, role));
  return take_trust_policy(call, role);
}

Result<> set_boundary(Call& call, Json& entity) {
  const auto arn = parse_arn(call.text("PermissionsBoundary"));
  if (!arn || arn->service != "iam") {
    return refusal("InvalidInput", fmt::format("ARN {} is not valid.", call.text("PermissionsBoundary")));
  }
  Json boundary = Json::object();
  boundary.set("PermissionsBoundaryType", "Policy");
  boundary.set("PermissionsBoundaryArn", call.input["PermissionsBoundary"]);
  entity.set("PermissionsBoundary", std::move(boundary));
  return {};
}

Result<> delete_boundary(Call& call, Json& entity) {
  if (entity["PermissionsBoundary"].is_null()) {
    return refusal("NoSuchEntity",
                   fmt::format("The permissions boundary of {} cannot be found.", recorded::name_on(call)));
  }
  entity.set("PermissionsBoundary", Json());
  return {};
}

// --- instance profiles

Result<> show_roles(Call& call, Json& profile) {
  Json roles = Json::array();
  for (const auto& name : profile["_roles"].items()) {
    if (auto role = TRY(call.shelf.find("role", name.as_string()))) roles.push(std::move(*role));
  }
  profile.set("Roles", std::move(roles));
  return {};
}

Result<> add_role(Call& call, Json& profile) {
  TRY(recorded::kept_one(call, recorded::kind_of(call, "role"), call.text("RoleName")));
  if (!profile["_roles"].items().empty()) {
    return refusal("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  }
  profile.set("_roles", Json::Array{call.input["RoleName"]});
  return {};
}

Result<> remove_role(Call& call, Json& profile) {
  auto roles = recorded::list_of(profile, "_roles");
  if (std::erase(roles, call.input["RoleName"]) == 0) {
    return refusal("NoSuchEntity", fmt::format("Role {} in instance profile {} cannot be found.", call.text("RoleName"),
                                               call.text("InstanceProfileName")));
  }
  profile.set("_roles", std::move(roles));
  return {};
}

Result<> before_delete_profile(Call&, Json& profile) {
  if (profile["_roles"].items().empty()) return {};
  return refusal("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
}

Result<Json> list_profiles_for_role(Call& call) {
  const std::string& role = call.text("RoleName");
  TRY(recorded::kept_one(call, recorded::kind_of(call, "role"), role));
  auto all = TRY(recorded::presented(call, call.kind()));
  std::erase_if(all, [&](const Json& one) {
    return !recorded::any_text(one, "_roles", [&](const std::string& name) { return name == role; });
  });
  return recorded::paged(call, call.kind().list, std::move(all),
                         [](const Json& one) { return one["InstanceProfileName"].as_string(); });
}

// --- service-linked roles

Result<Json> create_service_linked_role(Call& call) {
  const std::string& service = call.text("AWSServiceName");
  const auto* known = std::ranges::find_if(kServiceLinked, [&](const auto& one) { return service == one.service; });
  if (known == std::end(kServiceLinked)) {
    return refusal("InvalidInput", fmt::format("Weir knows no service-linked role of {}", service));
  }
  if (TRY(call.shelf.find("role", known->role))) {
    return refusal("InvalidInput", fmt::format("Service role name {} has been taken in this account, please try a "
                                               "different suffix.",
                                               known->role));
  }
  Json asked = Json::object();
  asked.set("RoleName", known->role).set("Path", fmt::format("{}{}/", kServicePath, service));
  asked.set("Description", call.input["Description"]);
  asked.set("AssumeRolePolicyDocument",
            TRY(policy_text(fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":)"
                                        R"({{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}})",
                                        service))));
  Json reply = Json::object();
  reply.set("Role", TRY(recorded::make(call, call.kind(), {asked})));
  return reply;
}

Result<Json> delete_service_linked_role(Call& call) {
  const Json role = TRY(recorded::kept_one(call, call.kind(), call.text("RoleName")));
  if (!is_service_role(role)) {
    return refusal("InvalidInput", fmt::format("{} is not a service-linked role", call.text("RoleName")));
  }
  call.shelf.erase(call.kind().name, call.text("RoleName"));
  Json reply = Json::object();
  reply.set("DeletionTaskId", fmt::format("task{}{}/{}", role["Path"].as_string(), call.text("RoleName"),
                                          stable_uuid(role["RoleId"].as_string())));
  return reply;
}

// The deletion was done when it was asked for.
Result<Json> service_linked_role_deletion(Call& call) {
  if (!call.text("DeletionTaskId").starts_with(std::string("task") + kServicePath)) {
    return refusal("NoSuchEntity", fmt::format("Task {} cannot be found.", call.text("DeletionTaskId")));
  }
  Json reply = Json::object();
  reply.set("Status", "SUCCEEDED");
  return reply;
}

}  // namespace weir::api::iam
