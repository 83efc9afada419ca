#include "api/acm/certificates.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/acm/actions.h"
#include "api/acm/refusals.h"
#include "api/arn.h"
#include "api/limits.h"
#include "api/paging.h"
#include "api/writing.h"
#include "base/base64.h"
#include "base/certificate.h"
#include "model/mesh_documents.h"

namespace weir::api::acm {

namespace {

constexpr const char* kServerError = "InternalFailure";
constexpr std::size_t kMaxPem = 32'768;  // of a certificate, as AWS has it; keys are shorter, chains longer
constexpr std::size_t kMaxKey = 5'120;
constexpr std::size_t kMaxChain = 2'097'152;
constexpr std::size_t kPage = 1000;

std::unexpected<Error> client_error(const char* code, std::string message) {
  return fail(code, std::move(message), ErrorSource::client);
}

// Errors: InvalidArnException, ResourceNotFoundException.
Result<store::Versioned<model::Certificate>> existing(Context& context, const std::string& arn) {
  const auto parsed = parse_arn(arn);
  if (!parsed || parsed->service != "acm" || parsed->part(0) != "certificate") {
    return client_error("InvalidArnException", fmt::format("'{}' is not the ARN of a certificate", arn));
  }
  if (auto found = TRY(find_certificate(context, arn))) return std::move(*found);
  return client_error("ResourceNotFoundException", fmt::format("Could not find certificate {}.", arn));
}

Result<> add(std::map<std::string, std::string>& tags, const std::optional<std::vector<shapes::Tag>>& more) {
  for (const auto& tag : more.value_or(std::vector<shapes::Tag>{})) {
    if (tag.Key.starts_with("aws:")) {
      return client_error("InvalidTagException", fmt::format("The tag key '{}' cannot begin with 'aws:'", tag.Key));
    }
    tags[tag.Key] = tag.Value.value_or("");
  }
  if (tags.size() > kMaxTags) {
    return client_error("TooManyTagsException", fmt::format("A certificate has at most {} tags", kMaxTags));
  }
  return {};
}

Result<std::string> pem_of(const std::string& base64, const char* member, std::size_t most) {
  auto pem = decode_base64(base64);
  if (!pem) return client_error("ValidationException", fmt::format("{} is not base64", member));
  if (pem->size() > most) {
    return client_error("ValidationException", fmt::format("{} is longer than {} bytes", member, most));
  }
  return std::move(*pem);
}

Result<> take(model::Certificate& certificate, const std::string& key) {
  const auto check = [](Result<> result) -> Result<> {
    if (result) return {};
    return client_error("ValidationException", result.error().message);
  };
  const auto facts = read_certificate(certificate.body);
  if (!facts) return client_error("ValidationException", facts.error().message);
  TRY(check(check_private_key(certificate.body, key)));
  if (!certificate.chain.empty()) TRY(check(check_chain(certificate.body, certificate.chain)));
  certificate.domain_name = facts->domain_name;
  certificate.names = facts->names;
  certificate.serial = facts->serial;
  certificate.subject = facts->subject;
  certificate.issuer = facts->issuer;
  certificate.key_algorithm = facts->key_algorithm;
  certificate.signature_algorithm = facts->signature_algorithm;
  certificate.not_before = facts->not_before;
  certificate.not_after = facts->not_after;
  return {};
}

// What comes in, as a document that takes the place of one that is there. Errors: ValidationException where it has
// expired, or is not valid yet, too.
Result<store::Versioned<model::Certificate>> incoming(Context& context, const shapes::ImportCertificateRequest& request,
                                                      const std::string& key) {
  store::Versioned<model::Certificate> made{.document = {.scope = scope_of(context)}};
  if (request.CertificateArn) {
    if (request.Tags && !request.Tags->empty()) {
      return client_error("InvalidParameterException", "Tags cannot be given where a certificate is imported again");
    }
    made = TRY(existing(context, *request.CertificateArn));
    ++made.document.imports;
  } else {
    const std::string id = stable_uuid(context.random.hex(32));
    made.document.arn = make_arn(context, "acm", "certificate/" + id);
    TRY(add(made.document.tags, request.Tags));
  }
  model::Certificate& certificate = made.document;
  certificate.body = TRY(pem_of(request.Certificate, "Certificate", kMaxPem));
  certificate.chain = TRY(pem_of(request.CertificateChain.value_or(""), "CertificateChain", kMaxChain));
  TRY(take(certificate, key));
  if (certificate.not_after <= context.now || context.now < certificate.not_before) {
    return client_error("ValidationException",
                        "The certificate is not valid now: it must be within its period of validity");
  }
  const std::string id = certificate.arn.substr(certificate.arn.rfind('/') + 1);
  certificate.file = fmt::format("{}/{}", id, certificate.imports);
  certificate.imported_at = context.now;
  return made;
}

Result<shapes::ImportCertificateResponse> try_import(Context& context, CertificateKeep& keep,
                                                     const shapes::ImportCertificateRequest& request) {
  const std::string key = TRY(pem_of(request.PrivateKey, "PrivateKey", kMaxKey));
  const auto made = TRY(incoming(context, request, key));
  const model::Certificate& certificate = made.document;
  if (made.revision == store::Expect::kAbsent &&
      TRY(context.store.list(model::Certificate::kKind, certificate.scope.prefix())).size() >= kMaxCertificates) {
    return client_error("LimitExceededException",
                        fmt::format("An account can have at most {} certificates", kMaxCertificates));
  }
  // Its files first: a document never names files that are not there.
  const std::string gap = certificate.body.ends_with('\n') ? "" : "\n";
  TRY(keep.keep(certificate.file, certificate.body + gap + certificate.chain, key));
  TRY(commit(context, {store::put(made)}));
  return shapes::ImportCertificateResponse{certificate.arn};
}

std::string status_of(const model::Certificate& certificate, Timestamp now) {
  return certificate.not_after <= now ? "EXPIRED" : "ISSUED";
}

std::string issuer_name(const std::string& issuer) {
  for (const char* member : {"O=", "CN="}) {
    const auto at = issuer.find(member);
    if (at == std::string::npos) continue;
    const auto begin = at + std::string_view(member).size();
    return issuer.substr(begin, issuer.find(',', begin) - begin);
  }
  return issuer;
}

shapes::CertificateDetail detail_of(const model::Certificate& certificate, std::vector<std::string> users,
                                    Timestamp now) {
  shapes::CertificateDetail detail;
  detail.CertificateArn = certificate.arn;
  detail.DomainName = certificate.domain_name;
  detail.SubjectAlternativeNames = certificate.names;
  detail.Serial = certificate.serial;
  detail.Subject = certificate.subject;
  detail.Issuer = issuer_name(certificate.issuer);
  detail.CreatedAt = certificate.imported_at;
  detail.ImportedAt = certificate.imported_at;
  detail.Status = status_of(certificate, now);
  detail.NotBefore = certificate.not_before;
  detail.NotAfter = certificate.not_after;
  detail.KeyAlgorithm = certificate.key_algorithm;
  detail.SignatureAlgorithm = certificate.signature_algorithm;
  detail.InUseBy = std::move(users);
  detail.Type = "IMPORTED";
  detail.RenewalEligibility = "INELIGIBLE";
  return detail;
}

shapes::CertificateSummary summary_of(const model::Certificate& certificate, bool in_use, Timestamp now) {
  shapes::CertificateSummary summary;
  summary.CertificateArn = certificate.arn;
  summary.DomainName = certificate.domain_name;
  summary.SubjectAlternativeNameSummaries = certificate.names;
  summary.HasAdditionalSubjectAlternativeNames = false;
  summary.Status = status_of(certificate, now);
  summary.Type = "IMPORTED";
  summary.KeyAlgorithm = certificate.key_algorithm;
  summary.InUse = in_use;
  summary.RenewalEligibility = "INELIGIBLE";
  summary.NotBefore = certificate.not_before;
  summary.NotAfter = certificate.not_after;
  summary.CreatedAt = certificate.imported_at;
  summary.ImportedAt = certificate.imported_at;
  return summary;
}

bool is_among(const std::optional<std::vector<std::string>>& words, const std::string& word) {
  return !words || words->empty() || std::find(words->begin(), words->end(), word) != words->end();
}

// Whether one of a mesh's listeners shows the certificate.
template <class Listener>
bool shows(const std::vector<Listener>& listeners, const std::string& arn) {
  return std::any_of(listeners.begin(), listeners.end(), [&](const Listener& each) {
    return each.tls && each.tls->certificate.acm && each.tls->certificate.acm->certificateArn == arn;
  });
}

}  // namespace

Result<std::optional<store::Versioned<model::Certificate>>> find_certificate(Context& context, const std::string& arn) {
  return store::load<model::Certificate>(context.store, scope_of(context).prefix() + arn);
}

Result<std::vector<std::string>> users_of(Context& context, const std::string& arn) {
  std::set<std::string> users;
  for (const auto& one : TRY(store::load_all<model::Listener>(context.store, scope_of(context).prefix()))) {
    const model::Listener& listener = one.document;
    std::vector<std::string> shown = listener.more_certificates;
    for (const auto& first : listener.listener.Certificates.value_or(std::vector<model::elbv2::Certificate>{})) {
      shown.push_back(first.CertificateArn.value_or(""));
    }
    if (std::find(shown.begin(), shown.end(), arn) == shown.end()) continue;
    users.insert(listener.listener.LoadBalancerArn.value_or(""));
  }
  for (const auto& one : TRY(store::load_all<model::VirtualNode>(context.store, scope_of(context).prefix()))) {
    const auto& spec = one.document.spec;
    if (spec.listeners && shows(*spec.listeners, arn)) users.insert(one.document.about.metadata.arn);
  }
  for (const auto& one : TRY(store::load_all<model::VirtualGateway>(context.store, scope_of(context).prefix()))) {
    if (shows(one.document.spec.listeners, arn)) users.insert(one.document.about.metadata.arn);
  }
  return std::vector<std::string>(users.begin(), users.end());
}

Result<shapes::ImportCertificateResponse> import_certificate(Context& context, CertificateKeep& keep,
                                                             const shapes::ImportCertificateRequest& request) {
  return writing(kServerError, [&] { return try_import(context, keep, request); });
}

Result<shapes::DeleteCertificateResponse> delete_certificate(Context& context, CertificateKeep& keep,
                                                             const shapes::DeleteCertificateRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::DeleteCertificateResponse> {
    const auto found = TRY(existing(context, request.CertificateArn));
    if (!TRY(users_of(context, request.CertificateArn)).empty()) {
      return client_error("ResourceInUseException", fmt::format("Certificate {} in account {} is in use.",
                                                                request.CertificateArn, context.account));
    }
    TRY(commit(context, {store::erase(found)}));
    keep.forget(found.document.file.substr(0, found.document.file.find('/')));
    return shapes::DeleteCertificateResponse{};
  });
}

