// One HTTP/2 connection without its socket: bytes in by feed(), events out through H2Events, bytes out by drain(),
// once per loop turn. Server or client. A wrapper over nghttp2, whose headers stay in the .cc.
// One thread; owned by the connection. A stream is a number and a `void* user` of the owner's, never null.
//
// Re-entrancy: inside an event every method may be called except feed() and drain(). Never destroy the session there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/limits.h"
#include "http/message.h"

namespace weir::http {

// RFC 9113 section 7.
enum class H2Code : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  flow_control_error = 3,
  settings_timeout = 4,
  stream_closed = 5,
  frame_size_error = 6,
  refused_stream = 7,
  cancel = 8,
  compression_error = 9,
  connect_error = 10,
  enhance_your_calm = 11,
  inadequate_security = 12,
  http_1_1_required = 13,
};
const char* name_of(H2Code code);  // "REFUSED_STREAM"

using StreamId = std::int32_t;

// A piece of an outgoing body.
struct H2BodyPart {
  enum class Then : std::uint8_t {
    more,      // more will come; empty bytes mean "not now": the stream rests until resume()
    end,       // these bytes are the last, the stream ends with them
    trailers,  // these bytes are the last, trailers end the stream: submit_trailers() before returning
  };
  std::string_view bytes;  // must stay valid until the next event or until drain() returns
  Then then = Then::more;
};

// What happens on a connection, in order. `user` is what was given for the stream. Every method has an empty default,
// so that a side implements only what it needs.
class H2Events {
 public:
  virtual ~H2Events() = default;

  // Server: a request. `end`: it has no body. `head` may be swapped out; it is cleared afterwards. Return the `user` of
  // the stream; never null.
  virtual void* on_request(StreamId, RequestHead& /*head*/, bool /*end*/) { return nullptr; }
  // Client: a response or an interim one (head.informational()). `head` may be swapped out.
  virtual void on_response(StreamId, void* /*user*/, ResponseHead& /*head*/, bool /*end*/) {}
  // Server: a stream was reset before it became a request: malformed, or more than we take at a time
  // (refused_stream), or larger (enhance_your_calm). The stream has no other event.
  virtual void on_refused(StreamId, H2Code) {}
  // A piece of the incoming body; valid during the call. Give its size back by consume() when it has been dealt with.
  virtual void on_data(StreamId, void* /*user*/, std::string_view /*bytes*/) {}
  // The incoming body is over and these fields follow; on_end comes next. May be swapped out.
  virtual void on_trailers(StreamId, void* /*user*/, HeaderBlock& /*trailers*/) {}
  // The incoming half is complete. Comes once, also after a head with `end`.
  virtual void on_end(StreamId, void* /*user*/) {}
  // The stream is gone, both halves; the last event of a stream that had any. no_error after a proper end;
  // refused_stream when the peer certainly did not process it (RST or a GOAWAY with a lower last stream).
  virtual void on_closed(StreamId, void* /*user*/, H2Code) {}
  // The next piece of the outgoing body, at most `max` bytes. Called from drain() only.
  virtual H2BodyPart next_body(StreamId, void* /*user*/, std::size_t /*max*/) { return {{}, H2BodyPart::Then::end}; }
  // The peer will take no new streams; those up to `last` go on. May come twice (notice with 2^31-1, then final).
  // Streams above `last` have had or get on_closed(refused_stream) right after.
  virtual void on_goaway(StreamId /*last*/, H2Code) {}
  // The peer's SETTINGS came (peer_max_streams() may have changed). Client: only now requests leave, lest more of them
  // reach the server than it takes.
  virtual void on_settings() {}
  // The answer to ping().
  virtual void on_pong(std::uint64_t /*payload*/) {}
};

struct H2Options {
  std::uint32_t max_concurrent_streams = kH2MaxConcurrentStreams;  // that we accept (server)
  std::uint32_t stream_window = kH2StreamWindow;                   // bytes
  std::uint32_t connection_window = kH2ConnectionWindow;           // bytes
  std::uint32_t max_header_list = kH2MaxHeaderList;                // bytes
};

enum class H2Body : std::uint8_t { none, follows };

class H2Session {
 public:
  enum class Side : std::uint8_t { server, client };
  // The preface and our SETTINGS are queued at once. `events` must outlive the session.
  H2Session(Side side, H2Events& events, const H2Options& options = {});
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Takes all of `bytes`. An error ends the connection: drain() what is left (it holds a GOAWAY), then close.
  Result<void> feed(std::string_view bytes);
  // Writes what is to be sent at the start of `out`, returns how much. `out` should be 4 KiB or more: a body piece
  // waits for the next drain() rather than be cut small. wants_write() afterwards tells whether there is more.
  std::size_t drain(std::span<char> out);
  // drain() would write something (or ask next_body).
  bool wants_write() const;
  // Neither side has anything more to say: close the socket.
  bool finished() const;

  // Client: opens a stream. Uses method, scheme ("http" if empty), authority, target and the fields except the
  // hop-by-hop ones and Host. Fails with Retry::safe when no stream can be opened on this connection any more.
  Result<StreamId> submit_request(const RequestHead& head, H2Body body, void* user);
  // Server: answers. An informational head may come before and must have H2Body::follows.
  Result<void> submit_response(StreamId stream, const ResponseHead& head, H2Body body);
  // From next_body() with Then::trailers, or any time instead of further data when the body is resting.
  Result<void> submit_trailers(StreamId stream, const HeaderBlock& trailers);
  // A body that rested has bytes again. Harmless for a stream that is gone or not resting.
  void resume(StreamId stream);
  // `size` bytes of on_data were dealt with: opens the peer's window, of the stream and of the connection. Every byte
  // must be given back once, also when its stream is gone: the connection's window is shared by all streams.
  void consume(StreamId stream, std::size_t size);
  // Sends RST_STREAM; on_closed follows, at the latest in the next drain().
  void reset(StreamId stream, H2Code code);

  // Graceful end, first step (server): GOAWAY with last stream 2^31-1, so that requests under way still count.
  void shutdown_notice();
  // Second step, about a round trip later: GOAWAY with the last stream we processed. Open streams go on;
  // finished() turns true when they are over. With another code: at once.
  void goaway(H2Code code);
  void ping(std::uint64_t payload);
  // Why this side has ended the connection, where the peer broke the protocol or a limit; no_error: it has not. Known
  // once drain() has said so, or feed() has failed.
  H2Code fault() const;

  void set_user(StreamId stream, void* user);
  void* user(StreamId stream) const;
  // Streams open now, opened by the peer (server) or by us (client).
  std::size_t open_streams() const;
  // Client: another submit_request would be sent at once: below the peer's limit, no GOAWAY, ids left.
  bool can_open() const;
  // Until its SETTINGS have come: how many may be gathered.
  std::uint32_t peer_max_streams() const;
  // Bytes that the peer's windows allow us to send on `stream` now.
  std::size_t send_window(StreamId stream) const;

 private:
  struct Callbacks;  // nghttp2's, in the .cc
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::http
