// Any bytes from a server to a client session that has two requests under way.
#include <cstdint>

#include "h2_peer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace weir::http;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const std::size_t piece : {std::size_t{5}, size + 1}) {
    H2Peer peer;
    H2Session session(H2Session::Side::client, peer);
    peer.session = &session;
    RequestHead head;
    head.set_method("POST");
    head.set_target("/");
    head.set_authority("x");
    for (const H2Body body : {H2Body::none, H2Body::follows}) {
      const auto stream = session.submit_request(head, body, &peer);
      weir::check(stream.has_value(), "a fresh session opens no stream");
      peer.opened(*stream);
    }
    feed_in_pieces(session, text, piece);
  }
  return 0;
}
