// What makes the protocol of a listener valid, and its certificates, policy and clients' certificates. Control thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/action.h"
#include "model/documents.h"

namespace weir::api::elbv2 {

namespace shapes = model::elbv2;

// What CreateListener or ModifyListener asks for; none: as it is.
struct AskedTls {
  std::optional<std::string> protocol;
  std::optional<std::string> policy;
  std::optional<std::vector<shapes::Certificate>> certificates;
  std::optional<shapes::MutualAuthenticationAttributes> mutual;
};

template <class Input>
AskedTls asked_tls(const Input& input) {
  return {input.Protocol, input.SslPolicy, input.Certificates, input.MutualAuthentication};
}

// Takes it into `listener`, completed as AWS returns it; a listener without TLS loses its certificates. `type` is the
// balancer's. Errors: ValidationError, CertificateNotFound, SSLPolicyNotFound, TrustStoreNotFound,
// InvalidConfigurationRequest.
Result<> take_tls(Context& context, const std::string& type, const AskedTls& asked, model::Listener& listener);

bool is_secure(const std::string& protocol);

}  // namespace weir::api::elbv2
