#include "base/certificate.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

namespace weir {

namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::unexpected<Error> bad(std::string message) {
  ERR_clear_error();
  return fail("Certificate", std::move(message), ErrorSource::client);
}

int no_passphrase(char*, int, int, void*) { return -1; }

Owned<BIO> reader(std::string_view pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::vector<Owned<X509>> read_all(std::string_view pem) {
  std::vector<Owned<X509>> all;
  const Owned<BIO> bio = reader(pem);
  while (Owned<X509> one{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) all.push_back(std::move(one));
  ERR_clear_error();
  return all;
}

Result<Owned<X509>> read_one(std::string_view pem) {
  auto all = read_all(pem);
  if (all.empty()) return bad("The certificate field contains no certificate in PEM format.");
  if (all.size() > 1) return bad("The certificate field contains more than one certificate.");
  return std::move(all.front());
}

std::string text_of(const X509_NAME* name) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string common_name(const X509* certificate) {
  char text[256];
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const Owned<GENERAL_NAMES> found(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  if (const std::string common = common_name(certificate); names.empty() && !common.empty()) names.push_back(common);
  return names;
}

std::string serial_of(const X509* certificate) {
  const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* const digits = BN_bn2hex(number.get());
  const std::string hex = digits;
  OPENSSL_free(digits);
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (i > 0) text += ':';
    for (const char c : hex.substr(i, 2)) text += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  }
  return text;
}

std::string key_algorithm(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return "";
  if (EVP_PKEY_base_id(key) == EVP_PKEY_RSA) return "RSA_" + std::to_string(EVP_PKEY_bits(key));
  if (EVP_PKEY_base_id(key) != EVP_PKEY_EC) return OBJ_nid2sn(EVP_PKEY_base_id(key));
  char group[64] = "";
  std::size_t size = 0;
  EVP_PKEY_get_group_name(key, group, sizeof group, &size);
  return "EC_" + std::string(group, size);
}

Timestamp time_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return Timestamp{static_cast<std::int64_t>(::timegm(&parts)) * 1000};
}

}  // namespace

Result<CertificateFacts> read_certificate(std::string_view pem) {
  const Owned<X509> certificate = TRY(read_one(pem));
  CertificateFacts facts;
  facts.names = names_of(certificate.get());
  facts.domain_name = common_name(certificate.get());
  if (facts.domain_name.empty() && !facts.names.empty()) facts.domain_name = facts.names.front();
  facts.serial = serial_of(certificate.get());
  facts.subject = text_of(X509_get_subject_name(certificate.get()));
  facts.issuer = text_of(X509_get_issuer_name(certificate.get()));
  facts.key_algorithm = key_algorithm(certificate.get());
  facts.signature_algorithm = OBJ_nid2sn(X509_get_signature_nid(certificate.get()));
  facts.not_before = time_of(X509_get0_notBefore(certificate.get()));
  facts.not_after = time_of(X509_get0_notAfter(certificate.get()));
  return facts;
}

Result<> check_private_key(std::string_view certificate, std::string_view key) {
  const Owned<X509> owner = TRY(read_one(certificate));
  const Owned<BIO> bio = reader(key);
  const Owned<EVP_PKEY> found{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)};
  if (!found) return bad("The private key is no unencrypted private key in PEM format.");
  if (X509_check_private_key(owner.get(), found.get()) != 1)
    return bad("The private key does not match the certificate.");
  return {};
}

Result<> check_chain(std::string_view certificate, std::string_view chain) {
  Owned<X509> issued = TRY(read_one(certificate));
  auto all = read_all(chain);
  if (all.empty()) return bad("The certificate chain contains no certificate in PEM format.");
  for (auto& issuer : all) {
    if (X509_check_issued(issuer.get(), issued.get()) != X509_V_OK ||
        X509_verify(issued.get(), X509_get0_pubkey(issuer.get())) != 1) {
      return bad("The certificate chain is not one: each certificate has to be issued by the next.");
    }
    issued = std::move(issuer);
  }
  return {};
}

}  // namespace weir
