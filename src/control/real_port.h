// The port that a listener has on this machine. Pure; any thread.
#pragma once

#include <cstdint>

namespace weir::control {

// Ports below 1024 are an administrator's: for an ordinary user they move up by an offset.
constexpr std::uint16_t real_port(std::int64_t port, unsigned offset) {
  constexpr std::int64_t kFirstOrdinaryPort = 1024;
  return static_cast<std::uint16_t>(port < kFirstOrdinaryPort ? port + offset : port);
}

}  // namespace weir::control
