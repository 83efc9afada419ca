// The hot path's promise: once warm, a message costs no allocation. Counts every operator new of this test program.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "http/h1_parser.h"
#include "http/h1_writer.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace weir::http {
namespace {

// One exchange as a proxy has it: a request in and out, its chunked answer in and out.
void exchange(H1Parser& requests, RequestHead& request, H1Parser& responses, ResponseHead& response) {
  std::string_view in =
      "POST http://h/p HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nhi";
  char out[1024];
  H1Event event = H1Event::need_more;
  while (event != H1Event::complete) {
    const H1Step step = requests.next(in, request);
    in.remove_prefix(step.consumed);
    event = step.event;
    if (event != H1Event::head) continue;
    strip_hop_by_hop(request.fields);
    request.fields.add(HeaderId::x_forwarded_for, "10.1.2.3");
    ASSERT_GT(write_request_head(out, request, framing_of(request)), 0u);
  }
  in = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n2\r\nhi\r\n0\r\nx-t: 1\r\n\r\n";
  responses.expect(request.method);
  event = H1Event::need_more;
  while (event != H1Event::complete) {
    const H1Step step = responses.next(in.substr(0, 20), response);  // in pieces, so that heads gather in the arena
    in.remove_prefix(step.consumed);
    event = step.event;
    if (event != H1Event::head) continue;
    strip_hop_by_hop(response.fields);
    ASSERT_GT(write_response_head(out, response, framing_of(response, request.method)), 0u);
  }
}

TEST(Allocation, a_warm_connection_needs_none) {
  H1Parser requests(H1Parser::Role::request), responses(H1Parser::Role::response);
  RequestHead request;
  ResponseHead response;
  for (int i = 0; i < 3; ++i) exchange(requests, request, responses, response);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) exchange(requests, request, responses, response);
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace weir::http