Result<shapes::DescribeCertificateResponse> describe_certificate(Context& context,
                                                                 const shapes::DescribeCertificateRequest& request) {
  const auto found = TRY(existing(context, request.CertificateArn));
  auto users = TRY(users_of(context, request.CertificateArn));
  return shapes::DescribeCertificateResponse{detail_of(found.document, std::move(users), context.now)};
}

Result<shapes::GetCertificateResponse> get_certificate(Context& context, const shapes::GetCertificateRequest& request) {
  auto found = TRY(existing(context, request.CertificateArn));
  shapes::GetCertificateResponse response{.Certificate = found.document.body};
  if (!found.document.chain.empty()) response.CertificateChain = found.document.chain;
  return response;
}

Result<shapes::ListCertificatesResponse> list_certificates(Context& context,
                                                           const shapes::ListCertificatesRequest& request) {
  TRY(refuse(request, refused_of_list_certificates(), "InvalidArgsException"));
  if (request.SortBy.has_value() != request.SortOrder.has_value()) {
    return client_error("ValidationException", "SortBy and SortOrder must be specified together");
  }
  std::vector<Positioned<shapes::CertificateSummary>> all;
  for (const auto& one : TRY(store::load_all<model::Certificate>(context.store, scope_of(context).prefix()))) {
    const model::Certificate& certificate = one.document;
    if (!is_among(request.CertificateStatuses, status_of(certificate, context.now))) continue;
    // RSA_2048 alone is what AWS lists where nothing is said; what Weir holds is all imported, so that all of it is.
    if (request.Includes && !is_among(request.Includes->keyTypes, certificate.key_algorithm)) continue;
    const bool in_use = !TRY(users_of(context, certificate.arn)).empty();
    all.push_back({position_number(certificate.imported_at.millis) + certificate.arn,
                   summary_of(certificate, in_use, context.now)});
  }
  const bool descending = request.SortOrder == "DESCENDING";
  auto page = page_of(std::move(all), request.NextToken.value_or(""),
                      static_cast<std::size_t>(request.MaxItems.value_or(kPage)),
                      descending ? Order::descending : Order::ascending);
  if (!page) return client_error("ValidationException", "The NextToken is not valid");
  return shapes::ListCertificatesResponse{std::move(page->next), std::move(page->items)};
}

