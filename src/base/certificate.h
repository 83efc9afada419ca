// Certificates as PEM texts: what one says, and whether a private key and a chain belong to it. Pure functions; any
// thread. Errors: "Certificate", with a sentence for whoever brought it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace weir {

struct CertificateFacts {
  std::string domain_name;         // its common name, or the first of its names
  std::vector<std::string> names;  // of its subjectAltName; its common name where it has none
  std::string serial;              // "0a:1b:…"
  std::string subject;             // "CN=example.com,O=Example"
  std::string issuer;              // in the same form
  std::string key_algorithm;       // in ACM's words: "RSA_2048", "EC_prime256v1"
  std::string signature_algorithm;
  Timestamp not_before;
  Timestamp not_after;
  bool operator==(const CertificateFacts&) const = default;
};

// Of a text with exactly one certificate.
Result<CertificateFacts> read_certificate(std::string_view pem);
// That `key` is a private key without a passphrase, and that of `certificate`.
Result<> check_private_key(std::string_view certificate, std::string_view key);
// That each certificate of `chain` has issued the one before it, beginning with `certificate`.
Result<> check_chain(std::string_view certificate, std::string_view chain);

}  // namespace weir
