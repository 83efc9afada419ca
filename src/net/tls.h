// TLS over a non-blocking socket, by OpenSSL. A TlsServer or TlsClient is made once from PEM texts and then shared as
// const by every thread; a TlsSession is one connection, on one thread, owned by whoever owns the socket. A session
// never waits: it reads what the socket has, and keeps encrypted bytes that the socket does not take.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/tls_tickets.h"

struct ssl_st;
struct ssl_ctx_st;

namespace weir::net {

class TlsSession {
 public:
  enum class Step { again, done, failed };

  // `owner` is what the session refers to (the contexts), kept alive by it.
  TlsSession(ssl_st* ssl, int fd, std::shared_ptr<const void> owner);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Goes on with the handshake, and sends what it has to say, a refusal too.
  Step handshake();
  bool established() const;
  bool http2() const;  // agreed by ALPN

  // As recv(): decrypted bytes; 0 at the end; -1 with errno EAGAIN, or another one where the session has failed. What
  // has arrived is taken out as a whole: nothing readable stays behind unseen by epoll. `out` has more than
  // kTlsRecordRoom * 2 bytes.
  ssize_t receive(std::span<char> out);
  // The peer has said that nothing follows.
  bool ended() const { return ended_; }

  // Encrypts `bytes` for flush(). How many were taken: all, or fewer where the socket is too slow; -1: failed.
  ssize_t write(std::string_view bytes);
  // Sends what is encrypted, as far as the socket takes it. False: the socket is beyond use.
  bool flush();
  // Encrypted bytes that the socket has not taken.
  std::size_t unsent() const { return out_.size() - sent_; }
  // Encrypted bytes so far, sent or not.
  std::uint64_t produced() const { return produced_; }
  // Says that nothing follows, as far as the socket takes it.
  void close_notify();

  // Why it failed, in OpenSSL's words.
  std::string error() const;
  // The peer's certificate as PEM; empty where it showed none.
  std::string peer_certificate() const;
  // Empty where nothing has been agreed (yet).
  std::string protocol() const;  // "TLSv1.3"
  std::string cipher() const;    // "TLS_AES_128_GCM_SHA256"
  // The name that the client has asked for.
  std::string server_name() const;
  bool resumed() const;

 private:
  friend struct TlsBio;
  friend class TlsServer;
  ssize_t fail(int result);
  void note_error();

  ssl_st* ssl_;
  int fd_;
  std::shared_ptr<const void> owner_;
  std::string out_;  // encrypted
  std::size_t sent_ = 0;
  std::uint64_t produced_ = 0;
  std::size_t budget_ = 0;  // bytes that may yet be read from the socket in this receive()
  bool dry_ = false;        // the socket has nothing more for now
  bool eof_ = false;        // the socket is at its end
  bool ended_ = false;
  bool failed_ = false;
  std::string error_;
};

struct TlsCertificate {
  std::string chain;  // PEM: the certificate, then those that lead to its root
  std::string key;    // PEM, without a passphrase
  bool operator==(const TlsCertificate&) const = default;
};

enum class AskClient {
  nothing,
  any_certificate,
  trusted_certificate,
  trusted_if_any,  // who shows one has to show a trusted one
};

struct TlsServerOptions {
  std::vector<TlsCertificate> certificates;  // at least one; the first is shown where no name fits
  AskClient ask = AskClient::nothing;
  std::string client_ca;                  // PEM
  std::vector<std::string> client_names;  // DNS names, addresses or URIs, for one of which a trusted certificate has
                                          // to be; empty: for any
  bool partial_chains = false;            // what is in `client_ca` is trusted by itself, whoever has signed it
  bool http = true;                       // HTTP/2 and HTTP/1.1 by ALPN; otherwise ALPN is not heeded
  bool http1_first = false;               // of both HTTP/1.1 is chosen
  // Of session tickets, which are good at every server with the same keys that asks its clients for the same; null: of
  // its own, that nobody else has.
  std::shared_ptr<const TicketKeys> tickets;
  bool operator==(const TlsServerOptions&) const = default;
};

// Any thread, once made.
class TlsServer {
 public:
  // Errors: "Tls".
  static Result<std::shared_ptr<const TlsServer>> create(TlsServerOptions options);
  ~TlsServer();

  const TlsServerOptions& options() const { return options_; }
  // Which of the certificates `session`, one of this server's, has shown.
  std::size_t shown(const TlsSession& session) const;
  static std::unique_ptr<TlsSession> accept(const std::shared_ptr<const TlsServer>& server, int fd);

 private:
  friend struct TlsNames;
  friend struct TlsPeers;
  friend struct TlsProtocols;
  friend struct TlsTickets;
  struct Name {
    std::string name;  // lower case; a wildcard's begins with its dot
    std::size_t context;
  };
  TlsServer() = default;
  Result<void> add(const TlsCertificate& certificate);
  void issue_tickets();
  ssl_ctx_st* choose(std::string_view name) const;

  TlsServerOptions options_;
  std::vector<ssl_ctx_st*> contexts_;
  std::vector<Name> exact_, wildcard_;  // sorted by name
};

struct TlsClientOptions {
  bool verify = false;
  std::string name;    // asked for, and verified; empty: the address is verified
  std::string ca;      // PEM; empty: the machine's roots
  bool http2 = false;  // offered by ALPN; otherwise HTTP/1.1 ...
  bool http = true;    // ... or nothing where this is false
  bool operator==(const TlsClientOptions&) const = default;
};

// Any thread, once made.
class TlsClient {
 public:
  static Result<std::shared_ptr<const TlsClient>> create(TlsClientOptions options);
  ~TlsClient();

  const TlsClientOptions& options() const { return options_; }
  // `host`: the peer's address, without its port.
  static std::unique_ptr<TlsSession> connect(const std::shared_ptr<const TlsClient>& client, int fd,
                                             const std::string& host);

 private:
  TlsClient() = default;
  TlsClientOptions options_;
  ssl_ctx_st* context_ = nullptr;
};

}  // namespace weir::net
