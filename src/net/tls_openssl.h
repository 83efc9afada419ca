// What the files that wrap OpenSSL share. Only they include it.
#pragma once

#include <string>

#include "base/result.h"
#include "net/tls.h"

struct x509_st;

namespace weir::net {

// The reasons on this thread's error queue, which is empty afterwards.
std::string openssl_error();

enum class TlsSide { client, server };

// A context with what all of ours have in common; its owner frees it.
ssl_ctx_st* new_tls_context(TlsSide side);
// What the context shows of itself. Errors: "Tls".
Result<void> show_certificate(ssl_ctx_st* context, const TlsCertificate& certificate);
// The authorities (PEM) to one of which its peer's certificate has to lead. Errors: "Tls".
Result<void> trust_authorities(ssl_ctx_st* context, const std::string& pem);

// Whether the certificate is for the DNS name, address or URI. A URI is compared as it stands; of DNS names a wildcard
// of the certificate stands for one label, and its common name for nothing.
bool is_for(x509_st* certificate, const std::string& name);

}  // namespace weir::net
