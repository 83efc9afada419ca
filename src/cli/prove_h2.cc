#include "cli/prove_h2.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/prove_grpc.h"

namespace weir::cli {

http::RequestHead prove_h2_request(const ProveLoad& load) {
  http::RequestHead head;
  head.set_method(load.method);
  head.set_target(load.target);
  head.set_authority(load.authority);
  if (is_grpc(load.protocol)) {
    head.fields.add("content-type", "application/grpc");
    head.fields.add("te", "trailers");
  }
  for (const auto& [name, value] : load.headers) {
    if (http::header_id(name) == http::HeaderId::host) head.set_authority(value);
    head.fields.add(name, value);
  }
  if (!head.fields.find("user-agent")) head.fields.add("user-agent", "weir-prove");
  const bool stream = load.protocol == ProveProtocol::grpc_stream;
  if (!load.body.empty() && !stream) head.fields.set(http::HeaderId::content_length, std::to_string(load.body.size()));
  return head;
}

ProveH2::ProveH2(net::Loop& loop, const ProveLoad& load, ProveCalls& calls, const http::RequestHead& request)
    : ProveConnection(loop, load, calls), request_(request), session_(http::H2Session::Side::client, *this) {}

bool ProveH2::can_take() const {
  return phase() == Phase::open && ready_ && session_.can_open() && open_.size() < load().streams;
}

bool ProveH2::take(ProveCall& call) {
  if (open_.empty() && closed_by_peer()) {
    close();
    return false;
  }
  call.body_sent = call.messages_sent = 0;
  call.left = false;
  const http::H2Body body = load().body.empty() ? http::H2Body::none : http::H2Body::follows;
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
  if (!load().version_header.empty()) call.answer.version = head.fields.find(load().version_header).value_or("");
}

void ProveH2::on_data(http::StreamId stream, void* user, std::string_view bytes) {
  session_.consume(stream, bytes.size());
  if (user == &nobody_) return;
  ProveCall& call = *static_cast<ProveCall*>(user);
  if (load().protocol == ProveProtocol::grpc_stream) return take_messages(stream, call, bytes);
  std::string& body = call.answer.body;
  body.append(bytes.substr(0, kProveMaxBody - std::min(kProveMaxBody, body.size())));
}

void ProveH2::on_trailers(http::StreamId, void* user, http::HeaderBlock& trailers) {
  if (user != &nobody_) note_grpc(*static_cast<ProveCall*>(user), trailers);
}

void ProveH2::on_end(http::StreamId stream, void* user) {
  ProveCall* call = forget(stream, user);
  if (call == nullptr) return;
  const bool unsaid = load().protocol == ProveProtocol::grpc_stream && call->messages_sent < load().messages;
  if (unsaid) session_.reset(stream, http::H2Code::cancel);  // the server has ended what we had not
  calls().on_answer(*call);
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

// Each message of a stream waits for the answer to the one before; the last one, or the body, ends our half.
http::H2BodyPart ProveH2::next_body(http::StreamId, void* user, std::size_t max) {
  if (user == &nobody_) return {{}, http::H2BodyPart::Then::end};
  ProveCall& call = *static_cast<ProveCall*>(user);
  if (call.messages_sent > call.answer.messages) return {{}, http::H2BodyPart::Then::more};
  const std::string_view bytes = std::string_view(load().body).substr(call.body_sent, max);
  call.body_sent += bytes.size();
  if (call.body_sent < load().body.size()) return {bytes, http::H2BodyPart::Then::more};
  call.body_sent = 0;
  const bool last = ++call.messages_sent == load().messages;
  return {bytes, last ? http::H2BodyPart::Then::end : http::H2BodyPart::Then::more};
}

void ProveH2::take_messages(http::StreamId stream, ProveCall& call, std::string_view bytes) {
  call.incoming += bytes;
  for (;;) {
    const std::size_t size = grpc_frame_size(call.incoming);
    if (size > kProveMaxBody) {
      forget(stream, &call);
      session_.reset(stream, http::H2Code::cancel);
      return calls().on_failure(call, "protocol error", "a message that is too large");
    }
    if (size == 0 || size > call.incoming.size()) return;
    call.answer.body = call.incoming.substr(0, size);
    call.incoming.erase(0, size);
    ++call.answer.messages;
    session_.resume(stream);
  }
}

// Only now is it known how many streams the server takes.
void ProveH2::on_settings() { ready_ = true; }

void ProveH2::on_goaway(http::StreamId, http::H2Code) { leave(); }

}  // namespace weir::cli
