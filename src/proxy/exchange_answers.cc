// What an Exchange says without a backend.
#include <utility>

#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/failure_answer.h"
#include "proxy/grpc.h"
#include "proxy/matcher.h"
#include "proxy/redirect.h"

namespace weir::proxy {

using http::HeaderId;

namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

}  // namespace

void Exchange::fail(FailureCause cause) {
  meter_.failed(cause);
  record_.cause = cause;
  if (phase_ == Phase::responding) {
    conclude(Ending::cut);
    return client_->send_abort();
  }
  const auto [status, sentence] = answer_for(cause);
  record_.ending = Ending::failed;
  const bool refused = cause == FailureCause::none_in_service && pool_ != nullptr && !pool_->spec().refusal.empty();
  if (refused) return decline(status, pool_->spec().refusal + "\n");
  decline(status, sentence);
}

// Answers for the proxy itself. `sentence` ends in a line feed.
void Exchange::decline(unsigned status, std::string_view sentence) {
  meter_.meant(status);
  if (client_->speaks_http2() && is_grpc(request.fields)) {
    answer_grpc(grpc_status_of(status), sentence.substr(0, sentence.size() - 1));
  } else {
    answer(status, kPlain, sentence);
  }
}

// The request's body is larger than the listener takes: what is still on its way is not waited for.
void Exchange::decline_body() {
  drop_backend();
  client_->body_taken(std::exchange(request_debt_, 0));
  if (phase_ == Phase::responding) {
    record_.cause = FailureCause::too_large;
    meter_.failed(record_.cause);
    conclude(Ending::cut);
    return client_->send_abort();
  }
  client_->refuse_rest();
  const auto [status, sentence] = answer_for(FailureCause::too_large);
  decline(status, sentence);
}

void Exchange::answer(unsigned status, std::string_view content_type, std::string_view body,
                      std::string_view location) {
  record_.status = static_cast<std::uint16_t>(status);
  response.clear();
  response.status = static_cast<std::uint16_t>(status);
  if (!content_type.empty()) response.fields.add(HeaderId::content_type, content_type);
  if (!location.empty()) response.fields.add(HeaderId::location, location);
  response.content_length = body.size();
  response.body = body.empty() ? http::BodyKind::none : http::BodyKind::length;
  response.fields.add(HeaderId::content_length, std::to_string(body.size()));
  const bool end = body.empty() || request.method == http::Method::head;
  if (!end) record_.bytes_out += body.size();
  conclude(Ending::own_answer);
  ClientStream& client = *client_;
  client.send_head(response, end);
  if (end) return;
  client.send_body(body);
  client.send_end(nullptr);
}

void Exchange::redirect(const route::Redirect& to, const Entrance& entrance, const ClientOrigin& origin) {
  const std::string_view authority = request.authority().empty() ? entrance.place : request.authority();
  const std::string location = location_of(to, {.protocol = origin.scheme(),
                                                .host = host_of(authority),
                                                .port = entrance.port,
                                                .path = request.path(),
                                                .query = request.query()});
  answer(to.status, {}, {}, location);
}

// gRPC over HTTP/2, "Trailers-Only": the status in the one and only header block.
void Exchange::answer_grpc(std::string_view status, std::string_view message) {
  record_.status = 200;
  response.clear();
  response.status = 200;
  response.fields.add(HeaderId::content_type, "application/grpc");
  response.fields.add(HeaderId::grpc_status, status);
  response.fields.add(HeaderId::grpc_message, message);
  conclude(Ending::own_answer);
  client_->send_head(response, true);
}

}  // namespace weir::proxy
