#include "proxy/exchange_meter.h"

#include <algorithm>

#include "net/socket_address.h"
#include "proxy/flow_record.h"

namespace weir::proxy {
namespace {

Count by_class(Count of_2xx, unsigned status) {
  const unsigned lowest = of_2xx == Count::answered_2xx ? 1 : 2;
  return static_cast<Count>(static_cast<unsigned>(of_2xx) + std::clamp(status / 100, lowest, 5u) - 2);
}

}  // namespace

std::uint64_t in_micros(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

Count count_of(FailureCause cause) {
  switch (cause) {
    case FailureCause::none_in_service:
      return Count::failed_none_in_service;
    case FailureCause::crowded:
      return Count::failed_crowded;
    case FailureCause::refused:
      return Count::failed_refused;
    case FailureCause::drained:
      return Count::failed_drained;
    case FailureCause::connect_timeout:
      return Count::failed_connect_timeout;
    case FailureCause::handshake:
      return Count::failed_handshake;
    case FailureCause::response_timeout:
      return Count::failed_response_timeout;
    case FailureCause::try_timeout:
      return Count::failed_try_timeout;
    case FailureCause::request_timeout:
      return Count::failed_request_timeout;
    case FailureCause::client_silent:
      return Count::failed_client_silent;
    case FailureCause::too_large:
      return Count::failed_too_large;
    case FailureCause::closed:
      return Count::failed_closed;
    case FailureCause::malformed:
      return Count::failed_malformed;
  }
  return Count::failed_malformed;
}

std::string_view name_of(FailureCause cause) {
  return route::name_of(count_of(cause)).substr(std::string_view("failed_").size());
}

void ExchangeMeter::count(Count what, std::uint64_t by) {
  entrance_->tally->count(what, by);
  if (pool_ != nullptr) pool_->tally.count(what, by);
}

void ExchangeMeter::begin(const Entrance& entrance, const ClientOrigin& origin, const http::RequestHead& request,
                          Instant now) {
  entrance_ = &entrance;
  origin_ = &origin;
  pool_ = nullptr;
  action_ = {};
  rule_place_ = -1;
  began_ = sent_ = responded_ = now;
  bytes_in_ = request.wire_size();
  bytes_out_ = 0;
  tries_ = backend_status_ = meant_ = 0;
  entrance.tally->count(Count::requests);
  logged_ = entrance.log != nullptr;
  if (!logged_) return;
  pool_id_.clear();
  target_.clear();
}

void ExchangeMeter::matched(const LiveRule& rule) {
  rule_place_ = static_cast<int>(rule.place);
  action_ = kForwardAction;
  if (rule.fixed != nullptr) {
    action_ = kFixedAction;
    entrance_->tally->count(Count::fixed_responses);
  } else if (rule.redirect != nullptr) {
    action_ = kRedirectAction;
    entrance_->tally->count(Count::redirects);
  }
}

void ExchangeMeter::chose(LivePool& pool) {
  pool_ = &pool;
  pool.tally.count(Count::requests);
  if (logged_) pool_id_ = pool.id();
}

void ExchangeMeter::tried(const LiveBackend& backend, Instant now) {
  if (++tries_ > 1) count(Count::retries);
  sent_ = now;
  if (logged_) target_ = net::place_text(backend.spec.address, backend.spec.port);
}

void ExchangeMeter::responded(LiveBackend& backend, unsigned status, Instant now) {
  backend_status_ = status;
  responded_ = now;
  const std::uint64_t time = in_micros(now - sent_);
  route::Counters& counters = backend.tally.counters();
  ++counters[by_class(Count::answered_2xx, status)];
  counters.response_time.record(time);
  pool_->tally.response_time(time);
  entrance_->tally->response_time(time);
}

void ExchangeMeter::failed(FailureCause cause) { count(count_of(cause)); }

// A client that leaves within its response has had that response's status.
unsigned ExchangeMeter::status(const ExchangeRecord& record) const {
  if (backend_status_ != 0) return backend_status_;
  return meant_ != 0 && record.ending != Ending::client_gone ? meant_ : record.status;
}

bool ExchangeMeter::left(const ExchangeRecord& record) const {
  return record.ending == Ending::client_gone && record.status == kClientGoneStatus;
}

void ExchangeMeter::count_answer(const ExchangeRecord& record, const http::ResponseHead& response) {
  const unsigned status = this->status(record);
  const bool own = backend_status_ == 0;
  if (own && status >= 502 && status <= 504) {
    count(static_cast<Count>(static_cast<unsigned>(Count::own_502) + status - 502));
  }
  if (left(record)) count(Count::client_aborts);
  bytes_in_ += record.bytes_in;
  bytes_out_ = record.bytes_out;
  if (!own || record.ending != Ending::client_gone) bytes_out_ += response.wire_size();
  const Count answered = by_class(own ? Count::own_2xx : Count::answered_2xx, status);
  const auto sum_up = [&](route::Counters& counters) {
    ++counters[answered];
    counters[Count::bytes_in] += bytes_in_;
    counters[Count::bytes_out] += bytes_out_;
  };
  sum_up(entrance_->tally->counters());
  if (pool_ != nullptr) sum_up(pool_->tally.counters());
  if (record.ending == Ending::answered || record.ending == Ending::cut) {  // the backend was left just now
    route::Counters& counters = record.backend->tally.counters();
    counters[Count::bytes_in] += bytes_in_;
    counters[Count::bytes_out] += bytes_out_;
  }
}

void ExchangeMeter::end(const ExchangeRecord& record, const http::RequestHead& request,
                        const http::ResponseHead& response, const net::Loop& loop) {
  count_answer(record, response);
  const std::uint64_t time = in_micros(loop.now() - began_);
  const auto finish = [time](route::Counters& counters) {
    ++counters[Count::finished];
    counters.duration.record(time);
  };
  finish(entrance_->tally->counters());
  if (pool_ != nullptr) finish(pool_->tally.counters());
  if (logged_ && entrance_->log) log(record, request, response, loop);
}

std::unique_ptr<FlowRecord> ExchangeMeter::end_in_tunnel(const ExchangeRecord& record, http::RequestHead& request,
                                                         const http::ResponseHead& response, const net::Loop& loop) {
  count_answer(record, response);
  std::unique_ptr<SwitchedLine> line;
  if (logged_) {
    line = std::make_unique<SwitchedLine>(SwitchedLine{.meter = *this, .record = record, .request = {}});
    std::swap(line->request, request);
  }
  return std::make_unique<FlowRecord>(loop, *entrance_, *pool_, *record.backend, began_, std::move(line));
}

void meter_refusal(const Entrance& entrance, const ClientOrigin& origin, unsigned status, const net::Loop& loop) {
  Tally& tally = *entrance.tally;
  tally.count(Count::requests);
  tally.count(Count::finished);
  tally.count(by_class(Count::own_2xx, status));
  if (entrance.log) log_refusal(entrance, origin, status, loop);
}

}  // namespace weir::proxy
