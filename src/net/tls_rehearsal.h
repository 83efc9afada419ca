// A TLS handshake whose two ends are both here: made in memory with nothing sent, to learn whether what the one asks
// for is what the other can show. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/tls.h"

namespace weir::net {

struct TlsEnd {
  TlsCertificate certificate;      // without a chain: the client shows none
  std::string trust;               // PEM: authorities, or certificates themselves; empty: the peer's is not verified
  std::vector<std::string> names;  // DNS names, addresses or URIs, for one of which the peer's has to be; empty: any
  bool optional = false;           // of a server that verifies: a client need not show one
  bool operator==(const TlsEnd&) const = default;
};

struct TlsRehearsal {
  std::string refusal;             // a clause that says why they do not agree; empty: they do
  std::optional<Timestamp> until;  // then a certificate begins or ceases to be valid, and the outcome may be another
};

// `now`: the time at which certificates have to be valid.
TlsRehearsal rehearse(const TlsEnd& client, const TlsEnd& server, Timestamp now);

}  // namespace weir::net
