#include "api/ecs/account_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/arn.h"
#include "api/ecs/actions.h"
#include "api/ecs/errors.h"
#include "api/writing.h"

namespace weir::api::ecs {

namespace {

constexpr std::size_t kSettingsPerPage = 10;

struct Known {
  const char* name;
  const char* standard;
  std::vector<std::string> values;
};

const std::vector<Known>& known_settings() {
  static const std::vector<Known> kKnown{
      {"awsvpcTrunking", "disabled", {"enabled", "disabled"}},
      {"containerInsights", "disabled", {"enabled", "disabled", "enhanced"}},
      {"containerInstanceLongArnFormat", "enabled", {"enabled", "disabled"}},
      {"defaultLogDriverMode", "non-blocking", {"blocking", "non-blocking"}},
      {"fargateEventWindows", "disabled", {"enabled", "disabled"}},
      {"fargateFIPSMode", "disabled", {"enabled", "disabled"}},
      {"fargateTaskRetirementWaitPeriod", "7", {"0", "7", "14"}},
      {"guardDutyActivate", "off", {"on", "off"}},
      {"serviceLongArnFormat", "enabled", {"enabled", "disabled"}},
      {"tagResourceAuthorization", "on", {"on", "off"}},
      {"taskLongArnFormat", "enabled", {"enabled", "disabled"}},
  };
  return kKnown;
}

Result<const Known*> known(const std::string& name) {
  const auto found = std::ranges::find(known_settings(), name, &Known::name);
  if (found == known_settings().end()) return invalid_parameter(fmt::format("Invalid setting name: {}", name));
  return &*found;
}

Result<> check_value(const std::string& name, const std::string& value) {
  const auto* setting = TRY(known(name));
  if (name == "guardDutyActivate") return invalid_parameter("The setting guardDutyActivate is read-only.");
  if (std::ranges::find(setting->values, value) != setting->values.end()) return {};
  return invalid_parameter(fmt::format("Invalid setting value: {}", value));
}

shapes::Setting shown_setting(const std::string& principal, const std::string& name, const std::string& value) {
  return {.name = name,
          .value = value,
          .principalArn = principal,
          .type = name == "guardDutyActivate" ? "aws_managed" : "user"};
}

model::AccountSetting named(const Context& context, const std::string& principal, const std::string& name) {
  return {.scope = scope_of(context), .principal = principal, .name = name};
}

// `principal`: empty for the default of the account.
Result<shapes::Setting> keep(Context& context, const std::string& principal, const std::string& name,
                             const std::string& value) {
  TRY(check_value(name, value));
  auto setting = named(context, principal, name);
  setting.value = value;
  TRY(commit(context, {store::put(setting, store::Expect::kAny)}));
  return shown_setting(principal.empty() ? caller_arn(context) : principal, name, value);
}

std::string principal_of(const Context& context, const std::optional<std::string>& given) {
  return given && !given->empty() ? *given : caller_arn(context);
}

}  // namespace

std::string caller_arn(const Context& context) { return fmt::format("arn:aws:iam::{}:root", context.account); }

Result<std::string> effective_setting(Context& context, const std::string& principal, const std::string& name) {
  for (const auto& who : {principal, std::string()}) {
    const auto found = TRY(store::load<model::AccountSetting>(context.store, named(context, who, name).key()));
    if (found) return found->document.value;
  }
  return std::string(TRY(known(name))->standard);
}

Result<shapes::PutAccountSettingResponse> put_account_setting(Context& context,
                                                              const shapes::PutAccountSettingRequest& request) {
  return writing(kServerException, [&]() -> Result<shapes::PutAccountSettingResponse> {
    const std::string principal = principal_of(context, request.principalArn);
    return shapes::PutAccountSettingResponse{TRY(keep(context, principal, request.name, request.value))};
  });
}

Result<shapes::PutAccountSettingDefaultResponse> put_account_setting_default(
    Context& context, const shapes::PutAccountSettingDefaultRequest& request) {
  return writing(kServerException, [&]() -> Result<shapes::PutAccountSettingDefaultResponse> {
    return shapes::PutAccountSettingDefaultResponse{TRY(keep(context, "", request.name, request.value))};
  });
}

Result<shapes::DeleteAccountSettingResponse> delete_account_setting(
    Context& context, const shapes::DeleteAccountSettingRequest& request) {
  return writing(kServerException, [&]() -> Result<shapes::DeleteAccountSettingResponse> {
    TRY(known(request.name));
    const std::string principal = principal_of(context, request.principalArn);
    const auto found =
        TRY(store::load<model::AccountSetting>(context.store, named(context, principal, request.name).key()));
    if (found) TRY(commit(context, {store::erase(*found)}));
    const std::string value = TRY(effective_setting(context, principal, request.name));
    return shapes::DeleteAccountSettingResponse{shown_setting(principal, request.name, value)};
  });
}

// In the order of their names. Without effectiveSettings only those that were put for the principal.
Result<shapes::ListAccountSettingsResponse> list_account_settings(Context& context,
                                                                  const shapes::ListAccountSettingsRequest& request) {
  if (request.name) TRY(known(*request.name));
  if (request.value && !request.name) return invalid_parameter("A value is only a filter together with a name.");
  const std::string principal = principal_of(context, request.principalArn);
  const bool effective = request.effectiveSettings.value_or(false);
  std::vector<Positioned<shapes::Setting>> all;
  for (const auto& setting : known_settings()) {
    const std::string name = setting.name;
    if (request.name && *request.name != name) continue;
    const auto own = TRY(store::load<model::AccountSetting>(context.store, named(context, principal, name).key()));
    if (!own && !effective) continue;
    const std::string value = own ? own->document.value : TRY(effective_setting(context, principal, name));
    if (request.value && *request.value != value) continue;
    all.push_back({name, shown_setting(principal, name, value)});
  }
  const std::size_t otherwise = effective ? known_settings().size() : kSettingsPerPage;
  const std::size_t size = TRY(page_size(request.maxResults, otherwise));
  auto page = page_of(std::move(all), request.nextToken.value_or(""), size);
  if (!page) return invalid_token();
  return shapes::ListAccountSettingsResponse{std::move(page->items), std::move(page->next)};
}

}  // namespace weir::api::ecs
