// Exchange: one request and its response: finds the rule, the pool and the backend, moves heads and bodies between
// the two sides under backpressure, tries another backend where that is safe, and answers itself where none answers.
// One thread; pooled by the Lane; owned by the client's stream from the first byte of the request on.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "http/message.h"
#include "net/timer.h"
#include "proxy/lane.h"
#include "proxy/limits.h"
#include "proxy/streams.h"

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
  // Answers, or aborts the response. False: nothing of it is on a backend, or waits for one.
  bool give_up(FailureCause cause);
  void client_gone();  // the client does not want the response any more, and is not called again
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
  enum class Phase : std::uint8_t { idle, waiting, responding, over };

  void forward(const Entrance& entrance, const ClientOrigin& origin);
  void add_forwarded(const Entrance& entrance, const ClientOrigin& origin);
  void attempt(FailureCause cause);
  void wait(FailureCause cause);
  void stop_waiting();
  bool try_again() override;
  bool choosy() const override { return attempts_ > 0; }
  void hold(std::string_view body);
  bool send_request(BackendStream& backend);
  void answer(unsigned status, std::string_view content_type, std::string_view body, std::string_view location = {});
  void redirect(const route::Redirect& to, const Entrance& entrance);
  void answer_failure(FailureCause cause);
  void answer_grpc(std::string_view message);
  bool may_retry(const BackendFailure& failure) const;
  bool grpc() const;
  void count(unsigned status);
  void note_answer(const http::HeaderBlock* trailers);
  void note_failure();
  void detach_backend();
  void settle_request_debt();
  void watch_silence() { silence_.arm(lane_.loop().now() + patience_); }
  void on_silence();

  Lane& lane_;
  net::Timer silence_;   // fires when the backend says nothing for too long: 504
  Duration patience_{};  // the listener's idle timeout
  Phase phase_ = Phase::idle;
  bool request_ended_ = false;
  bool has_request_trailers_ = false;
  bool replayable_ = true;
  bool in_line_ = false;         // no backend has room
  FailureCause last_failure_{};  // before it had to wait
  unsigned attempts_ = 0;
  ClientStream* client_ = nullptr;
  BackendStream* backend_ = nullptr;  // null: none, or it is done
  LivePool* pool_ = nullptr;
  std::array<LiveBackend*, kMaxAttempts> tried_{};
  LiveBackend* current() { return tried_[attempts_ - 1]; }
  std::string_view forwarded_;     // further fields, of the client connection
  std::string replay_;             // the request's body so far
  std::size_t request_debt_ = 0;   // body bytes not yet reported as taken, to the client side ...
  std::size_t response_debt_ = 0;  // ... and to the backend side
  http::HeaderBlock request_trailers_;
};

}  // namespace weir::proxy
