// Exchange: one request and its response: finds the rule, the pool and the backend, moves heads and bodies between
// the two sides under backpressure, tries another backend where that is safe or asked for, and answers itself where
// none answers. One thread; pooled by the Lane; owned by the client's stream from the first byte of the request on.
// exchange.cc carries, exchange_choice.cc chooses who gets the request, exchange_answers.cc answers without a backend.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "http/message.h"
#include "net/timer.h"
#include "proxy/exchange_meter.h"
#include "proxy/exchange_record.h"
#include "proxy/lane.h"
#include "proxy/limits.h"
#include "proxy/streams.h"
#include "route/limits.h"

namespace weir::proxy {

struct Entrance;
struct ClientOrigin;

class Exchange final : public Waiter {
 public:
  explicit Exchange(Lane& lane);
  ~Exchange() override;

  // The client side parses into `request`, the backend side into `response`.
  http::RequestHead request;
  http::ResponseHead response;

  // From the client side. `end`: the request has no body.
  void start(ClientStream& client, const Entrance& entrance, const ClientOrigin& origin, bool end);
  void request_body(std::string_view bytes);
  // `trailers` (or null) are taken from the caller.
  void request_end(http::HeaderBlock* trailers);
  void client_writable();  // unsent() has fallen to the low mark
  // Answers, or aborts the response. False: it is over, or has not begun.
  bool give_up(FailureCause cause);
  // The client does not want the response any more, and is not called again. `status`: what it was told instead.
  void client_gone(std::uint16_t status = kClientGoneStatus);
  bool request_ended() const { return request_ended_; }

  // From the backend side, which no longer knows this exchange when `end` is true, and after response_end and
  // backend_failed.
  void response_interim();
  void response_head(bool end);
  void response_switch(TunnelSocket backend);  // to a protocol that the request offered
  void response_body(std::string_view bytes);
  void response_end(const http::HeaderBlock* trailers);
  void backend_writable();
  void backend_failed(const BackendFailure& failure);

  // Ready for the next request; the memory stays.
  void reset();

 private:
  enum class Phase : std::uint8_t {
    idle,
    waiting,     // for the response's head; with a backend, or for the next attempt
    responding,  // a backend's response
    over,
  };
  enum class Choice : std::uint8_t { untried_only, any };
  static constexpr std::size_t kMaxTried = kMaxAttempts + route::kMaxRetries;

  // Choosing.
  bool admits(const Entrance& entrance);
  LiveRule* find_rule(const LiveListener& listener, std::string_view source);
  LiveRule* pass_on(LiveRule& rule, bool logged);
  LivePool* choose_pool(LiveRule& rule, const route::Forward& forward);
  void heed(const route::Forward& forward, const Entrance& entrance);
  void forward(const Entrance& entrance, const ClientOrigin& origin);
  LiveBackend* choose_backend(Choice choice);
  bool attempt(Choice choice);
  bool pass_gate();
  void leave_gate();
  // Which has no room yet.
  LivePool& full() const { return gate_ != nullptr && seat_ == nullptr ? *gate_ : *pool_; }
  bool wait(Choice choice);
  void stop_waiting();
  bool try_again() override;
  bool choosy() const override { return attempts_ > 0; }
  bool safe_to_repeat(const BackendFailure& failure) const;
  bool retry_later(std::uint32_t events);
  bool retry_response(bool end);
  void give_back_retry();
  void add_cookies();
  void add_envoy_headers();
  void on_try_timer();

  // Answering.
  void answer(unsigned status, std::string_view content_type, std::string_view body, std::string_view location = {});
  void decline(unsigned status, std::string_view sentence);
  void decline_body();
  void redirect(const route::Redirect& to, const Entrance& entrance, const ClientOrigin& origin);
  void fail(FailureCause cause);
  void answer_grpc(std::string_view status, std::string_view message);

  // Carrying.
  void keep_for_replay(std::string_view bytes);
  bool send_request(BackendStream& backend);
  void note_answer(const http::HeaderBlock* trailers);
  void note_failure();
  void conclude(Ending ending);
  void settle(Ending ending);
  void detach_backend();
  void drop_backend();
  void settle_request_debt();
  void watch_silence() { silence_.arm(lane_.loop().now() + patience_); }
  void on_silence();
  void time_out(FailureCause cause);

  Lane& lane_;
  net::Timer silence_;    // fires when neither side says anything for too long
  net::Timer deadline_;   // of the exchange as a whole
  net::Timer try_timer_;  // of this attempt, or when the next one starts
  Duration patience_{};
  Phase phase_ = Phase::idle;
  bool request_ended_ = false;
  bool has_request_trailers_ = false;
  bool replayable_ = true;
  bool waits_to_retry_ = false;
  bool in_line_ = false;    // no backend has room
  Choice choice_{};         // once there is
  bool has_retry_ = false;  // one of the pool's retries in flight
  bool sticks_ = false;     // the response may need cookies
  bool named_ = false;      // the request's cookie names the first backend tried
  ClientStream* client_ = nullptr;
  BackendStream* backend_ = nullptr;  // null: none, or it is done
  LivePool* pool_ = nullptr;
  LivePool* gate_ = nullptr;     // that has to be passed first; null: none
  LiveBackend* seat_ = nullptr;  // there; null: it is not passed (any more)
  std::array<LiveBackend*, kMaxTried> tried_{};
  unsigned attempts_ = 0;
  unsigned retries_ = 0;                                // by policy
  FailureCause cause_ = FailureCause::none_in_service;  // of the last failure
  route::RetryPolicy retry_;
  std::uint64_t max_body_ = 0;
  LiveBackend* current() { return tried_[attempts_ - 1]; }
  std::string_view forwarded_;     // further fields, of the client connection
  std::string rule_cookie_;        // Set-Cookie that names the pool
  std::string replay_;             // the request's body so far
  std::uint64_t progress_ = 0;     // of both sides when silence was last looked at
  std::size_t request_debt_ = 0;   // body bytes not yet reported as taken, to the client side ...
  std::size_t response_debt_ = 0;  // ... and to the backend side
  http::HeaderBlock request_trailers_;
  ExchangeRecord record_;
  ExchangeMeter meter_;
};

}  // namespace weir::proxy
