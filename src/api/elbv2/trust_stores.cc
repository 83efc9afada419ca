// CreateTrustStore, ModifyTrustStore, DeleteTrustStore, DescribeTrustStores, DescribeTrustStoreAssociations.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "api/arn.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/names.h"
#include "api/elbv2/refusals.h"
#include "api/limits.h"
#include "api/writing.h"
#include "base/certificate.h"

namespace weir::api::elbv2 {

namespace {

std::unexpected<Error> bad_bundle(std::string message) {
  return client_error("InvalidCaCertificatesBundle", std::move(message));
}

// The certificates of a PEM text, which may say other things between them.
Result<std::vector<std::string>> certificates_in(const std::string& pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";
  std::vector<std::string> all;
  for (std::size_t at = 0; (at = pem.find(kBegin, at)) != std::string::npos;) {
    const std::size_t end = pem.find(kEnd, at);
    if (end == std::string::npos) return bad_bundle("The CA certificates bundle ends within a certificate");
    std::string one = pem.substr(at, end + kEnd.size() - at) + "\n";
    if (const auto read = read_certificate(one); !read) return bad_bundle(read.error().message);
    all.push_back(std::move(one));
    at = end;
  }
  if (all.empty()) return bad_bundle("The CA certificates bundle has no certificates");
  if (all.size() > kMaxAuthorities) {
    return bad_bundle(fmt::format("The CA certificates bundle has more than {} certificates", kMaxAuthorities));
  }
  return all;
}

// Reads the authorities that `input` names, keeps them and notes them in `store`.
template <class Input>
Result<> take_authorities(Host& host, CertificateKeep& keep, const Input& input, model::TrustStore& store) {
  const auto read =
      host.read_object(input.CaCertificatesBundleS3Bucket, input.CaCertificatesBundleS3Key, kMaxAuthoritiesBytes);
  if (!read && read.error().code == "TooLarge") return bad_bundle(read.error().message);
  if (!read && read.error().code != "NotFound") return std::unexpected(read.error());
  if (!read)
    return client_error("CaCertificatesBundleNotFound", "CA certificates bundle not found: " + read.error().message);
  const auto authorities = TRY(certificates_in(*read));
  std::string bundle;
  for (const auto& one : authorities) bundle += one;
  store.authorities = static_cast<std::int32_t>(authorities.size());
  store.file = fmt::format("{}/{}", store.arn.substr(store.arn.rfind('/') + 1), store.changes);
  // The file first: a document never names one that is not there.
  return keep.keep(store.file, bundle, "");
}

shapes::TrustStore shown(const model::TrustStore& store) {
  return {.Name = store.name,
          .TrustStoreArn = store.arn,
          .Status = "ACTIVE",
          .NumberOfCaCertificates = store.authorities,
          .TotalRevokedEntries = 0};
}

Result<shapes::CreateTrustStoreOutput> try_create(Context& context, Host& host, CertificateKeep& keep,
                                                  const shapes::CreateTrustStoreInput& input) {
  TRY(refuse(input, refused_of_create_trust_store(), kUnsupported));
  TRY(check_name("Trust store", input.Name));
  TRY(check_tags(input.Tags));
  model::TrustStore made{.scope = scope_of(context), .name = input.Name};
  if (TRY(store::load<model::TrustStore>(context.store, made.key()))) {
    return client_error("DuplicateTrustStoreName", fmt::format("A trust store with the name '{}' exists", input.Name));
  }
  if (TRY(context.store.list(model::TrustStore::kKind, made.scope.prefix())).size() >= kMaxTrustStores) {
    return client_error("TooManyTrustStores",
                        fmt::format("An account can have at most {} trust stores", kMaxTrustStores));
  }
  const std::string path = fmt::format("truststore/{}/{}", input.Name, context.random.hex(kIdDigits));
  made.arn = make_arn(context, "elasticloadbalancing", path);
  made.tags = input.Tags.value_or(std::vector<shapes::Tag>{});
  TRY(take_authorities(host, keep, input, made));
  TRY(commit(context, {store::put(made, store::Expect::kAbsent)}));
  return shapes::CreateTrustStoreOutput{.TrustStores = std::vector{shown(made)}};
}

Result<shapes::ModifyTrustStoreOutput> try_modify(Context& context, Host& host, CertificateKeep& keep,
                                                  const shapes::ModifyTrustStoreInput& input) {
  TRY(refuse(input, refused_of_modify_trust_store(), kUnsupported));
  auto found = TRY(find_trust_store(context, input.TrustStoreArn));
  if (!found) return trust_store_not_found();
  ++found->document.changes;
  TRY(take_authorities(host, keep, input, found->document));
  TRY(commit(context, {store::put(*found)}));
  return shapes::ModifyTrustStoreOutput{.TrustStores = std::vector{shown(found->document)}};
}

// The balancers with a listener that verifies by the trust store.
Result<std::set<std::string>> users_of(Context& context, const std::string& arn) {
  std::set<std::string> balancers;
  for (const auto& one : TRY(store::peek_all<model::Listener>(context.store, scope_of(context).prefix()))) {
    const auto& mutual = one->listener.MutualAuthentication;
    if (mutual && mutual->TrustStoreArn == arn) balancers.insert(one->listener.LoadBalancerArn.value_or(""));
  }
  return balancers;
}

Result<shapes::DeleteTrustStoreOutput> try_delete(Context& context, CertificateKeep& keep,
                                                  const shapes::DeleteTrustStoreInput& input) {
  const auto found = TRY(find_trust_store(context, input.TrustStoreArn));
  if (!found) return trust_store_not_found();
  if (!TRY(users_of(context, input.TrustStoreArn)).empty()) {
    return client_error("TrustStoreInUse",
                        fmt::format("Trust store '{}' is in use by a listener", input.TrustStoreArn));
  }
  TRY(commit(context, {store::erase(*found)}));
  keep.forget(found->document.file.substr(0, found->document.file.find('/')));
  return shapes::DeleteTrustStoreOutput{};
}

Result<std::vector<model::TrustStore>> named(Context& context, const shapes::DescribeTrustStoresInput& input) {
  const auto arns = input.TrustStoreArns.value_or(std::vector<std::string>{});
  const auto names = input.Names.value_or(std::vector<std::string>{});
  if (!arns.empty() && !names.empty()) {
    return validation_error("Trust store names and trust store ARNs cannot be specified at the same time");
  }
  std::vector<model::TrustStore> all;
  for (const auto& arn : arns) {
    auto found = TRY(find_trust_store(context, arn));
    if (!found) return trust_store_not_found();
    all.push_back(std::move(found->document));
  }
  if (!arns.empty()) return all;
  const std::string prefix = scope_of(context).prefix();
  for (const auto& name : names) {
    auto found = TRY(store::load<model::TrustStore>(context.store, prefix + name));
    if (!found) return trust_store_not_found();
    all.push_back(std::move(found->document));
  }
  if (!names.empty()) return all;
  for (auto& one : TRY(store::load_all<model::TrustStore>(context.store, prefix))) {
    all.push_back(std::move(one.document));
  }
  return all;
}

}  // namespace

Result<shapes::CreateTrustStoreOutput> create_trust_store(Context& context, Host& host, CertificateKeep& keep,
                                                          const shapes::CreateTrustStoreInput& input) {
  return writing(kServerError, [&] { return try_create(context, host, keep, input); });
}

Result<shapes::ModifyTrustStoreOutput> modify_trust_store(Context& context, Host& host, CertificateKeep& keep,
                                                          const shapes::ModifyTrustStoreInput& input) {
  return writing(kServerError, [&] { return try_modify(context, host, keep, input); });
}

Result<shapes::DeleteTrustStoreOutput> delete_trust_store(Context& context, CertificateKeep& keep,
                                                          const shapes::DeleteTrustStoreInput& input) {
  return writing(kServerError, [&] { return try_delete(context, keep, input); });
}

Result<shapes::DescribeTrustStoresOutput> describe_trust_stores(Context& context,
                                                                const shapes::DescribeTrustStoresInput& input) {
  std::vector<Positioned<shapes::TrustStore>> all;
  for (const auto& one : TRY(named(context, input))) all.push_back({one.name, shown(one)});
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeTrustStoresOutput{.TrustStores = std::move(page.items), .NextMarker = std::move(page.next)};
}

Result<shapes::DescribeTrustStoreAssociationsOutput> describe_trust_store_associations(
    Context& context, const shapes::DescribeTrustStoreAssociationsInput& input) {
  if (!TRY(find_trust_store(context, input.TrustStoreArn))) return trust_store_not_found();
  std::vector<Positioned<shapes::TrustStoreAssociation>> all;
  for (const auto& arn : TRY(users_of(context, input.TrustStoreArn))) {
    all.push_back({arn, shapes::TrustStoreAssociation{.ResourceArn = arn}});
  }
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeTrustStoreAssociationsOutput{.TrustStoreAssociations = std::move(page.items),
                                                      .NextMarker = std::move(page.next)};
}

}  // namespace weir::api::elbv2
