// What a backend is told of its client and of the request's way: X-Forwarded-For, -Proto and -Port, the client's
// certificate, X-Amzn-Trace-Id. Pure; one thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "http/message.h"
#include "route/pool.h"

namespace weir::proxy {

struct Entrance;
struct ClientOrigin;

// Adds what the entrance's listener wants to be told. Returns further lines in wire form, which live as long as
// `origin`: what is the same for every request of a connection costs none of them anything (only towards HTTP/1.1).
std::string_view tell_origin(http::HeaderBlock& fields, const Entrance& entrance, const ClientOrigin& origin,
                             route::PoolProtocol protocol);

// The X-Amzn-Trace-Id that goes on where `before` (empty: none) came: a Root is kept and gets a Self beside it, where
// there is none it begins here; what others have put there stays.
std::string continued_trace(std::string_view before, Timestamp now, Random& random);

}  // namespace weir::proxy
