#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "base/ascii.h"
#include "base/check.h"
#include "net/limits.h"
#include "net/tls.h"
#include "net/tls_openssl.h"

namespace weir::net {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr unsigned char kOfferH2[] = "\x02h2";
constexpr unsigned char kOfferH1[] =
    "\x08"
    "http/1.1";
// What a server knows, the best first.
constexpr std::string_view kProtocols[] = {"h2", "http/1.1", "http/1.0"};
constexpr std::string_view kOlderFirst[] = {"http/1.1", "http/1.0", "h2"};

std::unexpected<Error> tls_failed(const std::string& what) { return weir::fail("Tls", what + ": " + openssl_error()); }

// A key with a passphrase is refused, never asked about on a terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Owned<BIO> reader(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The DNS names that a certificate is for; its common name where it lists none.
std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const Owned<GENERAL_NAMES> list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.push_back(lower_case({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  if (!names.empty()) return names;
  char common[256];
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common, sizeof common);
  if (size > 0) names.push_back(lower_case({common, static_cast<std::size_t>(size)}));
  return names;
}

int accept_any(int, X509_STORE_CTX*) { return 1; }

// What is taken from clients of TLS 1.2: forward secrecy always. Those of ELBSecurityPolicy-TLS13-1-2-2021-06, with
// which elbv2 describes it.
constexpr const char* kServerCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384";

}  // namespace

SSL_CTX* new_tls_context(TlsSide side) {
  SSL_CTX* context = SSL_CTX_new(side == TlsSide::client ? TLS_client_method() : TLS_server_method());
  check(context != nullptr, "OpenSSL makes a context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets resume sessions, with no memory here
  return context;
}

Result<void> trust_authorities(SSL_CTX* context, const std::string& pem) {
  const Owned<BIO> bio = reader(pem);
  int count = 0;
  while (const Owned<X509> ca{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get());
    ++count;
  }
  if (count == 0) return tls_failed("no CA certificate can be read");
  ERR_clear_error();
  return {};
}

Result<void> show_certificate(SSL_CTX* context, const TlsCertificate& certificate) {
  ERR_clear_error();
  const Owned<BIO> bio = reader(certificate.chain);
  const Owned<X509> leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return tls_failed("the certificate cannot be used");
  while (const Owned<X509> next{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return tls_failed("the certificate chain cannot be used");
  }
  ERR_clear_error();
  const Owned<BIO> key_bio = reader(certificate.key);
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return tls_failed("the private key cannot be used");
  return {};
}

struct TlsProtocols {
  static int choose(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                    void* server) {
    const bool older_first = static_cast<const TlsServer*>(server)->options_.http1_first;
    for (const std::string_view protocol : older_first ? kOlderFirst : kProtocols) {
      for (unsigned at = 0; at < in_size; at += in[at] + 1u) {
        if (std::string_view(reinterpret_cast<const char*>(in) + at + 1, in[at]) != protocol) continue;
        *out = in + at + 1;
        *size = in[at];
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2
  }
};

// Clients' certificates that are trusted have to be for one of the names.
struct TlsPeers {
  static int verify(int trusted, X509_STORE_CTX* chain) {
    if (trusted != 1 || X509_STORE_CTX_get_error_depth(chain) != 0) return trusted;
    const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const auto* server = static_cast<const TlsServer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    X509* shown = X509_STORE_CTX_get_current_cert(chain);
    const auto& names = server->options_.client_names;
    if (std::ranges::any_of(names, [&](const std::string& name) { return is_for(shown, name); })) return 1;
    X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
  }

  // Of the context that a session begins with: another, chosen by name, changes nothing of it.
  static Result<void> ask(SSL_CTX* context, const TlsServerOptions& options) {
    if (options.ask == AskClient::nothing) return {};
    if (options.ask == AskClient::any_certificate) {
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any);
      return {};
    }
    TRY(trust_authorities(context, options.client_ca));
    if (options.partial_chains) X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    const int demand = options.ask == AskClient::trusted_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | demand, options.client_names.empty() ? nullptr : verify);
    return {};
  }
};

struct TlsNames {
  static int choose(SSL* ssl, int*, void* server) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX* context = static_cast<const TlsServer*>(server)->choose(lower_case(name));
    if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
  }
};

// Seals session tickets, and opens them again.
struct TlsTickets {
  static int prepare(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                     int seals) {
    const auto* server = static_cast<const TlsServer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    const TicketKeys& keys = *server->options_.tickets;
    const TicketKeys::Key* key = seals ? &keys.newest() : keys.find(name);
    if (key == nullptr) return 0;  // a full handshake, then
    if (seals) {
      std::ranges::copy(key->name, name);
      if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes())) != 1) return -1;
    }
    if (EVP_CipherInit_ex2(cipher, aes(), key->cipher.data(), iv, seals, nullptr) != 1) return -1;
    char digest[] = "SHA256";
    auto* secret = const_cast<unsigned char*>(key->mac.data());
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, key->mac.size()),
                               OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
    if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return -1;
    constexpr int kGood = 1, kGoodButRenew = 2;
    return key == &keys.newest() ? kGood : kGoodButRenew;
  }
  static const EVP_CIPHER* aes() {
    static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
    return fetched;
  }
};

