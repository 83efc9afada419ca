// Any bytes as a request that may offer to switch protocols, and what follows it as the backend's answer: what is
// passed on is one offer or none, and only a 101 that takes it makes a tunnel, on both sides of the proxy.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/limits.h"
#include "http/upgrade.h"

namespace {

using namespace weir::http;
using weir::check;

std::size_t count(const HeaderBlock& fields, HeaderId id) {
  std::size_t found = 0;
  for (const HeaderField field : fields) found += field.id == id;
  return found;
}

// The request as a backend reads it.
void check_passed_on(const RequestHead& head) {
  H1WriteOptions options = framing_of(head);
  options.upgrade = head.offer();
  std::string text(head_size_bound(head, options), '\0');
  text.resize(write_request_head(text, head, options));
  check(!text.empty(), "the bound of a head is too small");
  if (head.fields.size() + 3 > kMaxHeaderCount || text.size() > kMaxHeaderBlock) return;
  H1Parser parser(H1Parser::Role::request);
  RequestHead seen;
  const H1Step step = parser.next(text, seen);
  check(step.event == H1Event::head && step.consumed == text.size(), "what is passed on is one head");
  check(seen.upgrade == !head.offer().empty(), "an offer is lost, or made up");
  check(count(seen.fields, HeaderId::upgrade) == (seen.upgrade ? 1u : 0u), "there is one offer or none");
  if (!seen.upgrade) return;
  check(seen.body == BodyKind::none || seen.content_length == 0, "an offer stands behind a body");
  check(!list_contains(head.offer(), "h2c"), "HTTP/2 is offered");
  keep_offer(seen);
  check(seen.offer() == head.offer(), "another offer is passed on");
}

// The answer as a client reads it, and the bytes behind it.
void check_switch(const RequestHead& request, std::string_view bytes) {
  H1Parser parser(H1Parser::Role::response);
  parser.expect(request.method);
  ResponseHead head;
  H1Step step = parser.next(bytes, head);
  if (step.event != H1Event::head) return;
  const bool switched = accepts_offer(request, head);
  check(!switched || (head.status == 101 && !request.offer().empty()), "a switch that nobody asked for");
  if (!switched) return;
  check(head.body == BodyKind::tunnel, "a switch makes no tunnel");
  const std::string_view rest = bytes.substr(step.consumed);
  step = parser.next(rest, head);
  check(rest.empty() || (step.event == H1Event::tunnel && step.bytes == rest), "bytes behind a 101 are lost");
  const std::string protocol(head.fields.get(HeaderId::upgrade));
  strip_hop_by_hop(head.fields);
  const H1WriteOptions options{.upgrade = protocol};
  std::string text(head_size_bound(head, options), '\0');
  text.resize(write_response_head(text, head, options));
  if (head.fields.size() + 2 > kMaxHeaderCount) return;
  ResponseHead seen;
  H1Parser client(H1Parser::Role::response);
  step = client.next(text, seen);
  check(step.event == H1Event::head && step.consumed == text.size() && seen.body == BodyKind::tunnel,
        "what is passed on is no switch");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  H1Parser parser(H1Parser::Role::request);
  RequestHead head;
  const H1Step step = parser.next(text, head);
  if (step.event != H1Event::head || head.method == Method::connect) return 0;
  keep_offer(head);
  strip_hop_by_hop(head.fields);
  check_passed_on(head);
  check_switch(head, text.substr(step.consumed));
  return 0;
}
