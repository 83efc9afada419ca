// ClientConnection: one accepted socket, whatever it speaks; and Entrance: the listening address it came through, as
// one worker sees it. One thread; the Lane owns the connections, the Worker the entrances.
#pragma once

#include <memory>
#include <string>

#include "http/header.h"
#include "net/loop.h"
#include "net/socket_address.h"
#include "net/tls.h"
#include "proxy/live_table.h"
#include "proxy/log_outlet.h"

namespace weir::proxy {

class Lane;

// Lives while it is open or a connection that came through it is.
struct Entrance {
  std::string place;  // "127.0.0.1:80"
  std::string port;   // "80"
  std::string listener_id;
  LiveListener* listener = nullptr;  // a parted one once the table has dropped it; null: there never was one
  route::ListenerProtocol protocol = route::ListenerProtocol::http;
  bool proxy_protocol = false;  // each connection begins with a PROXY protocol header
  Duration idle_timeout{};
  std::shared_ptr<const net::TlsServer> tls;  // null: cleartext
  bool permissive = false;                    // cleartext too, where there is TLS
  bool tells_certificates = false;            // backends hear of clients' certificates
  std::size_t connections = 0;
  Instant end_at = Instant::max();                           // what still goes on is ended
  std::uint64_t accepted = 0;                                // connections, and ...
  std::uint64_t told_ended = 0;                              // ... how many of them the tally knows to be closed
  std::uint64_t serial = 0;                                  // of the worker's entrances, drawn by chance
  std::unique_ptr<LogOutlet> log;                            // the listener's access log; null: none
  std::shared_ptr<Tally> tally = std::make_shared<Tally>();  // the listener's
  bool closing = false;                                      // connections end after what they are doing

  bool passes_bytes() const {
    return protocol == route::ListenerProtocol::tcp || protocol == route::ListenerProtocol::tls;
  }
};

// What is known of the peer, as the fields that tell the backend of it.
struct ClientOrigin {
  // `peer`: where the client is; `place`: where it meant to be, unless that is simply the socket's own address.
  ClientOrigin(const Entrance& entrance, const net::SocketAddress& peer, const net::SocketAddress& place = {});
  // The client of a permissive entrance does not begin with a handshake.
  void speak_plainly(const Entrance& entrance);
  std::string_view scheme() const { return secure ? "https" : "http"; }
  // Replaces what the client itself says of a certificate.
  void tell_certificate(http::HeaderBlock& fields) const;
  // `pem`: shown in the handshake.
  void take_certificate(const std::string& pem, bool verified);

  net::SocketAddress peer, place;
  std::uint64_t connection = 0;  // its number at the entrance
  bool secure = false;           // over TLS
  // What was agreed with the client; only where there is an access log.
  struct Handshake {
    std::string protocol, cipher, server_name, certificate;
    bool resumed;
    Duration time{-1};  // that it took; negative: it failed
  };
  std::unique_ptr<Handshake> handshake;
  std::string address;           // "203.0.113.9"
  std::string certificate;       // the client's, percent-encoded PEM; empty where it showed none
  bool trusted = false;          // the certificate is signed by the listener's CA
  std::string lines;             // "X-Forwarded-For: …", "-Proto", "-Port" in wire form
  bool lines_tell_port = false;  // the client's

 private:
  void write_lines(const Entrance& entrance);
};

class ClientConnection : public net::FdHandler {
 public:
  ClientConnection(Entrance& entrance, ClientOrigin origin) : entrance_(entrance), origin_(std::move(origin)) {
    ++entrance_.connections;
  }
  ~ClientConnection() override { --entrance_.connections; }
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Ends after what is under way, in the protocol's own way. A connection that waits for a request gets `grace` for it.
  virtual void finish_soon(Duration grace) = 0;
  // Ends now: its time is up. What has not been answered yet is answered with 504 where there is a way.
  virtual void end() = 0;
  Entrance& entrance() { return entrance_; }
  const ClientOrigin& origin() const { return origin_; }

 protected:
  Entrance& entrance_;
  ClientOrigin origin_;

 private:
  friend class Lane;
  std::size_t slot_ = 0;
};

}  // namespace weir::proxy
