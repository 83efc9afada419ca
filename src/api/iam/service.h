// iam: roles, policies, instance profiles and users, as records. Nobody is denied anything by them; what refers to
// what, and what may go, is as AWS has it. Policies of AWS (arn:aws:iam::aws:policy/…) can be attached and have no text
// here.
#pragma once

#include "api/recorded/service.h"

namespace weir::api::iam {

using recorded::Call;
using recorded::Kind;
using recorded::Operation;
using recorded::refusal;

// Constant after its first use; any thread.
const recorded::Service& service();

// The tables.
std::span<const Kind> kinds();
std::span<const recorded::Reference> references();
std::span<const Operation> operations();

// --- entities.cc: roles, users, instance profiles
Result<> check_role(Call& call, Json& role);
Result<> check_session(Call& call, Json& role);
Result<> take_trust_policy(Call& call, Json& role);
// The entity's name and path. Errors: ValidationError.
Result<> check_names(const Call& call, const Json& entity);
Result<> check_entity(Call& call, Json& entity);
Result<> set_boundary(Call& call, Json& entity);
Result<> delete_boundary(Call& call, Json& entity);
Result<> show_roles(Call& call, Json& profile);
Result<> add_role(Call& call, Json& profile);
Result<> remove_role(Call& call, Json& profile);
Result<> before_delete_profile(Call& call, Json& profile);
Result<Json> list_profiles_for_role(Call& call);
Result<Json> create_service_linked_role(Call& call);
Result<Json> delete_service_linked_role(Call& call);
Result<Json> service_linked_role_deletion(Call& call);

// --- policies.cc
Result<> take_inline_policy(Call& call, Json& policy);
Result<> check_attachable(Call& call, Json& attachment);
Result<> after_create_policy(Call& call, Json& policy);
Result<> count_attachments(Call& call, Json& policy);
Result<> before_delete_policy(Call& call, Json& policy);
Result<> show_default(Call& call, Json& version);
Result<Json> list_policies(Call& call);
Result<Json> create_policy_version(Call& call);
Result<Json> delete_policy_version(Call& call);
Result<Json> set_default_policy_version(Call& call);
Result<Json> list_entities_for_policy(Call& call);
// A policy's text as IAM shows it: percent-encoded. Errors: MalformedPolicyDocument where it is no JSON object with a
// Statement.
Result<std::string> policy_text(const std::string& text);

}  // namespace weir::api::iam
