// ExchangeMeter: counts what an Exchange does, at its listener, its pool and its backends, and writes its line for the
// access log. It is told what happens as it happens, and reads the rest from the exchange's record at the end. One
// thread; a member of the Exchange.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"
#include "net/loop.h"
#include "proxy/client_connection.h"
#include "proxy/exchange_record.h"
#include "proxy/live_table.h"
#include "proxy/streams.h"

namespace weir::proxy {

Count count_of(FailureCause cause);
std::uint64_t in_micros(Duration duration);

class ExchangeMeter {
 public:
  // The request's head is complete. `entrance` and `origin` outlive the exchange.
  void begin(const Entrance& entrance, const ClientOrigin& origin, const http::RequestHead& request, Instant now);
  void matched(const LiveRule& rule);
  // Lives until end().
  void chose(LivePool& pool);
  void tried(const LiveBackend& backend, Instant now);
  // All of the request is on its way to the backend.
  void sent_request(Instant now) { sent_ = now; }
  void responded(LiveBackend& backend, unsigned status, Instant now);
  // That response is not passed on.
  void dropped_response() { backend_status_ = 0; }
  void try_failed(LiveBackend& backend, FailureCause cause) { backend.tally.count(count_of(cause)); }
  // No backend's answer, or not all of it.
  void failed(FailureCause cause);
  // The status that an answer of the proxy itself stands for, where HTTP does not show it (gRPC).
  void meant(unsigned status) { meant_ = status; }

  // Once, when the last of the response is handed to the client's side.
  void end(const ExchangeRecord& record, const http::RequestHead& request, const http::ResponseHead& response,
           const net::Loop& loop);

 private:
  void count(Count what, std::uint64_t by = 1);
  unsigned status(const ExchangeRecord& record) const;
  bool left(const ExchangeRecord& record) const;
  void log(const ExchangeRecord& record, const http::RequestHead& request, const http::ResponseHead& response,
           const net::Loop& loop) const;

  const Entrance* entrance_ = nullptr;
  const ClientOrigin* origin_ = nullptr;
  LivePool* pool_ = nullptr;
  Instant began_{}, sent_{}, responded_{};
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;  // heads and bodies
  unsigned tries_ = 0;
  unsigned backend_status_ = 0;  // of the response that is passed on; 0: none
  unsigned meant_ = 0;
  std::string_view action_;
  int rule_place_ = -1;
  std::string pool_id_, target_;  // only where there is an access log
};

// What came was no request, and has been answered with `status`.
void meter_refusal(const Entrance& entrance, const ClientOrigin& origin, unsigned status, const net::Loop& loop);
void log_refusal(const Entrance& entrance, const ClientOrigin& origin, unsigned status, const net::Loop& loop);

// What a rule does, in ALB's words.
inline constexpr std::string_view kForwardAction = "forward", kFixedAction = "fixed-response",
                                  kRedirectAction = "redirect";

}  // namespace weir::proxy
