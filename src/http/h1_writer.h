// Serialises HTTP/1.1 heads and chunk framing into a caller's buffer. Pure functions over memory: no allocation, no
// state; one pass, copying runs of fields that lie together in the head's arena. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/message.h"

namespace weir::http {

// How the written message tells the end of its body. The writer leaves out Content-Length and Transfer-Encoding
// fields of the head and writes its own line.
enum class H1Framing : std::uint8_t {
  none,         // no line: requests without body; 1xx, 204, 304 responses
  length,       // "content-length: <length>"
  chunked,      // "transfer-encoding: chunked"
  until_close,  // no line; the connection must close afterwards
  as_is,        // leaves the head's own Content-Length as it stands: the answer to HEAD, 304
};

struct H1WriteOptions {
  H1Framing framing = H1Framing::none;
  std::uint64_t length = 0;
  bool close = false;             // adds "connection: close"
  bool keep_alive = false;        // adds "connection: keep-alive" (for an HTTP/1.0 client)
  std::string_view upgrade;       // adds "connection: upgrade" and "upgrade: <this>"
  std::string_view extra_fields;  // further lines in wire form, each ending in CRLF
};

// Each writes at the start of `out` and returns the bytes written, or 0 if they do not fit (nothing useful is in `out`
// then). Connection, Keep-Alive, Transfer-Encoding and the like should have been stripped (strip_hop_by_hop); the
// writer itself leaves out Host (written from authority()), Connection, Content-Length and Transfer-Encoding.
std::size_t write_request_head(std::span<char> out, const RequestHead& head, const H1WriteOptions& options);
// The version line always says HTTP/1.1; an empty reason() is filled with the registered phrase.
std::size_t write_response_head(std::span<char> out, const ResponseHead& head, const H1WriteOptions& options);
// An upper bound of what the two above write, to size a buffer once.
std::size_t head_size_bound(const RequestHead& head, const H1WriteOptions& options);
std::size_t head_size_bound(const ResponseHead& head, const H1WriteOptions& options);

// The framing under which `head`'s body should be forwarded over HTTP/1.1 (`from` H1 or H2).
H1WriteOptions framing_of(const RequestHead& head);
H1WriteOptions framing_of(const ResponseHead& head, Method request_method);

// Chunk framing: prefix ("1a2b\r\n"), then the bytes, then kChunkEnd; the body ends with kLastChunk, or with trailers.
inline constexpr std::size_t kChunkPrefixMax = 18;
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
std::size_t write_chunk_prefix(std::span<char, kChunkPrefixMax> out, std::uint64_t size);
// "0\r\n", the trailer fields, "\r\n"; returns 0 if it does not fit.
std::size_t write_last_chunk(std::span<char> out, const HeaderBlock& trailers);

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// A complete small answer of our own: status line, content-type text/plain, length, optional connection: close, body.
std::size_t write_simple_response(std::span<char> out, unsigned status, std::string_view body, bool close);

}  // namespace weir::http
