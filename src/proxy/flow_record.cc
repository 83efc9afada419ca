#include "proxy/flow_record.h"

#include <utility>

#include "net/socket_address.h"

namespace weir::proxy {

FlowRecord::FlowRecord(const net::Loop& loop, const Entrance& entrance)
    : loop_(loop), entrance_(entrance), began_(loop.now()), logged_(entrance.log != nullptr) {
  count(Count::requests);
}

FlowRecord::FlowRecord(const net::Loop& loop, const Entrance& entrance, LivePool& pool, LiveBackend& backend,
                       Instant began, std::unique_ptr<SwitchedLine> line)
    : loop_(loop), entrance_(entrance), pool_(&pool), backend_(&backend), began_(began), line_(std::move(line)) {}

void FlowRecord::count(Count what, std::uint64_t by) {
  entrance_.tally->count(what, by);
  if (pool_ != nullptr) pool_->tally.count(what, by);
}

void FlowRecord::matched(const LiveRule& rule) {
  if (!logged_) return;
  facts_.rule = rule.spec->id;
  facts_.rule_place = static_cast<int>(rule.place);
}

void FlowRecord::chose(LivePool& pool) {
  pool_ = &pool;
  pool.tally.count(Count::requests);
  if (logged_) facts_.pool = pool.id();
}

void FlowRecord::tried(LiveBackend& backend) {
  if (std::exchange(backend_, &backend) != nullptr) {
    count(Count::retries);
    ++facts_.retries;
  }
  if (logged_) facts_.target = net::place_text(backend.spec.address, backend.spec.port);
}

void FlowRecord::failed(FailureCause cause) {
  count(count_of(cause));
  facts_.error = name_of(cause);
  if (!line_) return;
  line_->record.ending = Ending::cut;
  line_->record.cause = cause;
}

void FlowRecord::client_left() {
  count(Count::client_aborts);
  facts_.left = true;
}

void FlowRecord::from_client(std::size_t size) {
  facts_.bytes_in += size;
  count(Count::bytes_in, size);
  backend_->tally.count(Count::bytes_in, size);
}

void FlowRecord::from_backend(std::size_t size) {
  facts_.bytes_out += size;
  count(Count::bytes_out, size);
  backend_->tally.count(Count::bytes_out, size);
}

void FlowRecord::end(const ClientOrigin& origin) {
  facts_.time = loop_.now() - began_;
  count(Count::finished);
  entrance_.tally->duration(in_micros(facts_.time));
  if (pool_ != nullptr) pool_->tally.duration(in_micros(facts_.time));
  if (!entrance_.log) return;
  if (line_) {
    line_->meter.log_switched(*line_, origin, facts_.bytes_in, facts_.bytes_out, loop_);
  } else if (logged_) {
    log_flow(entrance_, origin, facts_, loop_);
  }
}

}  // namespace weir::proxy
