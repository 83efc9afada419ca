// What the files that wrap OpenSSL share. Only they include it.
#pragma once

#include <string>

namespace weir::net {

// The reasons on this thread's error queue, which is empty afterwards.
std::string openssl_error();

}  // namespace weir::net
