#include "api/elbv2/listener_tls.h"

#include <fmt/format.h>

#include "api/acm/certificates.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/ssl_policies.h"

namespace weir::api::elbv2 {

namespace {

Result<> check_protocol(const std::string& type, const std::string& protocol) {
  const bool network = type == "network";
  const bool tcp = protocol == "TCP" || protocol == "TLS";
  if (network == tcp) return {};
  return validation_error(
      fmt::format("Listener protocol '{}' must be one of '{}'", protocol, network ? "TCP, TLS" : "HTTPS, HTTP"));
}

Result<> refuse_tls(const AskedTls& asked, const std::string& protocol) {
  if (asked.certificates && !asked.certificates->empty()) {
    return validation_error(fmt::format("Certificates cannot be specified for {} listeners", protocol));
  }
  if (asked.policy && !asked.policy->empty()) {
    return validation_error(fmt::format("An SSL policy cannot be specified for {} listeners", protocol));
  }
  return {};
}

Result<> take_certificate(Context& context, const AskedTls& asked, shapes::Listener& listener) {
  if (asked.certificates && !asked.certificates->empty()) {
    if (asked.certificates->size() > 1) {
      return validation_error("Only one default certificate can be specified: add others with AddListenerCertificates");
    }
    const std::string arn = asked.certificates->front().CertificateArn.value_or("");
    if (!TRY(acm::find_certificate(context, arn))) {
      return client_error("CertificateNotFound", fmt::format("Certificate '{}' not found", arn));
    }
    listener.Certificates = {shapes::Certificate{.CertificateArn = arn}};
  }
  if (listener.Certificates && !listener.Certificates->empty()) return {};
  return validation_error(fmt::format("A certificate must be specified for {} listeners", *listener.Protocol));
}

// With its trust store, where clients' certificates are verified.
Result<> take_mutual(Context& context, const shapes::MutualAuthenticationAttributes& asked,
                     shapes::Listener& listener) {
  const std::string mode = asked.Mode.value_or("off");
  const std::string trust = asked.TrustStoreArn.value_or("");
  if (mode != "off" && mode != "passthrough" && mode != "verify") {
    return validation_error(
        fmt::format("Mutual authentication mode '{}' must be one of 'off, passthrough, verify'", mode));
  }
  if ((mode == "verify") == trust.empty()) {
    return validation_error(mode == "verify"
                                ? "A trust store ARN must be specified when mutual authentication is in mode 'verify'"
                                : fmt::format("A trust store ARN cannot be specified in mode '{}'", mode));
  }
  if (mode == "verify" && !TRY(find_trust_store(context, trust))) return trust_store_not_found();
  listener.MutualAuthentication = shapes::MutualAuthenticationAttributes{.Mode = mode};
  if (mode == "verify") {
    listener.MutualAuthentication->TrustStoreArn = trust;
    listener.MutualAuthentication->IgnoreClientCertificateExpiry = false;
    listener.MutualAuthentication->TrustStoreAssociationStatus = "active";
    listener.MutualAuthentication->AdvertiseTrustStoreCaNames = "off";
  }
  return {};
}

}  // namespace

bool is_secure(const std::string& protocol) { return protocol == "HTTPS" || protocol == "TLS"; }

Result<> take_tls(Context& context, const std::string& type, const AskedTls& asked, model::Listener& document) {
  shapes::Listener& listener = document.listener;
  if (asked.protocol) {
    TRY(check_protocol(type, *asked.protocol));
    listener.Protocol = asked.protocol;
  }
  const std::string protocol = listener.Protocol.value_or("HTTP");
  if (asked.mutual && asked.mutual->Mode && *asked.mutual->Mode != "off" && protocol != "HTTPS") {
    return validation_error("Mutual authentication can be specified for HTTPS listeners only");
  }
  if (!is_secure(protocol)) {
    TRY(refuse_tls(asked, protocol));
    listener.Certificates.reset();
    listener.SslPolicy.reset();
    listener.MutualAuthentication.reset();
    document.more_certificates.clear();
    return {};
  }
  TRY(take_certificate(context, asked, listener));
  if (asked.policy && !asked.policy->empty()) {
    TRY(check_ssl_policy(*asked.policy));
    listener.SslPolicy = asked.policy;
  }
  if (!listener.SslPolicy) listener.SslPolicy = kSslPolicy;
  if (asked.mutual) TRY(take_mutual(context, *asked.mutual, listener));
  if (protocol == "HTTPS" && !listener.MutualAuthentication) {
    listener.MutualAuthentication = shapes::MutualAuthenticationAttributes{.Mode = "off"};
  }
  return {};
}

}  // namespace weir::api::elbv2
