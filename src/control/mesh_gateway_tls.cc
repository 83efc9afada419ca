#include "control/mesh_gateway_tls.h"

namespace weir::control {

namespace {

std::optional<route::Certificate> shown_by(const model::appmesh::VirtualGatewayListenerTlsCertificate& certificate,
                                           const FilePlaces& places, const MeshTls& tls) {
  if (certificate.acm) {
    const auto file = tls.certificates.find(certificate.acm->certificateArn);
    if (file == tls.certificates.end()) return std::nullopt;
    return route::Certificate{.certificate = file->second + ".crt", .key = file->second + ".key"};
  }
  if (!certificate.file) return std::nullopt;
  return route::Certificate{.certificate = place_of(places, certificate.file->certificateChain),
                            .key = place_of(places, certificate.file->privateKey)};
}

}  // namespace

std::optional<route::ListenerTls> gateway_tls(const model::VirtualGateway& gateway,
                                              const model::appmesh::VirtualGatewayListener& listener,
                                              const MeshTls& tls) {
  static const FilePlaces kNone;
  const auto found = tls.places.find(caller_name(gateway));
  const FilePlaces& places = found == tls.places.end() ? kNone : found->second;
  const auto& wanted = *listener.tls;
  auto shown = shown_by(wanted.certificate, places, tls);
  if (!shown) return std::nullopt;
  route::ListenerTls made;
  made.certificates.push_back(std::move(*shown));
  made.as_envoy = true;
  made.permissive = wanted.mode == "PERMISSIVE";
  made.http1_first = listener.portMapping.protocol == "http";
  if (!wanted.validation || !wanted.validation->trust.file) return made;
  // A caller of a permissive listener need not show anything: it may come without TLS altogether.
  using enum route::ClientCertificates;
  made.client_certificates = made.permissive ? verify : require;
  made.client_ca = place_of(places, wanted.validation->trust.file->certificateChain);
  if (const auto& names = wanted.validation->subjectAlternativeNames) made.client_names = names->match.exact;
  return made;
}

}  // namespace weir::control
