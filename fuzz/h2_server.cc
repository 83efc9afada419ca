// Any bytes from a client to a server session, with and without the preface before them.
#include <cstdint>

#include "h2_peer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace weir::http;
  const std::string preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  for (const std::size_t piece : {std::size_t{5}, size + preface.size() + 1}) {
    H2Peer peer;
    H2Session session(H2Session::Side::server, peer);
    peer.session = &session;
    feed_in_pieces(session, text.starts_with("PRI ") ? text : preface + text, piece);
  }
  return 0;
}
