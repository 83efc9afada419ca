#include "cli/prove_h1.h"

#include <utility>
#include <vector>

#include "http/h1_writer.h"

namespace weir::cli {

std::string prove_h1_request(const ProveLoad& load) {
  http::RequestHead head;
  head.set_method(load.method);
  head.set_target(load.target);
  head.set_authority(load.authority);
  for (const auto& [name, value] : load.headers) {
    if (http::header_id(name) == http::HeaderId::host) head.set_authority(value);
    head.fields.add(name, value);
  }
  if (!head.fields.find("user-agent")) head.fields.add("user-agent", "weir-prove");
  const bool body = !load.body.empty() || load.method == "POST" || load.method == "PUT";
  const http::H1WriteOptions framing{.framing = body ? http::H1Framing::length : http::H1Framing::none,
                                     .length = load.body.size(),
                                     .close = load.protocol == ProveProtocol::h1_close};
  std::vector<char> bytes(http::head_size_bound(head, framing));
  const std::size_t size = http::write_request_head(bytes, head, framing);
  return std::string(bytes.data(), size) + load.body;
}

ProveH1::ProveH1(net::Loop& loop, const ProveLoad& load, ProveCalls& calls, const std::string& request)
    : ProveConnection(loop, load, calls), request_(request), method_(http::method_of(load.method)) {}

bool ProveH1::take(ProveCall& call) {
  if (closed_by_peer()) {
    close();
    return false;
  }
  call_ = &call;
  answer_begun_ = false;
  parser_.expect(method_);
  send(request_);
  return true;
}

// The answer may still come and would be taken for the next call's, so the connection is of no more use.
void ProveH1::abandon(ProveCall&) {
  call_ = nullptr;
  close();
}

void ProveH1::received(std::string_view bytes) {
  while (phase() == Phase::open) {
    if (call_ == nullptr) {
      if (!bytes.empty()) close();  // bytes nobody asked for
      return;
    }
    answer_begun_ = true;
    const http::H1Step next = parser_.next(bytes, head_);
    bytes.remove_prefix(next.consumed);
    if (!step(next)) return;
  }
}

bool ProveH1::step(const http::H1Step& step) {
  switch (step.event) {
    case http::H1Event::need_more:
      return false;
    case http::H1Event::head:
      note_head();
      return true;
    case http::H1Event::body:
      call_->answer.body.append(
          step.bytes.substr(0, kProveMaxBody - std::min(kProveMaxBody, call_->answer.body.size())));
      return true;
    case http::H1Event::complete:
      complete();
      return true;
    case http::H1Event::tunnel:
    case http::H1Event::error:
      break;
  }
  ProveCall& call = *std::exchange(call_, nullptr);
  calls().on_failure(call, "protocol error", step.event == http::H1Event::error ? step.reason : "switched protocols");
  close();
  return false;
}

void ProveH1::note_head() {
  if (head_.informational()) return;
  call_->answer.status = head_.status;
  keep_alive_ = head_.keep_alive;
  if (!load().version_header.empty()) {
    call_->answer.version = head_.fields.find(load().version_header).value_or("");
  }
}

void ProveH1::complete() {
  ProveCall& call = *std::exchange(call_, nullptr);
  if (!keep_alive_ || is_one_shot(load().protocol)) close();
  calls().on_answer(call);
  if (phase() == Phase::open) calls().on_free();
}

void ProveH1::ended(int error_number) {
  if (call_ == nullptr) return;
  if (error_number == 0 && answer_begun_ && parser_.end_of_input().event == http::H1Event::complete) {
    keep_alive_ = false;
    complete();
    return;
  }
  ProveCall& call = *std::exchange(call_, nullptr);
  calls().on_failure(call, cause_of_loss(error_number, answer_begun_), "");
}

}  // namespace weir::cli
