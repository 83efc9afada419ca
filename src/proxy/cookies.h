// Cookies as far as stickiness needs them: finding one in a request, and writing one that names a pool or a backend.
// Nothing here trusts what a client sends: a cookie that is none of ours is no cookie. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/header.h"
#include "proxy/limits.h"

namespace weir::proxy {

// A name for a pool, or for a backend of it, that is the same in every worker and every process, and tells a client
// nothing.
std::uint64_t token_of(std::string_view pool, std::string_view backend = {});
std::string token_text(std::uint64_t token);
// None where `text` is not what token_text() writes.
std::optional<std::uint64_t> parse_token(std::string_view text);

// The next of the pieces that `separator` parts, without white space around it; takes it off `list`.
std::string_view next_piece(std::string_view& list, char separator);

// Whether a cookie called `name` is as `wanted(value)` wants it: each is asked, in the order of the fields. Cookies may
// repeat (paths differ), and HTTP/2 may spread them over several fields.
template <class Wanted>
bool any_cookie(const http::HeaderBlock& request, std::string_view name, Wanted wanted) {
  if (!request.has(http::HeaderId::cookie)) return false;
  for (const http::HeaderField field : request) {
    if (field.id != http::HeaderId::cookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::string_view pair = next_piece(rest, ';');
      const bool named = pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=';
      if (named && wanted(pair.substr(name.size() + 1))) return true;
    }
  }
  return false;
}

// The value of a Set-Cookie field: for every path, and for `duration` (0: as long as the client likes).
std::string sticky_cookie(std::string_view name, std::uint64_t token, milliseconds duration, Timestamp now);
// The same, living as long as the cookie `application` that `response` sets; none where it sets none.
std::optional<std::string> following_cookie(std::string_view name, std::uint64_t token, std::string_view application,
                                            const http::HeaderBlock& response);

}  // namespace weir::proxy
