// Policies: inline ones, managed ones with their versions, and what they are attached to.
#include <fmt/format.h>

#include <cctype>
#include <cstdlib>

#include "api/arn.h"
#include "api/iam/service.h"
#include "api/recorded/selection.h"
#include "api/recorded/template.h"
#include "api/recorded/verbs.h"

namespace weir::api::iam {
namespace {

constexpr std::size_t kMaxVersions = 5;  // of a policy, as AWS has it
constexpr std::pair<const char*, const char*> kAttachments[] = {{"role-attachment", "role"},
                                                                {"user-attachment", "user"}};

// Everything but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986).
std::string encoded(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("%{:02X}", c);
    }
  }
  return out;
}

bool is_of_aws(const Arn& arn) { return arn.account == "aws" && arn.resource.starts_with("policy/"); }

// "name" of "policy/path/name".
std::string policy_name(const Arn& arn) { return arn.resource.substr(arn.resource.rfind('/') + 1); }

Result<Json> policy_of(Call& call) {
  return recorded::kept_one(call, recorded::kind_of(call, "policy"), call.text("PolicyArn"));
}

void put_policy(Call& call, Json policy) {
  const std::string arn = policy["Arn"].as_string();
  policy.set("UpdateDate", to_iso8601(call.context.now));
  call.shelf.put("policy", arn, std::move(policy));
}

Result<Json> make_version(Call& call, const std::string& arn, const std::string& id, const std::string& text) {
  Json asked = Json::object();
  asked.set("PolicyArn", arn).set("VersionId", id).set("PolicyDocument", TRY(policy_text(text)));
  return recorded::make(call, recorded::kind_of(call, "policy-version"), {asked});
}

}  // namespace

Result<std::string> policy_text(const std::string& text) {
  const auto read = Json::parse(text);
  if (!read || !read->is_object()) return refusal("MalformedPolicyDocument", "This policy contains invalid Json");
  if ((*read)["Statement"].is_null()) {
    return refusal("MalformedPolicyDocument", "Syntax errors in policy: it has no Statement.");
  }
  return encoded(text);
}

Result<> take_inline_policy(Call&, Json& policy) {
  policy.set("PolicyDocument", TRY(policy_text(policy["PolicyDocument"].as_string())));
  return {};
}

// One of AWS's own need not be known here.
Result<> check_attachable(Call& call, Json& attachment) {
  const std::string& text = call.text("PolicyArn");
  const auto arn = parse_arn(text);
  if (!arn || arn->service != "iam") return refusal("InvalidInput", fmt::format("ARN {} is not valid.", text));
  if (!is_of_aws(*arn) && !TRY(call.shelf.find("policy", text))) {
    return refusal("NoSuchEntity", fmt::format("Policy {} does not exist or is not attachable.", text));
  }
  attachment.set("PolicyName", policy_name(*arn));
  return {};
}

Result<> after_create_policy(Call& call, Json& policy) {
  TRY(check_names(call, policy));
  TRY(make_version(call, policy["Arn"].as_string(), "v1", call.text("PolicyDocument")));
  return {};
}

Result<> count_attachments(Call& call, Json& policy) {
  std::size_t count = 0;
  for (const auto& [kind, owner] : kAttachments) {
    for (const auto& one : TRY(call.shelf.all(kind))) count += one["PolicyArn"] == policy["Arn"];
  }
  policy.set("AttachmentCount", std::to_string(count));
  return {};
}

