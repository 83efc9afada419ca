#include "api/appmesh/tls_rules.h"

#include <fmt/format.h>

#include "api/appmesh/match_rules.h"

namespace weir::api::appmesh {

namespace {

// Nodes and gateways have shapes of their own that say the same.
template <class File>
Result<> check_file(const std::optional<File>& file, const std::string& path) {
  if (!file) return {};
  if (file->certificateChain.empty()) return bad_member(path + ".file.certificateChain", "it must not be empty");
  if (file->privateKey.empty()) return bad_member(path + ".file.privateKey", "it must not be empty");
  return {};
}

template <class File>
Result<> check_trust_file(const std::optional<File>& file, const std::string& path) {
  if (!file || !file->certificateChain.empty()) return {};
  return bad_member(path + ".file.certificateChain", "it must not be empty");
}

// Names are compared as they stand: App Mesh takes no wildcards here.
Result<> check_names(const std::optional<shapes::SubjectAlternativeNames>& names, const std::string& path) {
  if (!names) return {};
  const std::string where = path + ".subjectAlternativeNames.match.exact";
  if (names->match.exact.empty()) return bad_member(where, "at least one must be specified");
  for (const auto& name : names->match.exact) {
    if (name.empty()) return bad_member(where, "a name must not be empty");
    if (name.find('*') != std::string::npos) return bad_member(where, "wildcards are not supported: " + name);
  }
  return {};
}

template <class Tls>
Result<> check_listener_tls(const Tls& tls, const std::string& path) {
  const auto& certificate = tls.certificate;
  TRY(exactly_one(given(certificate.acm, certificate.file, certificate.sds), path + ".certificate", "acm, file, sds"));
  TRY(check_file(certificate.file, path + ".certificate"));
  if (!tls.validation) return {};
  const auto& trust = tls.validation->trust;
  TRY(exactly_one(given(trust.file, trust.sds), path + ".validation.trust", "file, sds"));
  TRY(check_trust_file(trust.file, path + ".validation.trust"));
  return check_names(tls.validation->subjectAlternativeNames, path + ".validation");
}

template <class Policy>
Result<> check_policy(const std::optional<Policy>& policy, const std::string& where) {
  if (!policy || !policy->tls) return {};
  const std::string path = where + ".clientPolicy.tls";
  if (const auto& certificate = policy->tls->certificate) {
    TRY(exactly_one(given(certificate->file, certificate->sds), path + ".certificate", "file, sds"));
    TRY(check_file(certificate->file, path + ".certificate"));
  }
  const auto& trust = policy->tls->validation.trust;
  TRY(exactly_one(given(trust.acm, trust.file, trust.sds), path + ".validation.trust", "acm, file, sds"));
  TRY(check_trust_file(trust.file, path + ".validation.trust"));
  return check_names(policy->tls->validation.subjectAlternativeNames, path + ".validation");
}

template <class Listener>
std::vector<ShownCertificate> shown_by(const std::vector<Listener>& listeners) {
  std::vector<ShownCertificate> shown;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const auto& tls = listeners[i].tls;
    if (!tls || !tls->certificate.acm) continue;
    shown.push_back({fmt::format("spec.listeners[{}].tls.certificate.acm.certificateArn", i),
                     tls->certificate.acm->certificateArn});
  }
  return shown;
}

}  // namespace

Result<> check_tls(const shapes::VirtualNodeSpec& spec) {
  if (spec.backendDefaults) TRY(check_policy(spec.backendDefaults->clientPolicy, "spec.backendDefaults"));
  for (std::size_t i = 0; spec.backends && i < spec.backends->size(); ++i) {
    const auto& service = (*spec.backends)[i].virtualService;
    if (service) TRY(check_policy(service->clientPolicy, fmt::format("spec.backends[{}].virtualService", i)));
  }
  for (std::size_t i = 0; spec.listeners && i < spec.listeners->size(); ++i) {
    const auto& tls = (*spec.listeners)[i].tls;
    if (tls) TRY(check_listener_tls(*tls, fmt::format("spec.listeners[{}].tls", i)));
  }
  return {};
}

Result<> check_tls(const shapes::VirtualGatewaySpec& spec) {
  if (spec.backendDefaults) TRY(check_policy(spec.backendDefaults->clientPolicy, "spec.backendDefaults"));
  for (std::size_t i = 0; i < spec.listeners.size(); ++i) {
    const auto& tls = spec.listeners[i].tls;
    if (tls) TRY(check_listener_tls(*tls, fmt::format("spec.listeners[{}].tls", i)));
  }
  return {};
}

std::vector<ShownCertificate> managed_certificates(const shapes::VirtualNodeSpec& spec) {
  return spec.listeners ? shown_by(*spec.listeners) : std::vector<ShownCertificate>{};
}

std::vector<ShownCertificate> managed_certificates(const shapes::VirtualGatewaySpec& spec) {
  return shown_by(spec.listeners);
}

}  // namespace weir::api::appmesh
