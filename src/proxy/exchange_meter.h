// ExchangeMeter: counts what an Exchange does, at its listener, its pool and its backends, and writes its line for the
// access log. It is told what happens as it happens, and reads the rest from the exchange's record at the end. One
// thread; a member of the Exchange.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
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

class FlowRecord;
struct SwitchedLine;

Count count_of(FailureCause cause);
// "refused", …: as metrics and access logs have it.
std::string_view name_of(FailureCause cause);
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
  // Of the backend that responded: from the end of the request, where that came first, to the response's head.
  Duration service_time() const { return std::max(Duration(0), responded_ - std::max(began_, sent_)); }
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
  // The same, where the response is a 101: what is not over yet ends with the tunnel. Takes `request` where there is an
  // access log.
  std::unique_ptr<FlowRecord> end_in_tunnel(const ExchangeRecord& record, http::RequestHead& request,
                                            const http::ResponseHead& response, const net::Loop& loop);
  // Writes the line once the tunnel, which has carried so many bytes, is over.
  void log_switched(const SwitchedLine& line, const ClientOrigin& origin, std::uint64_t bytes_in,
                    std::uint64_t bytes_out, const net::Loop& loop);

 private:
  void count(Count what, std::uint64_t by = 1);
  void count_answer(const ExchangeRecord& record, const http::ResponseHead& response);
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
  bool logged_ = false;           // there was an access log as it began: one that comes meanwhile has no line of it
  std::string pool_id_, target_;  // only where there is an access log
};

// An exchange that has become a tunnel, for the access log.
struct SwitchedLine {
  ExchangeMeter meter;
  ExchangeRecord record;
  http::RequestHead request;
};

// What came was no request, and has been answered with `status`.
void meter_refusal(const Entrance& entrance, const ClientOrigin& origin, unsigned status, const net::Loop& loop);
void log_refusal(const Entrance& entrance, const ClientOrigin& origin, unsigned status, const net::Loop& loop);

// What a rule does, in ALB's words.
inline constexpr std::string_view kForwardAction = "forward", kFixedAction = "fixed-response",
                                  kRedirectAction = "redirect";

}  // namespace weir::proxy
