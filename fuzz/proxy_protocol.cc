// Any bytes as the beginning of a connection with a PROXY protocol header: no crash; what is decided does not depend on
// how much has come besides; and the addresses that are read come back from what is written of them.
#include "net/proxy_protocol.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/limits.h"

namespace {

using weir::check;
using Status = weir::net::ProxyHeader::Status;

void check_round_trip(const weir::net::ProxyHeader& header) {
  std::array<char, weir::net::kProxyHeaderSize> room;
  const std::size_t size = weir::net::write_proxy_header(room, header.source, header.destination);
  const auto again = weir::net::parse_proxy_header({room.data(), size});
  check(again.status == Status::done && again.size == size && again.has_addresses, "what is written is a header");
  check(again.source.text() == header.source.text(), "the source is lost");
  check(again.destination.text() == header.destination.text(), "the destination is lost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto whole = weir::net::parse_proxy_header(text);
  check(whole.status != Status::more || size < weir::net::kMaxProxyHeader, "more is asked for than the limit");
  check(whole.status != Status::done || (whole.size > 0 && whole.size <= size), "a header is longer than its bytes");
  if (whole.status == Status::done && whole.has_addresses) check_round_trip(whole);
  for (std::size_t less = 0; less < size; ++less) {
    const auto part = weir::net::parse_proxy_header(text.substr(0, less));
    if (whole.status == Status::more) check(part.status == Status::more, "a beginning of a beginning is none");
    if (whole.status == Status::done) {
      check(part.status == (less < whole.size ? Status::more : Status::done), "a header ends elsewhere");
      if (part.status == Status::done) check(part.size == whole.size, "what follows a header counts");
    }
    if (whole.status == Status::malformed) check(part.status != Status::done, "bytes after a header spoil it");
  }
  return 0;
}
