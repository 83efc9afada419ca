// AccessLine: one exchange, or one connection of bytes, as a line of an access log: in the field order of ALB's or
// NLB's access logs, or as a JSON object. Whatever a client or a backend sends stays within its field: quotes,
// backslashes, control characters and bytes beyond ASCII are written as \xHH (alb) or escaped as JSON has it, with
// U+FFFD for what is no UTF-8 (json). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace weir::proxy {

// Empty texts are written as "-" (alb) or left out (json).
struct AccessFacts {
  std::string_view type;  // "http", "https", "h2", "grpcs", "tcp", "tls"
  Timestamp time;         // when the exchange was over
  Timestamp created;      // when the request's head was there
  std::string_view listener;
  std::string_view client;                                        // "192.0.2.1:4711"
  std::string_view target;                                        // the backend, "10.0.0.1:80"
  Duration request_time{-1}, target_time{-1}, response_time{-1};  // negative: there was none
  Duration total{};
  Duration handshake_time{-1};  // TLS, of a connection of bytes; negative: there was none, or it failed
  unsigned status = 0;          // 0: of bytes, which have none
  unsigned target_status = 0;   // 0: none
  std::uint64_t received = 0, sent = 0;
  std::string_view method;   // empty: what came was no request
  std::string_view scheme;   // "http", "https"
  std::string_view host;     // "example.com:80"
  std::string_view path;     // and query
  std::string_view version;  // "HTTP/1.1"
  std::string_view user_agent;
  std::string_view cipher, protocol;  // TLS
  std::string_view pool;
  std::string_view trace_id;
  std::string_view server_name;  // that the client asked for in its TLS handshake
  std::string_view certificate;
  std::string_view rule;  // its id
  int rule_place = -1;    // in the listener, from 1; 0: the last one, which takes everything; negative: none
  std::string_view action;
  std::string_view redirect;
  std::string_view error;  // why there is no (whole) answer of a backend
  std::string_view connection;
  unsigned retries = 0;
  bool aborted = false;  // by the client
  // For those whose lines say what they like (TrafficLogs).
  const http::RequestHead* request = nullptr;    // null: bytes, or what was no request
  const http::ResponseHead* response = nullptr;  // null alike
  std::uint64_t body_received = 0, body_sent = 0;
  std::string_view place;  // where the client came in, "127.0.0.1:80"
};

// Appends the line and its end.
void write_alb_line(std::string& out, const AccessFacts& facts);
void write_nlb_line(std::string& out, const AccessFacts& facts);
void write_json_line(std::string& out, const AccessFacts& facts);

// Appends the text as JSON has it, at most kMaxLogField bytes of it.
void append_json_text(std::string& out, std::string_view text);

}  // namespace weir::proxy
