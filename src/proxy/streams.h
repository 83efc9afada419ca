// The two interfaces that meet over one Exchange: what it asks of its client side and of its backend side, whatever
// they speak. None of these calls comes back into the Exchange before it returns, with one exception: the last call
// of a response may end the Exchange and start the next one. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/message.h"

namespace weir::proxy {

struct TunnelPlace;
struct TunnelSocket;

class ClientStream {
 public:
  virtual ~ClientStream() = default;
  virtual void send_continue() = 0;
  virtual void send_interim(const http::ResponseHead& head) = 0;
  // `end`: nothing follows, the exchange is over. Otherwise send_body any number of times, then send_end once.
  virtual void send_head(const http::ResponseHead& head, bool end) = 0;
  virtual void send_body(std::string_view bytes) = 0;
  virtual void send_end(const http::HeaderBlock* trailers) = 0;
  // `head`, a 101, and then bytes as they come, to and from `backend`. The exchange is over. `protocol`: what is
  // switched to. Only of a request that came over HTTP/1.1 and offered to switch.
  virtual void send_switch(const http::ResponseHead& head, std::string_view protocol, TunnelPlace place,
                           TunnelSocket backend);
  // The response cannot be finished; the peer must notice. The exchange is over.
  virtual void send_abort() = 0;
  virtual bool speaks_http2() const = 0;
  // The rest of the request's body is not wanted: after the response that comes now the client is not heard any more.
  virtual void refuse_rest() = 0;
  // Body bytes of the response that the socket has not taken yet.
  virtual std::size_t unsent() const = 0;
  // A number that grows while the client takes what it is sent.
  virtual std::uint64_t progress() const = 0;
  // `size` bytes of the request's body have been passed on: more may come.
  virtual void body_taken(std::size_t size) = 0;
};

class BackendStream {
 public:
  virtual ~BackendStream() = default;
  // `end`: there is no body. `forwarded`: further fields in wire form (HTTP/1 only). False: this connection cannot
  // take the request after all, nothing was sent.
  virtual bool send_head(const http::RequestHead& head, std::string_view forwarded, bool end) = 0;
  virtual void send_body(std::string_view bytes) = 0;
  virtual void send_end(const http::HeaderBlock* trailers) = 0;
  virtual std::size_t unsent() const = 0;
  // A number that grows while the backend takes what it is sent.
  virtual std::uint64_t progress() const = 0;
  // `size` bytes of the response's body have been passed on: more may come.
  virtual void body_taken(std::size_t size) = 0;
  // The exchange no longer wants the response and does not know this stream any more.
  virtual void cancel() = 0;
  // The same, called from response_head(false): the connection may read the rest and be used again.
  virtual void discard() { cancel(); }
};

enum class FailureCause : std::uint8_t {
  none_in_service,
  crowded,  // the pool's limits are reached, and nobody may wait (any longer)
  refused,
  connect_timeout,
  handshake,  // TLS was not agreed, or the certificate not trusted
  response_timeout,
  drained,          // the backend, or the listener, has gone, and the time to finish is over
  try_timeout,      // no response began within the time of one try
  request_timeout,  // the exchange as a whole took too long
  client_silent,    // the client stopped in the middle of its request
  too_large,        // the request's body, after the response had begun
  closed,
  malformed
};

struct BackendFailure {
  FailureCause cause;
  bool unprocessed = false;  // the backend certainly saw nothing of the request
  bool reused = false;       // the connection had served an earlier request
};

}  // namespace weir::proxy
