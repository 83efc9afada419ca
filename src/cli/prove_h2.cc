#include "cli/prove_h2.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::cli {

http::RequestHead prove_h2_request(const ProveOptions& options) {
  http::RequestHead head;
  head.set_method(options.method);
  head.set_target(options.target);
  head.set_authority(options.authority);
  if (options.protocol == ProveProtocol::grpc) {
    head.fields.add("content-type", "application/grpc");
    head.fields.add("te", "trailers");
  }
  for (const auto& [name, value] : options.headers) {
    if (http::header_id(name) == http::HeaderId::host) head.set_authority(value);
    head.fields.add(name, value);
  }
  if (!head.fields.find("user-agent")) head.fields.add("user-agent", "weir-prove");
  if (!options.body.empty()) head.fields.set(http::HeaderId::content_length, std::to_string(options.body.size()));
  return head;
}

ProveH2::ProveH2(net::Loop& loop, const ProveOptions& options, ProveCalls& calls, const http::RequestHead& request)
    : ProveConnection(loop, options, calls), request_(request), session_(http::H2Session::Side::client, *this) {}

bool ProveH2::can_take() const {
  return phase() == Phase::open && ready_ && session_.can_open() && open_.size() < options().streams;
}

bool ProveH2::take(ProveCall& call) {
  if (open_.empty() && closed_by_peer()) {
    close();
    return false;
  }
  call.body_sent = 0;
  call.left = false;
  const http::H2Body body = options().body.empty() ? http::H2Body::none : http::H2Body::follows;
  const auto stream = session_.submit_request(request_, body, &call);
  if (!stream) return false;
  open_.push_back({*stream, &call});
  loop().at_turn_end(*this);
  return true;
}

void ProveH2::abandon(ProveCall& call) {
  const auto found = std::ranges::find(open_, &call, &Open::call);
  if (found == open_.end()) return;
  session_.set_user(found->stream, &nobody_);
  session_.reset(found->stream, http::H2Code::cancel);
  open_.erase(found);
  loop().at_turn_end(*this);
}

void ProveH2::connected() { flush(); }

void ProveH2::at_turn_end() { flush(); }

void ProveH2::flush() {
  std::array<char, 16384> out;
  while (phase() != Phase::gone && session_.wants_write()) {
    const std::size_t size = session_.drain(out);
    if (size == 0) break;
    send({out.data(), size});
  }
  for (const Open& open : open_) open.call->left = true;
  if (session_.finished()) close();
}

void ProveH2::received(std::string_view bytes) {
  const auto fed = session_.feed(bytes);
  flush();
  if (!fed) {
    for (const Open& open : std::exchange(open_, {}))
      calls().on_failure(*open.call, "protocol error", fed.error().message);
    close();
    return;
  }
  if (can_take()) calls().on_free();
}

void ProveH2::ended(int error_number) {
  for (const Open& open : std::exchange(open_, {})) {
    if (!open.call->left) {
      calls().on_unsent(*open.call);
    } else {
      calls().on_failure(*open.call, cause_of_loss(error_number, open.call->answer.status != 0), "");
    }
  }
}

ProveCall* ProveH2::forget(http::StreamId stream, void* user) {
  if (user == &nobody_) return nullptr;
  session_.set_user(stream, &nobody_);
  std::erase_if(open_, [user](const Open& open) { return open.call == user; });
  return static_cast<ProveCall*>(user);
}

void ProveH2::note_grpc(ProveCall& call, const http::HeaderBlock& fields) {
  if (const auto status = fields.find(http::HeaderId::grpc_status)) call.answer.grpc_status = *status;
  if (const auto message = fields.find(http::HeaderId::grpc_message)) call.answer.grpc_message = *message;
}

void ProveH2::on_response(http::StreamId, void* user, http::ResponseHead& head, bool) {
  if (user == &nobody_ || head.informational()) return;
  ProveCall& call = *static_cast<ProveCall*>(user);
  call.answer.status = head.status;
  note_grpc(call, head.fields);  // an answer may consist of trailers only
  if (!options().version_header.empty()) call.answer.version = head.fields.find(options().version_header).value_or("");
}

void ProveH2::on_data(http::StreamId stream, void* user, std::string_view bytes) {
  session_.consume(stream, bytes.size());
  if (user == &nobody_) return;
  std::string& body = static_cast<ProveCall*>(user)->answer.body;
  body.append(bytes.substr(0, kProveMaxBody - std::min(kProveMaxBody, body.size())));
}

void ProveH2::on_trailers(http::StreamId, void* user, http::HeaderBlock& trailers) {
  if (user != &nobody_) note_grpc(*static_cast<ProveCall*>(user), trailers);
}

void ProveH2::on_end(http::StreamId stream, void* user) {
  if (ProveCall* call = forget(stream, user)) calls().on_answer(*call);
}

void ProveH2::on_closed(http::StreamId stream, void* user, http::H2Code code) {
  ProveCall* call = forget(stream, user);
  if (call == nullptr) return;
  if (!call->left) {
    calls().on_unsent(*call);
  } else if (code == http::H2Code::refused_stream) {
    calls().on_failure(*call, "stream refused", "");
  } else {
    calls().on_failure(*call, std::string("stream reset: ") + http::name_of(code), "");
  }
}

http::H2BodyPart ProveH2::next_body(http::StreamId, void* user, std::size_t max) {
  if (user == &nobody_) return {{}, http::H2BodyPart::Then::end};
  ProveCall& call = *static_cast<ProveCall*>(user);
  const std::string_view bytes = std::string_view(options().body).substr(call.body_sent, max);
  call.body_sent += bytes.size();
  const bool end = call.body_sent == options().body.size();
  return {bytes, end ? http::H2BodyPart::Then::end : http::H2BodyPart::Then::more};
}

// Only now is it known how many streams the server takes.
void ProveH2::on_settings() { ready_ = true; }

void ProveH2::on_goaway(http::StreamId, http::H2Code) { leave(); }

}  // namespace weir::cli
