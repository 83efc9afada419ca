#include "http/h1_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "http/h1_transcript.h"
#include "http/limits.h"

namespace weir::http {
namespace {

struct Row {
  const char* what;
  std::string bytes;
  std::string events;
  Method method = Method::get;  // of the request answered
};

// Whole, then in pieces of every size: a byte at a time, two bytes, ... which visits every split position.
template <class Transcribe>
void expect_every_split(const Row& row, Transcribe transcribe) {
  SCOPED_TRACE(row.what);
  EXPECT_EQ(transcribe(row.bytes.size()), row.events);
  for (std::size_t piece = 1; piece < row.bytes.size(); ++piece) {
    ASSERT_EQ(transcribe(piece), row.events) << "in pieces of " << piece;
  }
}

void expect_requests(const Row& row) {
  expect_every_split(row, [&](std::size_t piece) { return transcript_of_requests(row.bytes, piece); });
}
void expect_responses(const Row& row) {
  expect_every_split(row, [&](std::size_t piece) { return transcript_of_responses(row.bytes, piece, row.method); });
}

TEST(H1Parser, reads_requests_however_they_are_cut) {
  const Row rows[] = {
      {"a plain GET", "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Y:  v \t\r\n\r\n",
       "GET /a?b=c HTTP/1.1 authority=x body=none|Host: x|X-Y: v\ncomplete\nidle\n"},
      {"a body of known length", "POST / HTTP/1.1\r\nhost: x:80\r\ncontent-length: 3\r\n\r\nabc",
       "POST / HTTP/1.1 authority=x:80 body=length:3|host: x:80|content-length: 3\nbody abc\ncomplete\nidle\n"},
      {"an empty body", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
       "POST / HTTP/1.1 authority=x body=length:0|host: x|content-length: 0\ncomplete\nidle\n"},
      {"pipelined requests", "GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: y\r\n\r\n",
       "GET /1 HTTP/1.1 authority=x body=none|host: x\ncomplete\n"
       "GET /2 HTTP/1.1 authority=y body=none|host: y\ncomplete\nidle\n"},
      {"an empty line before", "\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n",
       "GET / HTTP/1.1 authority=x body=none|host: x\ncomplete\nidle\n"},
      {"chunks with extensions and trailers",
       "POST / HTTP/1.1\r\nhost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
       "3;a=\"b\"\r\nabc\r\n00A \t;x\r\n0123456789\r\n0\r\nX-T: 1\r\nx-u:\r\n\r\n",
       "POST / HTTP/1.1 authority=x body=chunked|host: x|Transfer-Encoding: Chunked\nbody abc0123456789\n"
       "complete|X-T: 1|x-u: \nidle\n"},
      {"chunks, then the next request",
       "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET /n HTTP/1.1\r\nhost: "
       "x\r\n\r\n",
       "POST / HTTP/1.1 authority=x body=chunked|host: x|transfer-encoding: chunked\nbody a\ncomplete\n"
       "GET /n HTTP/1.1 authority=x body=none|host: x\ncomplete\nidle\n"},
      {"an expectation", "PUT / HTTP/1.1\r\nhost: x\r\nexpect: 100-Continue\r\ncontent-length: 1\r\n\r\nz",
       "PUT / HTTP/1.1 authority=x body=length:1 expect|host: x|expect: 100-Continue|content-length: 1\n"
       "body z\ncomplete\nidle\n"},
      {"absolute form wins over Host", "GET http://h:81/p?q HTTP/1.1\r\nhost: other\r\n\r\n",
       "GET /p?q HTTP/1.1 authority=h:81 scheme=http body=none|host: other\ncomplete\nidle\n"},
      {"absolute form without a path", "GET HTTPS://h HTTP/1.1\r\nhost: h\r\n\r\n",
       "GET / HTTP/1.1 authority=h scheme=HTTPS body=none|host: h\ncomplete\nidle\n"},
      {"absolute form with only a query", "GET http://h?q HTTP/1.1\r\nhost: h\r\n\r\n",
       "GET /?q HTTP/1.1 authority=h scheme=http body=none|host: h\ncomplete\nidle\n"},
      {"asterisk form", "OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n",
       "OPTIONS * HTTP/1.1 authority=h body=none|host: h\ncomplete\nidle\n"},
      {"authority form", "CONNECT h:443 HTTP/1.1\r\nhost: h:443\r\n\r\n",
       "CONNECT  HTTP/1.1 authority=h:443 body=none|host: h:443\ncomplete\nidle\n"},
      {"HTTP/1.0 without Host closes", "GET / HTTP/1.0\r\n\r\n",
       "GET / HTTP/1.0 authority= body=none close\ncomplete\nidle\n"},
      {"HTTP/1.0 that keeps alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
       "GET / HTTP/1.0 authority= body=none|Connection: Keep-Alive\ncomplete\nidle\n"},
      {"a later minor version", "GET / HTTP/1.7\r\nhost: x\r\n\r\n",
       "GET / HTTP/1.1 authority=x body=none|host: x\ncomplete\nidle\n"},
      {"connection: close in a list", "GET / HTTP/1.1\r\nhost: x\r\nconnection: foo , close\r\n\r\n",
       "GET / HTTP/1.1 authority=x body=none close|host: x|connection: foo , close\ncomplete\nidle\n"},
      {"an upgrade", "GET / HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\r\n",
       "GET / HTTP/1.1 authority=x body=none upgrade|host: x|connection: keep-alive, Upgrade|upgrade: websocket\n"
       "complete\nidle\n"},
      {"equal Content-Lengths become one",
       "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na",
       "POST / HTTP/1.1 authority=x body=length:1|host: x|content-length: 1\nbody a\ncomplete\nidle\n"},
      {"an unknown method and bytes above ASCII in a value", "BREW /p HTTP/1.1\r\nhost: x\r\nx: \xc3\xa4\r\n\r\n",
       "BREW /p HTTP/1.1 authority=x body=none|host: x|x: \xc3\xa4\ncomplete\nidle\n"},
  };
  for (const Row& row : rows) expect_requests(row);
}

TEST(H1Parser, reads_responses_however_they_are_cut) {
  const Row rows[] = {
      {"a length", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
       "HTTP/1.1 200 'OK' body=length:2|content-length: 2\nbody hi\ncomplete\nidle\n"},
      {"until the connection closes", "HTTP/1.0 200 Fine by me\r\n\r\nhi",
       "HTTP/1.0 200 'Fine by me' body=until_close close\nbody hi\ncomplete\n"},
      {"chunks and trailers",
       "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\ngrpc-status: 0\r\n\r\n",
       "HTTP/1.1 200 'OK' body=chunked|transfer-encoding: chunked\nbody hi\ncomplete|grpc-status: 0\nidle\n"},
      {"no phrase", "HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n",
       "HTTP/1.1 404 '' body=length:0|content-length: 0\ncomplete\nidle\n"},
      {"neither phrase nor space", "HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n",
       "HTTP/1.1 404 '' body=length:0|content-length: 0\ncomplete\nidle\n"},
      {"interim responses first",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
       "HTTP/1.1 100 'Continue' body=none\nHTTP/1.1 103 'Early Hints' body=none|link: a\n"
       "HTTP/1.1 204 'No Content' body=none\ncomplete\nidle\n"},
      {"the answer to HEAD has a length and no body", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
       "HTTP/1.1 200 'OK' body=none|content-length: 5\ncomplete\nidle\n", Method::head},
      {"the answer to HEAD may say chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
       "HTTP/1.1 200 'OK' body=none|transfer-encoding: chunked\ncomplete\nidle\n", Method::head},
      {"not modified", "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
       "HTTP/1.1 304 'Not Modified' body=none|content-length: 5\ncomplete\nidle\n"},
      {"switched protocols", "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\x81\x01z",
       "HTTP/1.1 101 'Switching Protocols' body=tunnel|upgrade: websocket\ntunnel \x81\x01z\ncomplete\n"},
      {"a tunnel", "HTTP/1.1 200 OK\r\n\r\nraw", "HTTP/1.1 200 'OK' body=tunnel\ntunnel raw\ncomplete\n",
       Method::connect},
      {"two on one connection",
       "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: "
       "1\r\n\r\nb",
       "HTTP/1.1 200 'OK' body=length:1|content-length: 1\nbody a\ncomplete\n"
       "HTTP/1.1 500 'No' body=length:1 close|connection: close|content-length: 1\nbody b\ncomplete\nidle\n"},
      {"cut short by length", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi",
       "HTTP/1.1 200 'OK' body=length:3|content-length: 3\nbody hi\n"},
      {"cut short in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhi",
       "HTTP/1.1 200 'OK' body=chunked|transfer-encoding: chunked\nbody hi\n"},
      {"cut short in the head", "HTTP/1.1 200 OK\r\ncont", ""},
      {"both framings", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n", ""},
      {"two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 1\r\n\r\n", ""},
      {"a bare LF", "HTTP/1.1 200 OK\ncontent-length: 2\r\n\r\n", ""},
      {"no version", "ICY 200 OK\r\n\r\n", ""},
      {"an HTTP/2 answer", "HTTP/2 200\r\n\r\n", ""},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", ""},
      {"a status out of range", "HTTP/1.1 099 OK\r\n\r\n", ""},
  };
  for (Row row : rows) {
    // Rows that end in an error say only what comes before it.
    const std::string whole = transcript_of_responses(row.bytes, row.bytes.size(), row.method);
    const bool fails = row.events.empty() || std::string_view(row.what).starts_with("cut short");
    EXPECT_EQ(whole.find("error 502 ") != std::string::npos, fails) << row.what << "\n" << whole;
    EXPECT_TRUE(whole.starts_with(row.events)) << row.what << "\n" << whole;
    if (fails) row.events = whole;
    expect_responses(row);
  }
}

struct Refusal {
  const char* what;
  int status;
  std::string bytes;
};

// RFC 9112 sections 2.2, 3, 5.1, 5.2, 6.1, 6.3, 7.1, 11.2: where two readers could disagree we refuse.
TEST(H1Parser, refuses_what_could_hide_a_request) {
  const std::string get = "GET / HTTP/1.1\r\nhost: x\r\n";
  const std::string post = "POST / HTTP/1.1\r\nhost: x\r\n";
  const std::string chunked = post + "transfer-encoding: chunked\r\n\r\n";
  const Refusal rows[] = {
      {"length and chunks", 400, post + "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunks and length", 400, post + "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n"},
      {"lengths that differ", 400, post + "content-length: 4\r\ncontent-length: 5\r\n\r\nabcd"},
      {"a list of lengths", 400, post + "content-length: 4, 4\r\n\r\nabcd"},
      {"a negative length", 400, post + "content-length: -1\r\n\r\n"},
      {"a signed length", 400, post + "content-length: +1\r\n\r\na"},
      {"a hexadecimal length", 400, post + "content-length: 0x1\r\n\r\na"},
      {"an empty length", 400, post + "content-length:\r\n\r\n"},
      {"a length with a space within", 400, post + "content-length: 1 2\r\n\r\n"},
      {"a length beyond 2^62", 413, post + "content-length: 99999999999999999999\r\n\r\n"},
      {"chunked twice", 400, post + "transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
      {"chunked in two fields", 400, post + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n"},
      {"chunked not last", 400, post + "transfer-encoding: chunked, gzip\r\n\r\n"},
      {"identity", 400, post + "transfer-encoding: identity\r\n\r\n"},
      {"a coding that looks like chunked", 400, post + "transfer-encoding: xchunked\r\n\r\n"},
      {"chunked in quotes", 400, post + "transfer-encoding: \"chunked\"\r\n\r\n"},
      {"vertical tab before chunked", 400,
       post + "transfer-encoding: \x0b"
              "chunked\r\n\r\n"},
      {"another coding, then chunked", 501, post + "transfer-encoding: gzip, chunked\r\n\r\n"},
      {"chunked in HTTP/1.0", 400, "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"a space before the colon", 400, post + "transfer-encoding : chunked\r\n\r\n"},
      {"a tab before the colon", 400, post + "content-length\t: 3\r\n\r\n"},
      {"a CR for the hyphen of a name", 400, post + "content\rlength: 4\r\n\r\nabcd"},
      {"a control character for a name's digit", 400, get + "http\x12-settings: a\r\n\r\n"},
      {"a line end within a short name", 400, get + "a\r\nb\n: c\r\n\r\n"},
      {"no colon", 400, get + "content-length\r\n\r\n"},
      {"no name", 400, get + ": v\r\n\r\n"},
      {"a folded line", 400, get + "a: b\r\n c\r\n\r\n"},
      {"a fold as the first field", 400, "GET / HTTP/1.1\r\n host: x\r\n\r\n"},
      {"a bare LF after the request line", 400, "GET / HTTP/1.1\nhost: x\r\n\r\n"},
      {"a bare LF after a field", 400, "GET / HTTP/1.1\r\nhost: x\n\r\n"},
      {"a bare LF as the end", 400, get + "\n"},
      {"a bare CR in a value", 400, get + "a: b\rc\r\n\r\n"},
      {"a bare CR at the end", 400, get + "\rX"},
      {"a NUL in a value", 400, get + std::string("a: b\0c\r\n\r\n", 11)},
      {"a NUL in a name", 400, get + std::string("a\0b: c\r\n\r\n", 10)},
      {"a control character in a value", 400, get + "a: b\x7f\r\n\r\n"},
      {"a byte above ASCII in a name", 400, get + "\xc3\xa4: b\r\n\r\n"},
      {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", 400, get + "host: x\r\n\r\n"},
      {"two Hosts in HTTP/1.0", 400, "GET / HTTP/1.0\r\nhost: x\r\nhost: y\r\n\r\n"},
      {"a Host with a path", 400, "GET / HTTP/1.1\r\nhost: x/y\r\n\r\n"},
      {"a Host with a user", 400, "GET / HTTP/1.1\r\nhost: u@x\r\n\r\n"},
      {"a Host with a space", 400, "GET / HTTP/1.1\r\nhost: x y\r\n\r\n"},
      {"absolute form with a user", 400, "GET http://u@x/ HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"absolute form without a host", 400, "GET http:///p HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"another scheme", 400, "GET ftp://x/ HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"a target that is no path", 400, "GET a HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"asterisk without OPTIONS", 400, "GET * HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"CONNECT to a path", 400, "CONNECT /a HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"a fragment", 400, "GET /a#b HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"a space in the target", 400, "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"two spaces", 400, "GET  / HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"a tab for a space", 400, "GET\t/ HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"a byte above ASCII in the target", 400, "GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"no version", 400, "GET /\r\nhost: x\r\n\r\n"},
      {"a version with a space after", 400, "GET / HTTP/1.1 \r\nhost: x\r\n\r\n"},
      {"a version in small letters", 400, "GET / http/1.1\r\nhost: x\r\n\r\n"},
      {"HTTP/2 in the open", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"two empty lines before", 400, "\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"a bad method", 400, "G(T / HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"TLS to a plain port", 400, "\x16\x03\x01\x02"},
      {"an unknown expectation", 417, post + "expect: 200-maybe\r\ncontent-length: 1\r\n\r\na"},
      {"a chunk size with a sign", 400, chunked + "+1\r\na\r\n0\r\n\r\n"},
      {"a chunk size with 0x", 400, chunked + "0x1\r\na\r\n0\r\n\r\n"},
      {"no chunk size", 400, chunked + "\r\na\r\n0\r\n\r\n"},
      {"a space before a chunk size", 400, chunked + " 1\r\na\r\n0\r\n\r\n"},
      {"a space after a chunk size", 400, chunked + "1 \r\na\r\n0\r\n\r\n"},
      {"a chunk size that overflows", 413, chunked + "ffffffffffffffff1\r\na\r\n0\r\n\r\n"},
      {"a chunk line with a bare LF", 400, chunked + "1\na\r\n0\r\n\r\n"},
      {"a bare LF in an extension", 400, chunked + "1;a\nb\r\na\r\n0\r\n\r\n"},
      {"a bare CR in an extension", 400, chunked + "1;a\rb\r\na\r\n0\r\n\r\n"},
      {"a chunk longer than it says", 400, chunked + "1\r\nab\r\n0\r\n\r\n"},
      {"a chunk ended by LF", 400, chunked + "1\r\na\n0\r\n\r\n"},
      {"framing in trailers", 400, chunked + "0\r\ncontent-length: 3\r\n\r\n"},
      {"a chunk line over the limit", 400, chunked + "1;" + std::string(kMaxChunkLine, 'a') + "\r\na\r\n"},
      {"trailers over the limit", 431, chunked + "0\r\na: " + std::string(kMaxTrailerBlock, 'a') + "\r\n\r\n"},
  };
  for (const Refusal& row : rows) {
    SCOPED_TRACE(row.what);
    const std::string whole = transcript_of_requests(row.bytes, row.bytes.size());
    EXPECT_NE(whole.find("error " + std::to_string(row.status) + " "), std::string::npos) << whole;
    const std::size_t largest = std::min<std::size_t>(row.bytes.size(), 300);
    for (std::size_t piece = 1; piece < largest; ++piece) {
      ASSERT_EQ(transcript_of_requests(row.bytes, piece), whole) << "in pieces of " << piece;
    }
  }
}

TEST(H1Parser, holds_its_limits_however_the_bytes_come) {
  const std::string line = "GET / HTTP/1.1\r\nhost: x\r\n";
  std::string many = line;
  for (std::size_t i = 0; i < kMaxHeaderCount; ++i) many += "a: b\r\n";
  const std::string block(kMaxHeaderBlock - line.size() - 7, 'v');
  const Refusal rows[] = {
      {"a long target", 414, "GET /" + std::string(kMaxStartLine, 'a') + " HTTP/1.1\r\nhost: x\r\n\r\n"},
      {"a long target, no end", 414, "GET /" + std::string(3 * kMaxHeaderBlock, 'a')},
      {"a long field", 431, line + "a: " + std::string(kMaxHeaderBlock, 'v') + "\r\n\r\n"},
      {"a long field, no end", 431, line + "a: " + std::string(3 * kMaxHeaderBlock, 'v')},
      {"a long name", 431, line + std::string(kMaxHeaderBlock, 'n') + ": v\r\n\r\n"},
      {"many fields", 431, many + "\r\n"},
      {"a byte over", 431, line + "a: " + block + "v\r\n\r\n"},
  };
  for (const Refusal& row : rows) {
    SCOPED_TRACE(row.what);
    for (const std::size_t piece : {row.bytes.size(), std::size_t{1000}, std::size_t{4096}, std::size_t{65536}}) {
      const std::string events = transcript_of_requests(row.bytes, piece);
      EXPECT_TRUE(events.starts_with("error " + std::to_string(row.status) + " ")) << piece << events.substr(0, 200);
    }
  }
  const std::string fits = line + "a: " + block + "\r\n\r\n";
  ASSERT_EQ(fits.size(), kMaxHeaderBlock);
  EXPECT_TRUE(transcript_of_requests(fits, fits.size()).ends_with("complete\nidle\n"));
  EXPECT_TRUE(transcript_of_requests(fits, 999).ends_with("complete\nidle\n"));
}

TEST(H1Parser, gives_body_bytes_without_copying_them) {
  H1Parser parser(H1Parser::Role::request);
  RequestHead head;
  const std::string bytes = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nabcd";
  std::string_view in = bytes;
  in.remove_prefix(parser.next(in, head).consumed);
  EXPECT_EQ(parser.remaining(), 4u);
  const H1Step step = parser.next(in, head);
  EXPECT_EQ(step.bytes.data(), in.data());
  EXPECT_FALSE(parser.idle());
  EXPECT_EQ(parser.next({}, head).event, H1Event::complete);
  EXPECT_TRUE(parser.idle());
}

TEST(H1Parser, becomes_a_tunnel_when_the_server_switches) {
  H1Parser parser(H1Parser::Role::request);
  RequestHead head;
  EXPECT_EQ(parser.next("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: w\r\n\r\n", head).event,
            H1Event::head);
  parser.become_tunnel();
  const H1Step step = parser.next("GET / not http", head);
  EXPECT_EQ(step.event, H1Event::tunnel);
  EXPECT_EQ(step.bytes, "GET / not http");
}

}  // namespace
}  // namespace weir::http