Result<shapes::AddTagsToCertificateResponse> add_tags(Context& context,
                                                      const shapes::AddTagsToCertificateRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::AddTagsToCertificateResponse> {
    auto found = TRY(existing(context, request.CertificateArn));
    TRY(add(found.document.tags, request.Tags));
    TRY(commit(context, {store::put(found)}));
    return shapes::AddTagsToCertificateResponse{};
  });
}

Result<shapes::RemoveTagsFromCertificateResponse> remove_tags(Context& context,
                                                              const shapes::RemoveTagsFromCertificateRequest& request) {
  return writing(kServerError, [&]() -> Result<shapes::RemoveTagsFromCertificateResponse> {
    auto found = TRY(existing(context, request.CertificateArn));
    for (const auto& tag : request.Tags) {
      const auto there = found.document.tags.find(tag.Key);
      // A tag with a value is removed only where it has that value.
      if (there != found.document.tags.end() && (!tag.Value || *tag.Value == there->second)) {
        found.document.tags.erase(there);
      }
    }
    TRY(commit(context, {store::put(found)}));
    return shapes::RemoveTagsFromCertificateResponse{};
  });
}

Result<shapes::ListTagsForCertificateResponse> list_tags(Context& context,
                                                         const shapes::ListTagsForCertificateRequest& request) {
  const auto found = TRY(existing(context, request.CertificateArn));
  std::vector<shapes::Tag> tags;
  for (const auto& [key, value] : found.document.tags) tags.push_back({.Key = key, .Value = value});
  return shapes::ListTagsForCertificateResponse{std::move(tags)};
}

}  // namespace weir::api::acm