Result<> before_delete_policy(Call& call, Json& policy) {
  const std::string arn = policy["Arn"].as_string();
  const auto versions = TRY(call.shelf.all("policy-version", arn + "|"));
  if (versions.size() > 1) {
    return refusal("DeleteConflict",
                   "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                   "other versions. The default version is deleted with the policy.");
  }
  for (const auto& one : versions) call.shelf.erase("policy-version", one["_id"].as_string());
  return {};
}

Result<> show_default(Call& call, Json& version) {
  const auto policy = TRY(call.shelf.find("policy", version["_policy"].as_string()));
  const bool is_default = policy && (*policy)["DefaultVersionId"] == version["VersionId"];
  version.set("IsDefaultVersion", is_default ? "true" : "false");
  return {};
}

// AWS's own policies are none of the account's: Scope=AWS lists nothing.
Result<Json> list_policies(Call& call) {
  auto all = TRY(recorded::presented(call, call.kind()));
  const std::string &prefix = call.text("PathPrefix"), &scope = call.text("Scope");
  if (!scope.empty() && scope != "All" && scope != "AWS" && scope != "Local") {
    return refusal("ValidationError", fmt::format("Value '{}' at 'scope' must be one of All, AWS, Local", scope));
  }
  std::erase_if(all, [&](const Json& one) {
    return scope == "AWS" || !one["Path"].as_string().starts_with(prefix) ||
           (call.text("OnlyAttached") == "true" && one["AttachmentCount"].as_string() == "0");
  });
  return recorded::paged(call, call.kind().list, std::move(all),
                         [](const Json& one) { return one["Arn"].as_string(); });
}

Result<Json> create_policy_version(Call& call) {
  Json policy = TRY(policy_of(call));
  const std::string arn = policy["Arn"].as_string();
  if (TRY(call.shelf.all("policy-version", arn + "|")).size() >= kMaxVersions) {
    return refusal("LimitExceeded", fmt::format("A managed policy can have up to {} versions. Before you create a new "
                                                "version, you must delete an existing version.",
                                                kMaxVersions));
  }
  const std::string number = std::to_string(std::atoi(policy["_last"].as_string().c_str()) + 1);
  policy.set("_last", number);
  if (call.text("SetAsDefault") == "true") policy.set("DefaultVersionId", "v" + number);
  put_policy(call, std::move(policy));
  Json version = TRY(make_version(call, arn, "v" + number, call.text("PolicyDocument")));
  TRY(show_default(call, version));
  version.set("Document", Json());
  Json reply = Json::object();
  reply.set("PolicyVersion", std::move(version));
  return reply;
}

Result<Json> delete_policy_version(Call& call) {
  const Json policy = TRY(policy_of(call));
  TRY(recorded::kept_one(call, call.kind(), recorded::name_on(call)));
  if (policy["DefaultVersionId"] == call.input["VersionId"]) {
    return refusal("DeleteConflict", "Cannot delete the default version of a policy.");
  }
  call.shelf.erase(call.kind().name, recorded::name_on(call));
  return Json();
}

Result<Json> set_default_policy_version(Call& call) {
  Json policy = TRY(policy_of(call));
  TRY(recorded::kept_one(call, call.kind(), recorded::name_on(call)));
  policy.set("DefaultVersionId", call.input["VersionId"]);
  put_policy(call, std::move(policy));
  return Json();
}

Result<Json> list_entities_for_policy(Call& call) {
  const std::string& arn = call.text("PolicyArn");
  if (!parse_arn(arn) || !is_of_aws(*parse_arn(arn))) TRY(policy_of(call));
  Json roles = Json::array(), users = Json::array();
  for (const auto& [kind, owner] : kAttachments) {
    const bool role = std::string_view(owner) == "role";
    for (const auto& one : TRY(call.shelf.all(kind))) {
      if (one["PolicyArn"].as_string() != arn) continue;
      const auto entity = TRY(call.shelf.find(owner, one["_owner"].as_string()));
      if (!entity) continue;
      Json shown = Json::object();
      for (const char* member : {role ? "RoleName" : "UserName", role ? "RoleId" : "UserId"}) {
        shown.set(member, (*entity)[member]);
      }
      (role ? roles : users).push(std::move(shown));
    }
  }
  Json reply = Json::object();
  reply.set("PolicyGroups", Json::array()).set("PolicyUsers", std::move(users)).set("PolicyRoles", std::move(roles));
  reply.set("IsTruncated", "false");
  return reply;
}

}  // namespace weir::api::iam
