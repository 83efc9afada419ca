#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

#include "net/tls_openssl.h"

namespace weir::net {
namespace {

struct FreeNames {
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};

}  // namespace

bool is_for(x509_st* certificate, const std::string& name) {
  const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  if (X509_check_host(certificate, name.data(), name.size(), flags, nullptr) == 1) return true;
  if (X509_check_ip_asc(certificate, name.c_str(), 0) == 1) return true;
  const std::unique_ptr<GENERAL_NAMES, FreeNames> list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(list.get(), i);
    if (each->type != GEN_URI) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.uniformResourceIdentifier));
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(each->d.uniformResourceIdentifier));
    if (std::string_view(text, size) == name) return true;
  }
  return false;
}

}  // namespace weir::net
