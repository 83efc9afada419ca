// The heads of a request and of a response, the same for HTTP/1 and HTTP/2, so that the four translations between
// them are: parse into one of these, adjust the fields, write from it. Reusable: clear() keeps the memory.
// One thread; owned by whoever carries the exchange.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/header.h"

namespace weir::http {

enum class Method : std::uint8_t { get, head, post, put, delete_, connect, options, trace, patch, other };
Method method_of(std::string_view text);  // case-sensitive, as RFC 9110 9.1 has it

enum class Version : std::uint8_t { http1_0, http1_1, http2 };

// How the end of a body is told.
enum class BodyKind : std::uint8_t {
  none,         // there is no body
  length,       // `content_length` bytes
  chunked,      // HTTP/1.1 chunks; or an HTTP/2 stream without content-length
  until_close,  // HTTP/1 response without either: ends with the connection
  tunnel,       // after 101 or a successful CONNECT: raw bytes both ways
};

struct RequestHead {
  HeaderBlock fields;  // H1: Host is among them as sent; H2: Cookie fields joined, no pseudo-fields

  Version version = Version::http1_1;
  Method method = Method::get;
  BodyKind body = BodyKind::none;
  bool keep_alive = true;            // the sender allows another request after this one (H1)
  bool expect_continue = false;      // the sender waits for 100 (Continue) before its body
  bool oversized = false;            // over the limit, so that fields are missing: to be answered 431 (H2)
  bool upgrade = false;              // "Connection: upgrade" with an Upgrade field (H1)
  std::uint64_t content_length = 0;  // meaningful with BodyKind::length

  Slice method_text, target_text, authority_text, scheme_text, offer_text;
  std::string_view method_name() const { return fields.text(method_text); }
  // Origin form: path and query ("/a?b=c"), or "*"; empty for CONNECT. Absolute form has been taken apart.
  std::string_view target() const { return fields.text(target_text); }
  // target() up to the question mark.
  std::string_view path() const;
  // target() after the question mark, empty if there is none.
  std::string_view query() const;
  // Host and optional port, whichever way it was said: absolute form, Host, ":authority". May be empty (HTTP/1.0).
  std::string_view authority() const { return fields.text(authority_text); }
  // "http" or "https"; empty when the sender did not say (H1 origin form).
  std::string_view scheme() const { return fields.text(scheme_text); }

  // The protocols that the request, as it is passed on, offers to switch to; see keep_offer().
  std::string_view offer() const { return fields.text(offer_text); }

  // Bytes of the head as HTTP/1.1 would have it.
  std::size_t wire_size() const;
  void set_method(std::string_view name);
  void set_target(std::string_view text) { target_text = fields.keep(text); }
  void set_authority(std::string_view text) { authority_text = fields.keep(text); }
  void set_scheme(std::string_view text) { scheme_text = fields.keep(text); }
  void clear();
};

struct ResponseHead {
  HeaderBlock fields;

  Version version = Version::http1_1;
  std::uint16_t status = 0;  // 100..599
  BodyKind body = BodyKind::none;
  bool keep_alive = true;
  std::uint64_t content_length = 0;  // meaningful with BodyKind::length

  Slice reason_text;
  std::string_view reason() const { return fields.text(reason_text); }
  // Bytes of the head as HTTP/1.1 would have it, without what concerns the connection.
  std::size_t wire_size() const;
  bool informational() const { return status < 200; }
  void clear();
};

// The registered phrase ("Not Found"), or "Unknown".
std::string_view reason_of(unsigned status);

}  // namespace weir::http
