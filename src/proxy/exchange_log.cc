// What is said in the access log: of exchanges, of what was no request, and of bytes as they come.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/hex.h"
#include "proxy/exchange_meter.h"
#include "proxy/flow_record.h"
#include "proxy/log_outlet.h"

namespace weir::proxy {
namespace {

std::string_view version_of(http::Version version) {
  switch (version) {
    case http::Version::http1_0:
      return "HTTP/1.0";
    case http::Version::http1_1:
      return "HTTP/1.1";
    case http::Version::http2:
      return "HTTP/2.0";
  }
  return "-";
}

// ALB's words. HTTP/2 in cleartext has none there, and is "http".
std::string_view type_of(bool secure, const http::RequestHead& request, unsigned status) {
  constexpr unsigned kSwitched = 101;
  if (status == kSwitched) return secure ? "wss" : "ws";
  if (!secure) return "http";
  if (request.version != http::Version::http2) return "https";
  return request.fields.get(http::HeaderId::content_type).starts_with("application/grpc") ? "grpcs" : "h2";
}

bool has_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos &&
         (authority.find(':') == colon || authority[colon - 1] == ']');
}

// 16 digits.
void hex(char* to, std::uint64_t value) {
  for (int i = 15; i >= 0; --i, value >>= 4) to[i] = kLowerHex[value & 15];
}

// The parts that every line of a connection has, with the memory for them.
struct Common {
  Common(const Entrance& entrance, const ClientOrigin& origin, AccessFacts& facts) : client(origin.peer.text()) {
    hex(id.data() + 4, entrance.serial);
    hex(id.data() + 20, origin.connection);
    facts.listener = entrance.listener_id;
    facts.client = client;
    facts.scheme = origin.scheme();
    facts.host = entrance.place;
    facts.place = entrance.place;
    facts.connection = {id.data(), id.size() - 1};
    if (origin.handshake == nullptr) return;
    facts.cipher = origin.handshake->cipher;
    facts.protocol = origin.handshake->protocol;
    facts.server_name = origin.handshake->server_name;
    facts.certificate = origin.handshake->resumed ? "session-reused" : std::string_view(origin.handshake->certificate);
  }
  std::string client;
  std::array<char, 37> id{"TID_"};
};

}  // namespace

void ExchangeMeter::log(const ExchangeRecord& record, const http::RequestHead& request,
                        const http::ResponseHead& response, const net::Loop& loop) const {
  AccessFacts facts;
  const Common common(*entrance_, *origin_, facts);
  const std::string_view authority = record.asked ? request.fields.text(record.asked->authority) : request.authority();
  std::string host(authority.empty() ? entrance_->place : authority);
  if (!has_port(host)) host.append(":").append(entrance_->port);
  facts.status = status(record);
  facts.type = type_of(origin_->secure, request, facts.status);
  facts.total = loop.now() - began_;
  facts.time = loop.wall();
  facts.created = facts.time + -facts.total;
  facts.target = target_;
  if (backend_status_ != 0) {
    facts.request_time = sent_ - began_;
    facts.target_time = responded_ - sent_;
    facts.response_time = Duration(0);  // it is begun in the turn in which it comes
  }
  facts.target_status = backend_status_;
  facts.received = bytes_in_;
  facts.sent = bytes_out_;
  facts.method = request.method_name();
  facts.host = host;
  facts.path = record.asked ? request.fields.text(record.asked->target) : request.target();
  facts.version = version_of(request.version);
  facts.user_agent = request.fields.get(http::HeaderId::user_agent);
  facts.pool = pool_id_;
  facts.trace_id = request.fields.get(http::HeaderId::x_amzn_trace_id);
  facts.rule = record.rule;
  facts.rule_place = rule_place_;
  facts.action = action_;
  if (action_ == kRedirectAction) facts.redirect = response.fields.get(http::HeaderId::location);
  if (record.ending == Ending::failed || record.ending == Ending::cut) {
    facts.error = name_of(record.cause);
  }
  facts.retries = tries_ > 1 ? tries_ - 1 : 0;
  facts.aborted = left(record);
  facts.request = &request;
  facts.response = &response;
  facts.body_received = record.bytes_in;
  facts.body_sent = record.bytes_out;
  entrance_->log->write(facts, *entrance_->tally);
}

void ExchangeMeter::log_switched(const SwitchedLine& line, const ClientOrigin& origin, std::uint64_t bytes_in,
                                 std::uint64_t bytes_out, const net::Loop& loop) {
  origin_ = &origin;  // it has moved with its client
  bytes_in_ += bytes_in;
  bytes_out_ += bytes_out;
  static const http::ResponseHead kSaid;
  log(line.record, line.request, kSaid, loop);
}

void log_flow(const Entrance& entrance, const ClientOrigin& origin, const FlowFacts& flow, const net::Loop& loop) {
  AccessFacts facts;
  const Common common(entrance, origin, facts);
  const std::string destination =
      origin.place.family() != AF_UNSPEC ? origin.place.text() : std::string(entrance.place);
  facts.type = origin.secure ? "tls" : "tcp";
  facts.host = destination;
  facts.scheme = {};
  facts.handshake_time = origin.handshake ? origin.handshake->time : Duration(-1);
  facts.total = flow.time + std::max(facts.handshake_time, Duration(0));
  facts.time = loop.wall();
  facts.created = facts.time + -facts.total;
  facts.target = flow.target;
  facts.received = facts.body_received = flow.bytes_in;
  facts.sent = facts.body_sent = flow.bytes_out;
  facts.pool = flow.pool;
  facts.rule = flow.rule;
  facts.rule_place = flow.rule_place;
  facts.error = flow.error;
  facts.retries = flow.retries;
  facts.aborted = flow.left;
  entrance.log->write(facts, *entrance.tally);
}

void log_refusal(const Entrance& entrance, const ClientOrigin& origin, unsigned status, const net::Loop& loop) {
  AccessFacts facts;
  const Common common(entrance, origin, facts);
  facts.type = origin.scheme();
  facts.time = facts.created = loop.wall();
  facts.status = status;
  entrance.log->write(facts, *entrance.tally);
}

}  // namespace weir::proxy
