#include "net/tls_rehearsal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "base/check.h"
#include "net/limits.h"
#include "net/tls_openssl.h"

namespace weir::net {
namespace {

struct FreeParts {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
};
template <class T>
using Part = std::unique_ptr<T, FreeParts>;

// How each end is called in what is told of it.
struct Words {
  TlsSide side;
  const char* self;
  const char* peer;
};
constexpr Words kClient{TlsSide::client, "the caller", "the called node"};
constexpr Words kServer{TlsSide::server, "the called node", "the caller"};

// A certificate that is trusted by itself is so too (partial chains), as with Envoy.
Result<Part<SSL_CTX>> context_of(const TlsEnd& end, const Words& words, Timestamp now) {
  Part<SSL_CTX> context(new_tls_context(words.side));
  if (!end.certificate.chain.empty()) {
    if (auto shown = show_certificate(context.get(), end.certificate); !shown) {
      return weir::fail("Tls", std::string(words.self) + " has no certificate to show: " + shown.error().message);
    }
  }
  if (end.trust.empty()) return context;
  if (auto trusted = trust_authorities(context.get(), end.trust); !trusted) {
    return weir::fail("Tls", std::string(words.self) + " has nobody to trust: " + trusted.error().message);
  }
  const bool demands = words.side == TlsSide::server && !end.optional;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | (demands ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  X509_VERIFY_PARAM* checks = SSL_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(checks, static_cast<std::time_t>(now.millis / 1000));
  X509_VERIFY_PARAM_set_flags(checks, X509_V_FLAG_PARTIAL_CHAIN);
  return context;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

// Why this end gives up; empty where it does not.
std::string refusal_of(SSL* ssl, const TlsEnd& end, const Words& words) {
  X509* shown = SSL_get0_peer_certificate(ssl);
  const long verdict = SSL_get_verify_result(ssl);
  if (!end.trust.empty() && verdict != X509_V_OK) {
    return std::string(words.self) + " refuses the certificate of " + words.peer + ": " +
           X509_verify_cert_error_string(verdict);
  }
  if (shown == nullptr || end.names.empty() || end.trust.empty()) return "";
  const bool fits = std::ranges::any_of(end.names, [&](const std::string& name) { return is_for(shown, name); });
  if (fits) return "";
  return std::string(words.self) + " refuses the certificate of " + words.peer +
         ": it is for none of the names: " + joined(end.names);
}

// One step of one end. False: it has failed.
bool advance(SSL* ssl, bool& done) {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl);
  done = result == 1;
  if (done) return true;
  const int error = SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

std::string shake_hands(SSL* client, const TlsEnd& client_end, SSL* server, const TlsEnd& server_end) {
  bool client_done = false, server_done = false;
  for (int round = 0; round < kRehearsalRounds && !(client_done && server_done); ++round) {
    const bool client_goes_on = advance(client, client_done);
    std::string reason = client_goes_on ? "" : openssl_error();
    const bool server_goes_on = client_goes_on && advance(server, server_done);
    if (client_goes_on && !server_goes_on) reason = openssl_error();
    if (client_goes_on && server_goes_on) continue;
    if (std::string why = refusal_of(client, client_end, kClient); !why.empty()) return why;
    if (std::string why = refusal_of(server, server_end, kServer); !why.empty()) return why;
    const bool unshown = !server_goes_on && client_end.certificate.chain.empty() && !server_end.trust.empty();
    return unshown ? "the called node wants a certificate of the caller, which shows none" : "TLS: " + reason;
  }
  if (!client_done || !server_done) return "the handshake comes to no end";
  if (std::string why = refusal_of(client, client_end, kClient); !why.empty()) return why;
  return refusal_of(server, server_end, kServer);
}

std::optional<Timestamp> instant_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(timegm(&parts)) * 1000};
}

// Nobody is asked for one.
int no_word(char*, int, int, void*) { return 0; }

// The first moment after `now` at which a certificate of `pem` begins or ceases to be valid.
void note_changes(const std::string& pem, Timestamp now, std::optional<Timestamp>& next) {
  const Part<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (const Part<X509> each{PEM_read_bio_X509(bio.get(), nullptr, no_word, nullptr)}) {
    for (const ASN1_TIME* time : {X509_get0_notBefore(each.get()), X509_get0_notAfter(each.get())}) {
      // It is valid to the end of the second that it names.
      const auto at = instant_of(time);
      const auto change = at ? std::optional(*at + std::chrono::seconds(1)) : std::nullopt;
      if (change && *change > now && (!next || *change < *next)) next = change;
    }
  }
  ERR_clear_error();
}

}  // namespace

TlsRehearsal rehearse(const TlsEnd& client, const TlsEnd& server, Timestamp now) {
  TlsRehearsal outcome;
  for (const auto* pem : {&client.certificate.chain, &client.trust, &server.certificate.chain, &server.trust}) {
    note_changes(*pem, now, outcome.until);
  }
  const auto client_context = context_of(client, kClient, now);
  const auto server_context = context_of(server, kServer, now);
  if (!client_context || !server_context) {
    outcome.refusal = (client_context ? server_context.error() : client_context.error()).message;
    return outcome;
  }
  const Part<SSL> client_ssl(SSL_new(client_context->get())), server_ssl(SSL_new(server_context->get()));
  BIO *client_bio = nullptr, *server_bio = nullptr;
  check(client_ssl && server_ssl && BIO_new_bio_pair(&client_bio, kRehearsalBuffer, &server_bio, kRehearsalBuffer) == 1,
        "OpenSSL makes a session in memory");
  SSL_set_bio(client_ssl.get(), client_bio, client_bio);
  SSL_set_bio(server_ssl.get(), server_bio, server_bio);
  SSL_set_connect_state(client_ssl.get());
  SSL_set_accept_state(server_ssl.get());
  outcome.refusal = shake_hands(client_ssl.get(), client, server_ssl.get(), server);
  ERR_clear_error();
  return outcome;
}

}  // namespace weir::net
