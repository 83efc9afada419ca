// The operations on the certificates that a listener shows besides its default one, by the name asked for.
#include <fmt/format.h>

#include <algorithm>

#include "api/acm/certificates.h"
#include "api/elbv2/actions.h"
#include "api/elbv2/associations.h"
#include "api/elbv2/listener_tls.h"
#include "api/elbv2/names.h"
#include "api/limits.h"
#include "api/writing.h"

namespace weir::api::elbv2 {

namespace {

using Certificates = std::vector<shapes::Certificate>;

std::string default_of(const model::Listener& listener) {
  const Certificates shown = listener.listener.Certificates.value_or(Certificates{});
  return shown.empty() ? "" : shown.front().CertificateArn.value_or("");
}

// Errors: ListenerNotFound; ValidationError where the listener has no TLS.
Result<store::Versioned<model::Listener>> secure_listener(Context& context, const std::string& arn) {
  auto found = TRY(find_listener(context, arn));
  if (!found) return listener_not_found();
  if (!is_secure(found->document.listener.Protocol.value_or("HTTP"))) {
    return validation_error("Certificates belong to HTTPS and TLS listeners only");
  }
  return std::move(*found);
}

Result<shapes::AddListenerCertificatesOutput> try_add(Context& context,
                                                      const shapes::AddListenerCertificatesInput& input) {
  auto found = TRY(secure_listener(context, input.ListenerArn));
  auto& more = found.document.more_certificates;
  shapes::AddListenerCertificatesOutput output;
  output.Certificates.emplace();
  for (const auto& certificate : input.Certificates) {
    const std::string arn = certificate.CertificateArn.value_or("");
    if (!TRY(acm::find_certificate(context, arn))) {
      return client_error("CertificateNotFound", fmt::format("Certificate '{}' not found", arn));
    }
    if (std::find(more.begin(), more.end(), arn) == more.end()) more.push_back(arn);
    output.Certificates->push_back({.CertificateArn = arn, .IsDefault = false});
  }
  if (more.size() > kMaxListenerCertificates) {
    return client_error(
        "TooManyCertificates",
        fmt::format("A listener can have at most {} certificates besides its default one", kMaxListenerCertificates));
  }
  TRY(commit(context, {store::put(found)}));
  return output;
}

Result<shapes::RemoveListenerCertificatesOutput> try_remove(Context& context,
                                                            const shapes::RemoveListenerCertificatesInput& input) {
  auto found = TRY(secure_listener(context, input.ListenerArn));
  auto& more = found.document.more_certificates;
  for (const auto& certificate : input.Certificates) {
    const std::string arn = certificate.CertificateArn.value_or("");
    const auto there = std::find(more.begin(), more.end(), arn);
    if (there == more.end() && arn == default_of(found.document)) {
      return client_error("OperationNotPermitted", "The default certificate of a listener cannot be removed");
    }
    if (there != more.end()) more.erase(there);
  }
  TRY(commit(context, {store::put(found)}));
  return shapes::RemoveListenerCertificatesOutput{};
}

}  // namespace

Result<shapes::AddListenerCertificatesOutput> add_listener_certificates(
    Context& context, const shapes::AddListenerCertificatesInput& input) {
  return writing(kServerError, [&] { return try_add(context, input); });
}

Result<shapes::RemoveListenerCertificatesOutput> remove_listener_certificates(
    Context& context, const shapes::RemoveListenerCertificatesInput& input) {
  return writing(kServerError, [&] { return try_remove(context, input); });
}

Result<shapes::DescribeListenerCertificatesOutput> describe_listener_certificates(
    Context& context, const shapes::DescribeListenerCertificatesInput& input) {
  const auto found = TRY(secure_listener(context, input.ListenerArn));
  std::vector<Positioned<shapes::Certificate>> all;
  const auto add = [&](const std::string& arn, bool is_default) {
    all.push_back({(is_default ? "0" : "1") + arn, {.CertificateArn = arn, .IsDefault = is_default}});
  };
  add(default_of(found.document), true);
  for (const auto& arn : found.document.more_certificates) add(arn, false);
  auto page = TRY(marked_page(std::move(all), input.Marker, input.PageSize));
  return shapes::DescribeListenerCertificatesOutput{std::move(page.items), std::move(page.next)};
}

}  // namespace weir::api::elbv2
