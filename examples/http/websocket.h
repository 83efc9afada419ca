// The server's side of WebSocket (RFC 6455), as far as an echo needs it.
#pragma once

#include <string>

#include "http/input.h"

namespace example {

// The whole answer to the request that brought `key`.
std::string websocket_handshake(const std::string& key);

// Sends each message back with `suffix` after it; returns when the client has closed, or breaks the protocol.
void echo_messages(Input& input, int socket, const std::string& suffix);

}  // namespace example
