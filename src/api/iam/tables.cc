// The tables of iam. tools/coverage reads the rows of operations.
#include "api/iam/service.h"
#include "api/recorded/verbs.h"

#define PAGES "Marker MaxItems:int "
#define TAGS "Tags[Key! Value!] "

namespace weir::api::iam {
namespace {

using namespace recorded;  // NOLINT: the verbs

constexpr const char* kGone = "NoSuchEntity";

constexpr Kind kKinds[] = {
    {"role", "RoleName", "AROA", "Roles", "Role", kGone, "", "The role with name {} cannot be found.", "",
     R"({"Path":"${Path|/}","RoleName":"${RoleName}","RoleId":"${id}",
         "Arn":"arn:${partition}:iam::${account}:role${Path|/}${RoleName}","CreateDate":"${now}",
         "AssumeRolePolicyDocument":"${AssumeRolePolicyDocument}","Description":"${Description}",
         "MaxSessionDuration":"${MaxSessionDuration|3600}","Tags":"${tags}","RoleLastUsed":{}})"},
    {"user", "UserName", "AIDA", "Users", "User", kGone, "", "The user with name {} cannot be found.", "",
     R"({"Path":"${Path|/}","UserName":"${UserName}","UserId":"${id}",
         "Arn":"arn:${partition}:iam::${account}:user${Path|/}${UserName}","CreateDate":"${now}","Tags":"${tags}"})"},
    {"instance-profile", "InstanceProfileName", "AIPA", "InstanceProfiles", "InstanceProfile", kGone, "",
     "Instance Profile {} cannot be found.", "",
     R"({"Path":"${Path|/}","InstanceProfileName":"${InstanceProfileName}","InstanceProfileId":"${id}",
         "Arn":"arn:${partition}:iam::${account}:instance-profile${Path|/}${InstanceProfileName}",
         "CreateDate":"${now}","Roles":[],"Tags":"${tags}","_roles":[]})",
     &show_roles},
    {"policy", "Arn", "ANPA", "Policies", "Policy", kGone, "", "Policy {} was not found.", "",
     R"({"PolicyName":"${PolicyName}","PolicyId":"${id}",
         "Arn":"arn:${partition}:iam::${account}:policy${Path|/}${PolicyName}","Path":"${Path|/}",
         "DefaultVersionId":"v1","AttachmentCount":"0","PermissionsBoundaryUsageCount":"0","IsAttachable":"true",
         "Description":"${Description}","CreateDate":"${now}","UpdateDate":"${now}","Tags":"${tags}","_last":"1"})",
     &count_attachments},
    {"policy-version", "_id", "", "Versions", "PolicyVersion", kGone, "", "Policy version {} was not found.", "",
     R"({"_id":"${PolicyArn}|${VersionId}","_policy":"${PolicyArn}","Document":"${PolicyDocument}",
         "VersionId":"${VersionId}","IsDefaultVersion":"false","CreateDate":"${now}"})",
     &show_default},
    {"role-policy", "_id", "", "PolicyNames", "", kGone, "", "The role policy with name {} cannot be found.", "",
     R"({"_id":"${RoleName}|${PolicyName}","_owner":"${RoleName}","RoleName":"${RoleName}",
         "PolicyName":"${PolicyName}","PolicyDocument":"${PolicyDocument}"})"},
    {"user-policy", "_id", "", "PolicyNames", "", kGone, "", "The user policy with name {} cannot be found.", "",
     R"({"_id":"${UserName}|${PolicyName}","_owner":"${UserName}","UserName":"${UserName}",
         "PolicyName":"${PolicyName}","PolicyDocument":"${PolicyDocument}"})"},
    {"role-attachment", "_id", "", "AttachedPolicies", "", kGone, "", "Policy {} was not found.", "",
     R"({"_id":"${RoleName}|${PolicyArn}","_owner":"${RoleName}","PolicyName":"","PolicyArn":"${PolicyArn}"})"},
    {"user-attachment", "_id", "", "AttachedPolicies", "", kGone, "", "Policy {} was not found.", "",
     R"({"_id":"${UserName}|${PolicyArn}","_owner":"${UserName}","PolicyName":"","PolicyArn":"${PolicyArn}"})"},
};

