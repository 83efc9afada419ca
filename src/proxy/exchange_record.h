// ExchangeRecord: the small facts that an Exchange keeps of itself; complete when it ends. One thread; part of an
// Exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/header.h"
#include "proxy/streams.h"

namespace weir::proxy {

struct LiveBackend;

inline constexpr unsigned kClientGoneStatus = 460;  // what ALB says of a client that did not wait for its answer

enum class Ending : std::uint8_t {
  under_way,
  answered,     // by a backend, to the end
  own_answer,   // by a rule, or because of the request itself
  failed,       // answered by the proxy for want of a backend's answer: `cause` says why
  cut,          // a backend's response began and could not be finished: `cause`
  client_gone,  // the client did not wait for the end
};

struct ExchangeRecord {
  std::string rule;  // its id; kept only where the listener has an access log
  struct Asked {
    http::Slice target, authority;
  };
  std::optional<Asked> asked;      // by the client, where the request was rewritten; kept as `rule` is
  LiveBackend* backend = nullptr;  // the last one tried; null: none
  std::uint64_t bytes_in = 0;      // of the request's body, from the client
  std::uint64_t bytes_out = 0;     // of the response's body, to the client
  std::uint16_t status = 0;        // that the client was told; 0: none; kClientGoneStatus
  Ending ending = Ending::under_way;
  FailureCause cause = FailureCause::none_in_service;  // where `ending` needs one

  // Ready for the next one; the memory stays.
  void clear() {
    rule.clear();
    asked.reset();
    backend = nullptr;
    bytes_in = bytes_out = 0;
    status = 0;
    ending = Ending::under_way;
    cause = FailureCause::none_in_service;
  }
};

}  // namespace weir::proxy
