// TunnelSocket: a connection that is handed over, with everything that lay in its owner's hands. Nobody watches it. A
// value that moves; one thread.
#pragma once

#include <string>

#include "net/fd.h"
#include "proxy/lane.h"
#include "proxy/out_queue.h"

namespace weir::proxy {

struct TunnelSocket {
  net::Fd fd;
  TlsPointer tls;
  OutQueue out;               // not sent yet
  std::string received = {};  // read, and not passed on yet
  bool ended = false;         // the peer has said that nothing follows
};

}  // namespace weir::proxy
