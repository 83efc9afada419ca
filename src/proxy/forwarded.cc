#include "proxy/forwarded.h"

#include <charconv>

#include "proxy/client_connection.h"
#include "proxy/cookies.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

using http::HeaderId;
using Mode = route::Forwarded::Mode;

constexpr unsigned kTimeDigits = 8, kIdDigits = 24;

void append_chain(http::HeaderBlock& fields, const Entrance& entrance, std::string_view scheme,
                  std::string_view client) {
  std::string chain;
  for (const http::HeaderField field : fields) {
    if (field.id == HeaderId::x_forwarded_for) chain.append(field.value).append(", ");
  }
  chain += client;
  fields.set(HeaderId::x_forwarded_for, chain);
  fields.set(HeaderId::x_forwarded_proto, scheme);
  fields.set(HeaderId::x_forwarded_port, entrance.port);
}

bool has_any(const http::HeaderBlock& fields) {
  return fields.has(HeaderId::x_forwarded_for) || fields.has(HeaderId::x_forwarded_proto) ||
         fields.has(HeaderId::x_forwarded_port);
}

std::string fresh_id(Timestamp now, Random& random) {
  char digits[kTimeDigits];
  const auto seconds = static_cast<std::uint32_t>(now.millis / 1000);
  const auto [end, error] = std::to_chars(digits, digits + kTimeDigits, seconds, 16);
  const auto size = static_cast<std::size_t>(end - digits);
  return "1-" + std::string(kTimeDigits - size, '0').append(digits, size) + "-" + random.hex(kIdDigits);
}

}  // namespace

std::string_view tell_origin(http::HeaderBlock& fields, const Entrance& entrance, const ClientOrigin& origin,
                             route::PoolProtocol protocol) {
  if (entrance.tells_certificates) origin.tell_certificate(fields);
  const route::Forwarded& wanted = entrance.listener->spec->forwarded;
  if (wanted.mode == Mode::preserve) return {};
  if (wanted.mode == Mode::remove) {
    for (const HeaderId id : {HeaderId::x_forwarded_for, HeaderId::x_forwarded_proto, HeaderId::x_forwarded_port}) {
      fields.remove(id);
    }
    return {};
  }
  const bool known = wanted.client_port == origin.lines_tell_port;  // not so right after a change of the listener
  if (protocol == route::PoolProtocol::http1 && known && !has_any(fields)) return origin.lines;
  append_chain(fields, entrance, origin.scheme(), wanted.client_port ? origin.peer.text() : origin.address);
  return {};
}

std::string continued_trace(std::string_view before, Timestamp now, Random& random) {
  bool rooted = false;
  std::string others;
  if (before.size() > kMaxTrace) before = {};
  while (!before.empty()) {
    const std::string_view piece = next_piece(before, ';');
    if (piece.empty() || piece.starts_with("Self=")) continue;
    rooted = rooted || piece.starts_with("Root=");
    others.append(";").append(piece);
  }
  return (rooted ? "Self=" : "Root=") + fresh_id(now, random) + others;
}

}  // namespace weir::proxy
