#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>

#include "net/fd.h"
#include "net/limits.h"

namespace weir::net {
namespace {

std::string text_of(const std::function<void(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  const std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

// A certificate for `alternatives` ("DNS:a.test"), signed by itself.
TlsCertificate make_certificate(const std::string& alternatives) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  TlsCertificate made{
      .chain = text_of([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); }),
      .key = text_of([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); })};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

std::shared_ptr<const TlsServer> server_of(TlsServerOptions options) {
  return MUST(TlsServer::create(std::move(options)));
}
std::shared_ptr<const TlsClient> client_of(TlsClientOptions options) {
  return MUST(TlsClient::create(std::move(options)));
}

// Two sessions over a socket pair.
struct Pair {
  Pair(const std::shared_ptr<const TlsServer>& with, const std::shared_ptr<const TlsClient>& by) {
    int both[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both), 0);
    server_end.reset(both[0]);
    client_end.reset(both[1]);
    server = TlsServer::accept(with, both[0]);
    client = TlsClient::connect(by, both[1], "127.0.0.1");
  }
  // True: both are established.
  bool shake_hands() {
    using Step = TlsSession::Step;
    Step c = Step::again, s = Step::again;
    for (int round = 0; round < 10 && (c != Step::done || s != Step::done); ++round) {
      c = client->handshake();
      s = server->handshake();
      if (s == Step::failed || c == Step::failed) return false;
    }
    return c == Step::done && s == Step::done;
  }

  Fd server_end, client_end;
  std::unique_ptr<TlsSession> server, client;
  std::vector<char> buffer = std::vector<char>(64 * 1024);
};

TEST(Tls, BytesPassBothWaysAndNothingIsLeftUnseen) {
  Pair pair(server_of({.certificates = {make_certificate("DNS:a.test")}}), client_of({}));
  ASSERT_TRUE(pair.shake_hands());
  EXPECT_TRUE(pair.server->established());
  for (const auto& [from, to] :
       {std::pair{pair.client.get(), pair.server.get()}, {pair.server.get(), pair.client.get()}}) {
    EXPECT_EQ(to->receive(pair.buffer), -1);
    EXPECT_EQ(errno, EAGAIN);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(from->write("record"), 6);
    EXPECT_TRUE(from->flush());
    EXPECT_EQ(from->unsent(), 0u);
    EXPECT_EQ(to->receive(pair.buffer), 18);
    EXPECT_EQ(std::string_view(pair.buffer.data(), 18), "recordrecordrecord");
  }
}

TEST(Tls, ASlowPeerBoundsWhatIsEncrypted) {
  Pair pair(server_of({.certificates = {make_certificate("DNS:a.test")}}), client_of({}));
  ASSERT_TRUE(pair.shake_hands());
  const std::string megabyte(1024 * 1024, 'x');
  std::size_t offered = 0, arrived = 0;
  for (ssize_t taken = 1; taken > 0; offered += static_cast<std::size_t>(taken)) taken = pair.server->write(megabyte);
  EXPECT_LE(pair.server->unsent(), kTlsHighMark + kTlsRecordRoom);
  while (arrived < offered) {
    const ssize_t got = pair.client->receive(pair.buffer);
    if (got <= 0) {
      ASSERT_EQ(errno, EAGAIN);
    } else {
      arrived += static_cast<std::size_t>(got);
    }
    ASSERT_TRUE(pair.server->flush());
  }
  EXPECT_EQ(pair.server->unsent(), 0u);
}

TEST(Tls, TheNameChoosesTheCertificate) {
  const TlsCertificate first = make_certificate("DNS:first.test"), exact = make_certificate("DNS:a.wild.test"),
                       wild = make_certificate("DNS:*.WILD.test");
  const auto server = server_of({.certificates = {first, wild, exact}});
  const std::pair<const char*, const TlsCertificate*> rows[] = {
      {"first.test", &first},    {"a.wild.test", &exact}, {"A.Wild.TEST", &exact}, {"b.wild.test", &wild},
      {"c.b.wild.test", &first}, {"wild.test", &first},   {"none.test", &first},   {"", &first}};
  for (const auto& [name, shown] : rows) {
    Pair pair(server, client_of({.name = name}));
    ASSERT_TRUE(pair.shake_hands()) << name;
    EXPECT_EQ(pair.client->peer_certificate(), shown->chain) << name;
  }
}

TEST(Tls, TheProtocolIsAgreed) {
  const auto server = server_of({.certificates = {make_certificate("DNS:a.test")}});
  for (const bool http2 : {true, false}) {
    Pair pair(server, client_of({.http2 = http2}));
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.server->http2(), http2);
    EXPECT_EQ(pair.client->http2(), http2);
  }
}

