#include "http/h1_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "http/h1_parser.h"

namespace weir::http {
namespace {

template <class Head, class Write>
std::string written(const Head& head, const H1WriteOptions& options, Write write) {
  std::vector<char> out(head_size_bound(head, options));
  const std::size_t size = write(out, head, options);
  EXPECT_GT(size, 0u) << "the bound is too small";
  for (std::size_t room = 0; room < size; ++room) {
    std::vector<char> small(room);
    EXPECT_EQ(write(small, head, options), 0u) << room;
  }
  return {out.data(), size};
}
std::string written(const RequestHead& head, const H1WriteOptions& options) {
  return written(head, options, write_request_head);
}
std::string written(const ResponseHead& head, const H1WriteOptions& options) {
  return written(head, options, write_response_head);
}

template <class Head>
Head parsed(H1Parser::Role role, std::string_view bytes) {
  Head head;
  H1Parser parser(role);
  EXPECT_EQ(parser.next(bytes, head).event, H1Event::head);
  return head;
}
RequestHead request(std::string_view bytes) { return parsed<RequestHead>(H1Parser::Role::request, bytes); }
ResponseHead response(std::string_view bytes) { return parsed<ResponseHead>(H1Parser::Role::response, bytes); }

TEST(H1Writer, forwards_a_parsed_request) {
  RequestHead head = request(
      "POST http://h/p?q HTTP/1.0\r\nA: 1\r\nHost: other\r\nConnection: x\r\nb:2 \r\nContent-Length: 3\r\nC:  "
      "3\r\n\r\n");
  strip_hop_by_hop(head.fields);
  head.fields.add("x-forwarded-for", "10.0.0.1");
  EXPECT_EQ(written(head, framing_of(head)),
            "POST /p?q HTTP/1.1\r\nHost: h\r\nA: 1\r\nb:2\r\nC:  3\r\nx-forwarded-for: 10.0.0.1\r\n"
            "content-length: 3\r\n\r\n");
}

TEST(H1Writer, writes_a_request_made_by_hand) {
  RequestHead head;
  head.set_method("GET");
  head.set_target("/healthz");
  head.set_authority("127.0.0.1:8080");
  head.fields.add("user-agent", "check");
  EXPECT_EQ(written(head, {.close = true}),
            "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nuser-agent: check\r\nconnection: close\r\n\r\n");
  EXPECT_EQ(written(head, {.upgrade = "websocket", .extra_fields = "a: b\r\n"}),
            "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nuser-agent: check\r\n"
            "connection: upgrade\r\nupgrade: websocket\r\na: b\r\n\r\n");
}

TEST(H1Writer, writes_responses_with_the_framing_asked_for) {
  ResponseHead head = response("HTTP/1.1 200 Okay\r\nDate: d\r\nTransfer-Encoding: chunked\r\nServer: s\r\n\r\n");
  EXPECT_EQ(written(head, framing_of(head, Method::get)),
            "HTTP/1.1 200 Okay\r\nDate: d\r\nServer: s\r\ntransfer-encoding: chunked\r\n\r\n");
  EXPECT_EQ(written(head, {.framing = H1Framing::until_close, .close = true}),
            "HTTP/1.1 200 Okay\r\nDate: d\r\nServer: s\r\nconnection: close\r\n\r\n");
  ResponseHead answer_to_head = response("HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n");
  EXPECT_EQ(written(answer_to_head, framing_of(answer_to_head, Method::get)),
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n");
  ResponseHead from_h2;
  from_h2.version = Version::http2;
  from_h2.status = 404;
  EXPECT_EQ(written(from_h2, framing_of(from_h2, Method::get)), "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
  from_h2.status = 204;
  EXPECT_EQ(written(from_h2, framing_of(from_h2, Method::get)), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(H1Writer, frames_chunks_and_trailers) {
  char prefix[kChunkPrefixMax];
  EXPECT_EQ(std::string_view(prefix, write_chunk_prefix(prefix, 0x1a2b)), "1a2b\r\n");
  EXPECT_EQ(write_chunk_prefix(prefix, UINT64_MAX), kChunkPrefixMax);
  HeaderBlock trailers;
  char out[64];
  EXPECT_EQ(std::string_view(out, write_last_chunk(out, trailers)), kLastChunk);
  trailers.add("grpc-status", "0");
  EXPECT_EQ(std::string_view(out, write_last_chunk(out, trailers)), "0\r\ngrpc-status: 0\r\n\r\n");
}

TEST(H1Writer, answers_by_itself) {
  char out[256];
  const std::size_t size = write_simple_response(out, 503, "busy\n", true);
  EXPECT_EQ(std::string_view(out, size),
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 5\r\n"
            "connection: close\r\n\r\nbusy\n");
}

}  // namespace
}  // namespace weir::http