constexpr const char* kDetach = "Cannot delete entity, must detach all policies first.";
constexpr const char* kDeletePolicies = "Cannot delete entity, must delete policies first.";
constexpr const char* kAttached = "Cannot delete a policy attached to entities.";
constexpr Reference kReferences[] = {
    {"role-attachment", "_owner", "role", kDetach},
    {"role-policy", "_owner", "role", kDeletePolicies},
    {"instance-profile", "_roles", "role", "Cannot delete entity, must remove roles from instance profile first."},
    {"user-attachment", "_owner", "user", kDetach},
    {"user-policy", "_owner", "user", kDeletePolicies},
    {"role-attachment", "PolicyArn", "policy", kAttached},
    {"user-attachment", "PolicyArn", "policy", kAttached},
};

constexpr Operation kOperations[] = {
    // --- roles
    {"CreateRole", &create, "role", "",
     "RoleName! AssumeRolePolicyDocument! Path Description MaxSessionDuration:int PermissionsBoundary " TAGS, "",
     &check_role},
    {"GetRole", &get, "role", "RoleName", "RoleName!"},
    {"ListRoles", &list, "role", "", "PathPrefix " PAGES},
    {"UpdateRole", &modify_and_answer, "role", "RoleName", "RoleName! Description MaxSessionDuration:int", "",
     &check_session},
    {"UpdateRoleDescription", &modify_and_show, "role", "RoleName", "RoleName! Description!"},
    {"UpdateAssumeRolePolicy", &modify, "role", "RoleName", "RoleName! PolicyDocument!",
     "PolicyDocument=AssumeRolePolicyDocument", &take_trust_policy},
    {"DeleteRole", &remove, "role", "RoleName", "RoleName!"},
    {"PutRolePermissionsBoundary", &change, "role", "RoleName", "RoleName! PermissionsBoundary!", "", &set_boundary},
    {"DeleteRolePermissionsBoundary", &change, "role", "RoleName", "RoleName!", "", &delete_boundary},
    {"TagRole", &tag, "role", "RoleName", "RoleName! Tags[Key! Value!]!"},
    {"UntagRole", &untag, "role", "RoleName", "RoleName! TagKeys[]!"},
    {"ListRoleTags", &list_tags, "role", "RoleName", "RoleName! " PAGES},
    {"PutRolePolicy", &put, "role-policy", "", "RoleName! PolicyName! PolicyDocument!", "RoleName=role",
     &take_inline_policy},
    {"GetRolePolicy", &get, "role-policy", "RoleName/PolicyName", "RoleName! PolicyName!"},
    {"ListRolePolicies", &list_below, "role-policy", "RoleName", "RoleName! " PAGES, "role=PolicyName"},
    {"DeleteRolePolicy", &remove, "role-policy", "RoleName/PolicyName", "RoleName! PolicyName!"},
    {"AttachRolePolicy", &put, "role-attachment", "", "RoleName! PolicyArn!", "RoleName=role", &check_attachable},
    {"DetachRolePolicy", &remove, "role-attachment", "RoleName/PolicyArn", "RoleName! PolicyArn!"},
    {"ListAttachedRolePolicies", &list_below, "role-attachment", "RoleName", "RoleName! " PAGES, "role="},
    {"CreateServiceLinkedRole", &create_service_linked_role, "role", "", "AWSServiceName! Description"},
    {"DeleteServiceLinkedRole", &delete_service_linked_role, "role", "RoleName", "RoleName!"},
    {"GetServiceLinkedRoleDeletionStatus", &service_linked_role_deletion, "role", "", "DeletionTaskId!"},

    // --- policies
    {"CreatePolicy", &create, "policy", "", "PolicyName! PolicyDocument! Path Description " TAGS, "",
     &after_create_policy},
    {"GetPolicy", &get, "policy", "PolicyArn", "PolicyArn!"},
    {"ListPolicies", &list_policies, "policy", "", "Scope OnlyAttached:bool PathPrefix " PAGES},
    {"DeletePolicy", &remove, "policy", "PolicyArn", "PolicyArn!", "", &before_delete_policy},
    {"CreatePolicyVersion", &create_policy_version, "policy-version", "PolicyArn",
     "PolicyArn! PolicyDocument! SetAsDefault:bool"},
    {"GetPolicyVersion", &get, "policy-version", "PolicyArn/VersionId", "PolicyArn! VersionId!"},
    {"ListPolicyVersions", &list_below, "policy-version", "PolicyArn", "PolicyArn! " PAGES, "policy="},
    {"DeletePolicyVersion", &delete_policy_version, "policy-version", "PolicyArn/VersionId", "PolicyArn! VersionId!"},
    {"SetDefaultPolicyVersion", &set_default_policy_version, "policy-version", "PolicyArn/VersionId",
     "PolicyArn! VersionId!"},
    {"ListEntitiesForPolicy", &list_entities_for_policy, "policy", "PolicyArn", "PolicyArn!"},
    {"TagPolicy", &tag, "policy", "PolicyArn", "PolicyArn! Tags[Key! Value!]!"},
    {"UntagPolicy", &untag, "policy", "PolicyArn", "PolicyArn! TagKeys[]!"},
    {"ListPolicyTags", &list_tags, "policy", "PolicyArn", "PolicyArn! " PAGES},

    // --- instance profiles
    {"CreateInstanceProfile", &create, "instance-profile", "", "InstanceProfileName! Path " TAGS, "", &check_entity},
    {"GetInstanceProfile", &get, "instance-profile", "InstanceProfileName", "InstanceProfileName!"},
    {"ListInstanceProfiles", &list, "instance-profile", "", "PathPrefix " PAGES},
    {"ListInstanceProfilesForRole", &list_profiles_for_role, "instance-profile", "RoleName", "RoleName! " PAGES},
    {"AddRoleToInstanceProfile", &change, "instance-profile", "InstanceProfileName", "InstanceProfileName! RoleName!",
     "", &add_role},
    {"RemoveRoleFromInstanceProfile", &change, "instance-profile", "InstanceProfileName",
     "InstanceProfileName! RoleName!", "", &remove_role},
    {"DeleteInstanceProfile", &remove, "instance-profile", "InstanceProfileName", "InstanceProfileName!", "",
     &before_delete_profile},
    {"TagInstanceProfile", &tag, "instance-profile", "InstanceProfileName", "InstanceProfileName! Tags[Key! Value!]!"},
    {"UntagInstanceProfile", &untag, "instance-profile", "InstanceProfileName", "InstanceProfileName! TagKeys[]!"},
    {"ListInstanceProfileTags", &list_tags, "instance-profile", "InstanceProfileName", "InstanceProfileName! " PAGES},

    // --- users
    {"CreateUser", &create, "user", "", "UserName! Path PermissionsBoundary " TAGS, "", &check_entity},
    {"GetUser", &get, "user", "UserName", "UserName!"},
    {"ListUsers", &list, "user", "", "PathPrefix " PAGES},
    {"DeleteUser", &remove, "user", "UserName", "UserName!"},
    {"TagUser", &tag, "user", "UserName", "UserName! Tags[Key! Value!]!"},
    {"UntagUser", &untag, "user", "UserName", "UserName! TagKeys[]!"},
    {"ListUserTags", &list_tags, "user", "UserName", "UserName! " PAGES},
    {"PutUserPolicy", &put, "user-policy", "", "UserName! PolicyName! PolicyDocument!", "UserName=user",
     &take_inline_policy},
    {"GetUserPolicy", &get, "user-policy", "UserName/PolicyName", "UserName! PolicyName!"},
    {"ListUserPolicies", &list_below, "user-policy", "UserName", "UserName! " PAGES, "user=PolicyName"},
    {"DeleteUserPolicy", &remove, "user-policy", "UserName/PolicyName", "UserName! PolicyName!"},
    {"AttachUserPolicy", &put, "user-attachment", "", "UserName! PolicyArn!", "UserName=user", &check_attachable},
    {"DetachUserPolicy", &remove, "user-attachment", "UserName/PolicyArn", "UserName! PolicyArn!"},
    {"ListAttachedUserPolicies", &list_below, "user-attachment", "UserName", "UserName! " PAGES, "user="},
};

// Sorted by code.
constexpr model::ModelledError kErrors[] = {
    {"DeleteConflict", 409}, {"EntityAlreadyExists", 409}, {"LimitExceeded", 409}, {"NoSuchEntity", 404}};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }
std::span<const Reference> references() { return kReferences; }
std::span<const Operation> operations() { return kOperations; }

const recorded::Service& service() {
  static const recorded::Service kService{
      .model = {.name = "iam",
                .signing_name = "iam",
                .api_version = "2010-05-08",
                .protocol = model::Protocol::query,
                .xml_namespace = "https://iam.amazonaws.com/doc/2010-05-08/",
                .errors = kErrors},
      .style = recorded::Style::iam,
      .region = "global",
      .kinds = kinds(),
      .references = references(),
      .operations = operations(),
      .in_use = "DeleteConflict",
      .exists = "EntityAlreadyExists",
      .full = "LimitExceeded",
  };
  return kService;
}

}  // namespace weir::api::iam
