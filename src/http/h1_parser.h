// Incremental HTTP/1.x parser, for requests (server side of a connection) or responses (client side of one).
// Pull style: feed what has arrived, take one event at a time, stop taking whenever the other side cannot keep up.
// Strict where leniency lets one request hide in another (RFC 9112 sections 3, 5, 6, 7, 11). One per connection and
// direction; holds no memory of its own: text goes to the head that the caller hands in, body bytes are never copied.
//
//   H1Parser parser(H1Parser::Role::request);
//   while (!in.empty()) {
//     H1Step step = parser.next(in, head);      // or response head
//     in.remove_prefix(step.consumed);
//     switch (step.event) { ... }
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/message.h"

namespace weir::http {

enum class H1Event : std::uint8_t {
  need_more,  // everything usable is consumed; come back with more bytes
  head,       // the head is complete; for a response possibly an interim one (1xx but 101), then another head follows
  body,       // `bytes` is a piece of the body, a view into the input
  complete,   // the message is over; its trailers, if any, are in trailers(); the next next() starts a new message
  tunnel,     // `bytes` belong to the protocol switched to; this repeats for all further input
  error,      // the message is malformed: `status` says how to answer a request; close the connection
};

struct H1Step {
  H1Event event = H1Event::need_more;
  std::uint16_t status = 0;  // error: 400, 413, 414, 417, 431, 501 or 505; for a response always 502
  const char* reason = "";   // error: a sentence, for the log
  std::size_t consumed = 0;  // bytes of the input done with; for a partial head they are kept in the head's arena
  std::string_view bytes;    // body and tunnel
};

class H1Parser {
 public:
  enum class Role : std::uint8_t { request, response };
  explicit H1Parser(Role role) : role_(role) {}

  // One step for a request parser. `head` must be the same object from the first byte of a message to its `head`
  // event, and is cleared when a message starts; afterwards the parser no longer looks at it. An empty input yields
  // need_more, or the events that need no bytes (complete).
  H1Step next(std::string_view in, RequestHead& head);
  // The same for a response parser. Call expect() first.
  H1Step next(std::string_view in, ResponseHead& head);

  // Response parser: the method of the request that the next response answers (HEAD and CONNECT change its body).
  void expect(Method request_method) { request_method_ = request_method; }

  // The peer closed its sending half: complete if that ends the message properly (until_close), need_more if it came
  // between two messages, error if it cut one short.
  H1Step end_of_input();

  // Request parser: we answered 101 or 2xx to CONNECT: everything from here on is tunnel bytes. Call after the `head`
  // event. A response parser finds out by itself.
  void become_tunnel() { state_ = State::tunnel; }

  // Nothing of a next message has been seen: the connection may be reused or closed without cutting anything.
  bool idle() const { return state_ == State::head && !partial_; }
  // Trailer fields of the message just completed; valid until the next next(). Allocated on first use.
  const HeaderBlock& trailers() const { return trailers_; }
  HeaderBlock& trailers() { return trailers_; }
  // Body bytes still owed (BodyKind::length); 0 otherwise.
  std::uint64_t remaining() const { return remaining_; }

 private:
  enum class State : std::uint8_t {
    head,
    fixed,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    until_close,
    tunnel,
    done,  // `complete` is still to be reported
    failed,
  };
  enum class ChunkLine : std::uint8_t { first_digit, digits, space, extension, line_feed };
  enum class Progress : std::uint8_t { more, end, error };

  template <class Head>
  H1Step next_in(std::string_view in, Head& head);
  template <class Head>
  H1Step take_head(std::string_view in, Head& head);
  // Takes field lines, and before them a start line if `head` is not null, from `in` through `block`'s arena.
  template <class Head>
  H1Step take_block(std::string_view in, HeaderBlock& block, Head* head, std::size_t limit);
  template <class Head>
  Progress parse_block(std::string_view text, HeaderBlock& block, Head* head, std::size_t limit);
  Progress parse_fields(std::string_view text, HeaderBlock& block, std::size_t limit);
  template <class Head>
  Progress parse_start_line(std::string_view text, Head& head);
  H1Step take_body(std::string_view in);
  H1Step take_trailers(std::string_view in);
  // Each consumes what belongs to its line; false: more bytes are needed, or failed (state_).
  bool take_chunk_size(std::string_view& in);
  bool take_chunk_end(std::string_view& in);
  bool end_chunk_size();
  H1Step complete();

  bool frame(RequestHead& head);
  bool frame(ResponseHead& head);
  bool take_apart_target(RequestHead& head);
  bool check_host(RequestHead& head);
  bool read_length(HeaderBlock& fields, std::uint64_t& length);
  bool has_chunked(const HeaderBlock& fields, Version version);
  void enter_body(BodyKind kind, std::uint64_t length);
  // Notes the error; always false.
  bool reject(std::uint16_t status, const char* reason);
  Progress refuse(std::uint16_t status, const char* reason);
  H1Step failure() const;

  Role role_;
  State state_ = State::head;
  ChunkLine chunk_line_ = ChunkLine::first_digit;
  bool partial_ = false;     // an unfinished head or trailer block lies in an arena
  bool start_line_ = false;  // the start line is parsed
  bool seen_cr_ = false;     // of the CRLF after a chunk
  bool interim_ = false;     // the last response head was interim
  std::uint8_t empty_lines_ = 0;
  Method request_method_ = Method::get;
  std::uint16_t error_status_ = 0;
  const char* error_reason_ = "";
  std::uint32_t scan_ = 0;             // offset of the first unparsed line in the block
  std::uint32_t chunk_line_size_ = 0;  // bytes of the current chunk line so far
  std::uint64_t remaining_ = 0;        // bytes of the body or of the chunk
  HeaderBlock trailers_;
};

}  // namespace weir::http