TEST(Tls, AClientVerifiesNameAddressAndSigner) {
  const TlsCertificate named = make_certificate("DNS:a.test"), placed = make_certificate("IP:127.0.0.1");
  struct Row {
    const TlsCertificate& shown;
    TlsClientOptions options;
    bool trusted;
  };
  const Row rows[] = {{named, {.verify = true, .name = "a.test", .ca = named.chain}, true},
                      {named, {.verify = true, .name = "b.test", .ca = named.chain}, false},
                      {named, {.verify = true, .ca = named.chain}, false},
                      {named, {.verify = true, .name = "a.test", .ca = placed.chain}, false},
                      {named, {.verify = true, .name = "a.test"}, false},
                      {named, {.name = "b.test"}, true},
                      {placed, {.verify = true, .ca = placed.chain}, true}};
  for (const Row& row : rows) {
    Pair pair(server_of({.certificates = {row.shown}}), client_of(row.options));
    EXPECT_EQ(pair.shake_hands(), row.trusted) << row.options.name;
    EXPECT_EQ(pair.client->error().find("certificate verify failed") != std::string::npos, !row.trusted);
  }
}

TEST(Tls, ACertificateThatIsRequiredIsMissed) {
  const TlsCertificate own = make_certificate("DNS:a.test");
  Pair pair(server_of({.certificates = {own}, .ask = AskClient::trusted_certificate, .client_ca = own.chain}),
            client_of({}));
  pair.shake_hands();
  EXPECT_FALSE(pair.server->established());
  EXPECT_NE(pair.server->error().find("peer did not return a certificate"), std::string::npos);
}

TEST(Tls, WhatIsNoCertificateAndNoKeyIsRefused) {
  const TlsCertificate good = make_certificate("DNS:a.test"), other = make_certificate("DNS:b.test");
  for (const TlsCertificate& bad :
       {TlsCertificate{"", good.key}, TlsCertificate{good.chain, ""}, TlsCertificate{good.key, good.chain},
        TlsCertificate{good.chain, other.key}, TlsCertificate{"-----BEGIN CERTIFICATE-----\nxx\n", good.key}}) {
    const auto made = TlsServer::create({.certificates = {bad}});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, "Tls");
    EXPECT_EQ(made.error().message.find("PRIVATE"), std::string::npos);
  }
}

TEST(Tls, TheEndIsToldApartFromACut) {
  const auto server = server_of({.certificates = {make_certificate("DNS:a.test")}});
  for (const bool polite : {true, false}) {
    Pair pair(server, client_of({}));
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.server->write("last"), 4);
    ASSERT_TRUE(pair.server->flush());
    if (polite) pair.server->close_notify();
    pair.server_end.reset();
    EXPECT_EQ(pair.client->receive(pair.buffer), 4);
    EXPECT_EQ(pair.client->ended(), polite);
    EXPECT_EQ(pair.client->receive(pair.buffer), polite ? 0 : -1);  // an answer that goes on to the end may be half
  }
}

TEST(Tls, GarbageEndsASession) {
  const auto server = server_of({.certificates = {make_certificate("DNS:a.test")}});
  Pair pair(server, client_of({}));
  ASSERT_TRUE(pair.shake_hands());
  const std::string garbage = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'g');
  ASSERT_EQ(send(pair.client_end.get(), garbage.data(), garbage.size(), 0), static_cast<ssize_t>(garbage.size()));
  EXPECT_EQ(pair.server->receive(pair.buffer), -1);
  EXPECT_NE(errno, EAGAIN);
  EXPECT_EQ(pair.server->write("more"), -1);
}

}  // namespace
}  // namespace weir::net
