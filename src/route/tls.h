// TLS in the RouteTable: what a listener shows its clients, and what a pool asks of its backends. Certificates and keys
// are named by the paths of their PEM files, never carried: so a table can be printed, logged, sent and kept without a
// key in it. A file that changes is read again with the next table, or at once where that says so. Values; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "route/members.h"

namespace weir::route {

struct Certificate {
  std::string certificate;  // path: the certificate, then those that lead to its root
  std::string key;          // path: its private key, without a passphrase
  bool operator==(const Certificate&) const = default;
};

enum class ClientCertificates {
  off,      // not asked for
  request,  // asked for; whatever comes is passed on to the backend unverified
  require,  // the handshake fails without one that `client_ca` has signed
  verify,   // the same of one that is shown; without one it goes on
};

// Of a listener whose protocol is https.
struct ListenerTls {
  std::vector<Certificate> certificates;  // chosen by the name that the client asks for; the first where none fits
  ClientCertificates client_certificates = ClientCertificates::off;
  std::string client_ca;                  // path; for `require` and `verify`
  std::vector<std::string> client_names;  // DNS names, addresses or URIs: a certificate that `client_ca` has signed has
                                          // to be for one of them; empty: for any
  // As the Envoys of a mesh do it: what is in `client_ca` is trusted by itself, whoever has signed it; backends are
  // told nothing of clients' certificates; and a file that changes is read again at once, not with the next table.
  bool as_envoy = false;
  bool permissive = false;   // connections that do not begin with a handshake are taken as cleartext; only of https
  bool http1_first = false;  // who offers HTTP/1.1 and HTTP/2 is spoken to in HTTP/1.1
  bool operator==(const ListenerTls&) const = default;
};

// Of a pool whose backends speak TLS.
struct PoolTls {
  bool verify = false;  // against `ca` and `sni`
  std::string sni;      // the name asked for and verified; empty: none is asked for, the backend's address is verified
  std::string ca;       // path; empty: the machine's roots
  bool operator==(const PoolTls&) const = default;
};

Json to_json(const ListenerTls& tls);
Json to_json(const PoolTls& tls);
ListenerTls read_listener_tls(const Json& json, std::string path, Faults& faults);
PoolTls read_pool_tls(const Json& json, std::string path, Faults& faults);

}  // namespace weir::route
