#include "route/tls.h"

#include "route/limits.h"

namespace weir::route {
namespace {

constexpr std::string_view kClientCertificates[] = {"off", "request", "require", "verify"};

Json name_json(const std::string& name) { return Json(name); }

}  // namespace

Json to_json(const ListenerTls& tls) {
  Json certificates = Json::array();
  for (const Certificate& each : tls.certificates) {
    certificates.push(Json::object().set("certificate", each.certificate).set("key", each.key));
  }
  Json json = Json::object().set("certificates", std::move(certificates));
  json.set("client_certificates", kClientCertificates[static_cast<std::size_t>(tls.client_certificates)]);
  if (!tls.client_ca.empty()) json.set("client_ca", tls.client_ca);
  if (!tls.client_names.empty()) json.set("client_names", array_of(tls.client_names, name_json));
  if (tls.as_envoy) json.set("as_envoy", true);
  if (tls.permissive) json.set("permissive", true);
  if (tls.http1_first) json.set("http1_first", true);
  return json;
}

Json to_json(const PoolTls& tls) {
  Json json = Json::object().set("verify", tls.verify);
  if (!tls.sni.empty()) json.set("sni", tls.sni);
  if (!tls.ca.empty()) json.set("ca", tls.ca);
  return json;
}

ListenerTls read_listener_tls(const Json& json, std::string path, Faults& faults) {
  ListenerTls tls;
  Members m(json, std::move(path), faults);
  for (const auto& [item, where] : m.list("certificates")) {
    Members each(*item, where, faults);
    tls.certificates.push_back({.certificate = each.text("certificate"), .key = each.text("key")});
    each.finish();
  }
  if (tls.certificates.empty()) m.fault("certificates", "is empty");
  if (tls.certificates.size() > kMaxCertificates) m.fault("certificates", "are too many");
  tls.client_certificates = m.word_or("client_certificates", kClientCertificates, tls.client_certificates);
  tls.client_ca = m.text_or("client_ca", "");
  using enum ClientCertificates;
  const bool verifies = tls.client_certificates == require || tls.client_certificates == verify;
  if (verifies == tls.client_ca.empty()) {
    m.fault("client_ca", "belongs to client_certificates 'require' and 'verify', and only there");
  }
  tls.client_names = m.texts("client_names");
  if (!verifies && !tls.client_names.empty()) m.fault("client_names", "are of no use without client_ca");
  tls.as_envoy = m.flag_or("as_envoy", false);
  tls.permissive = m.flag_or("permissive", false);
  tls.http1_first = m.flag_or("http1_first", false);
  m.finish();
  return tls;
}

PoolTls read_pool_tls(const Json& json, std::string path, Faults& faults) {
  PoolTls tls;
  Members m(json, std::move(path), faults);
  if (!m.any("verify").is_null()) tls.verify = m.flag("verify");
  tls.sni = m.text_or("sni", "");
  tls.ca = m.text_or("ca", "");
  if (!tls.verify && !tls.ca.empty()) m.fault("ca", "is of no use without verify");
  m.finish();
  return tls;
}

}  // namespace weir::route