// A session is resumed only where clients are asked for the same: the session context says for what.
void TlsServer::issue_tickets() {
  std::string asked = std::to_string(static_cast<int>(options_.ask)) + (options_.http ? "h" : "b") +
                      (options_.partial_chains ? "p" : "-") + options_.client_ca;
  for (const std::string& name : options_.client_names) asked.append("\n").append(name);
  unsigned char context[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  check(EVP_Digest(asked.data(), asked.size(), context, &size, EVP_sha256(), nullptr) == 1, "OpenSSL has SHA-256");
  for (SSL_CTX* each : contexts_) {
    SSL_CTX_set_session_id_context(each, context, size);
    SSL_CTX_set_timeout(each, kTicketLife);
    SSL_CTX_set_app_data(each, this);
    if (options_.tickets) SSL_CTX_set_tlsext_ticket_key_evp_cb(each, TlsTickets::prepare);
  }
}

TlsServer::~TlsServer() {
  for (SSL_CTX* context : contexts_) SSL_CTX_free(context);
}

Result<void> TlsServer::add(const TlsCertificate& certificate) {
  SSL_CTX* context = new_tls_context(TlsSide::server);
  contexts_.push_back(context);
  // A server's client may just close, and still read; of a server it could be an attacker who cuts an answer short.
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  check(SSL_CTX_set_cipher_list(context, kServerCiphers) == 1, "OpenSSL knows the ciphers");
  if (options_.http) SSL_CTX_set_alpn_select_cb(context, TlsProtocols::choose, this);
  TRY(show_certificate(context, certificate));
  for (std::string& name : names_of(SSL_CTX_get0_certificate(context))) {
    const bool wild = name.starts_with("*.");
    (wild ? wildcard_ : exact_).push_back({wild ? name.substr(1) : std::move(name), contexts_.size() - 1});
  }
  return {};
}

Result<std::shared_ptr<const TlsServer>> TlsServer::create(TlsServerOptions options) {
  check(!options.certificates.empty(), "a TLS server has a certificate");
  std::shared_ptr<TlsServer> server(new TlsServer);
  server->options_ = std::move(options);
  for (const TlsCertificate& each : server->options_.certificates) TRY(server->add(each));
  // Two certificates for one name: the first in the list is shown.
  std::ranges::stable_sort(server->exact_, {}, &Name::name);
  std::ranges::stable_sort(server->wildcard_, {}, &Name::name);
  SSL_CTX* first = server->contexts_.front();
  SSL_CTX_set_tlsext_servername_callback(first, TlsNames::choose);
  SSL_CTX_set_tlsext_servername_arg(first, server.get());
  TRY(TlsPeers::ask(first, server->options_));
  server->issue_tickets();
  return std::shared_ptr<const TlsServer>(std::move(server));
}

// An exact name before a wildcard's; a wildcard stands for one label.
SSL_CTX* TlsServer::choose(std::string_view name) const {
  const auto find = [&](const std::vector<Name>& names, std::string_view wanted) -> SSL_CTX* {
    const auto at = std::ranges::lower_bound(names, wanted, {}, [](const Name& n) { return std::string_view(n.name); });
    return at != names.end() && at->name == wanted ? contexts_[at->context] : nullptr;
  };
  if (name.ends_with('.')) name.remove_suffix(1);
  if (SSL_CTX* exact = find(exact_, name)) return exact;
  const auto dot = name.find('.');
  return dot == std::string_view::npos || dot == 0 ? nullptr : find(wildcard_, name.substr(dot));
}

std::size_t TlsServer::shown(const TlsSession& session) const {
  const auto found = std::ranges::find(contexts_, SSL_get_SSL_CTX(session.ssl_));
  return found == contexts_.end() ? 0 : static_cast<std::size_t>(found - contexts_.begin());
}

std::unique_ptr<TlsSession> TlsServer::accept(const std::shared_ptr<const TlsServer>& server, int fd) {
  SSL* ssl = SSL_new(server->contexts_.front());
  check(ssl != nullptr, "OpenSSL makes a session");
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsSession>(ssl, fd, server);
}

TlsClient::~TlsClient() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsClient>> TlsClient::create(TlsClientOptions options) {
  std::shared_ptr<TlsClient> client(new TlsClient);
  client->options_ = std::move(options);
  const TlsClientOptions& asked = client->options_;
  SSL_CTX* context = client->context_ = new_tls_context(TlsSide::client);
  if (asked.http2) {
    SSL_CTX_set_alpn_protos(context, kOfferH2, sizeof kOfferH2 - 1);
  } else if (asked.http) {
    SSL_CTX_set_alpn_protos(context, kOfferH1, sizeof kOfferH1 - 1);
  }
  if (!asked.verify) return std::shared_ptr<const TlsClient>(std::move(client));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!asked.ca.empty()) {
    TRY(trust_authorities(context, asked.ca));
  } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return tls_failed("the machine's roots cannot be read");
  }
  return std::shared_ptr<const TlsClient>(std::move(client));
}

std::unique_ptr<TlsSession> TlsClient::connect(const std::shared_ptr<const TlsClient>& client, int fd,
                                               const std::string& host) {
  SSL* ssl = SSL_new(client->context_);
  check(ssl != nullptr, "OpenSSL makes a session");
  SSL_set_connect_state(ssl);
  const TlsClientOptions& asked = client->options_;
  if (!asked.name.empty()) {
    SSL_set_tlsext_host_name(ssl, asked.name.c_str());
    SSL_set1_host(ssl, asked.name.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  }
  return std::make_unique<TlsSession>(ssl, fd, client);
}

}  // namespace weir::net
