// Switching protocols over one HTTP/1.1 connection (RFC 9110 7.8), as an intermediary sees it: what a request offers is
// passed on, and only what was offered may be switched to. Pure; any thread.
#pragma once

#include "http/message.h"

namespace weir::http {

// Notes in `head` what of its Upgrade fields may be passed on, before strip_hop_by_hop() takes them away; nothing where
// it does not ask for a switch on this connection. Not passed on: HTTP itself ("h2c": a tunnel of requests that no
// rule has seen), members that are no protocol names, and the offer of a request with a body, behind which nobody could
// say where the other protocol begins. A server may always ignore an offer, so such a request goes on without.
void keep_offer(RequestHead& head);

// Whether `head` is a 101 that switches to nothing but what `request` offered, as keep_offer() noted it.
bool accepts_offer(const RequestHead& request, const ResponseHead& head);

}  // namespace weir::http
