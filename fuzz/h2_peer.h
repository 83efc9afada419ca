// A side of an HTTP/2 connection for fuzzing: answers every request, echoes nothing, and checks the promises of
// H2Events: a stream's events come in order and on_closed is its last.
#pragma once

#include <array>
#include <map>
#include <set>

#include "base/check.h"
#include "http/h2_session.h"

namespace weir::http {

class H2Peer final : public H2Events {
 public:
  void* on_request(StreamId stream, RequestHead& head, bool end) override {
    check(streams_.emplace(stream, false).second, "a stream was opened twice");
    check(!head.method_name().empty(), "a request without a method");
    ResponseHead answer;
    answer.status = 200;
    answer.fields.add(HeaderId::content_type, "text/plain");
    if (stream % 4 == 1) (void)session->submit_response(stream, answer, end ? H2Body::follows : H2Body::none);
    if (stream % 4 == 3) session->reset(stream, H2Code::refused_stream);
    return this;
  }
  void on_response(StreamId stream, void* user, ResponseHead& head, bool) override {
    live(stream, user);
    check(head.status >= 100 && head.status <= 599, "a response without a status");
    if (!head.informational()) check(answered_.insert(stream).second, "a stream was answered twice");
  }
  void on_data(StreamId stream, void* user, std::string_view bytes) override {
    live(stream, user);
    check(opened_by_peer() || answered_.contains(stream), "a body without a head");
    session->consume(stream, bytes.size());
  }
  void on_trailers(StreamId stream, void* user, HeaderBlock&) override { live(stream, user); }
  void on_end(StreamId stream, void* user) override {
    live(stream, user);
    check(!std::exchange(streams_[stream], true), "a stream ended twice");
  }
  void on_closed(StreamId stream, void* user, H2Code) override {
    live(stream, user);
    streams_.erase(stream);
  }
  H2BodyPart next_body(StreamId stream, void* user, std::size_t max) override {
    live(stream, user);
    check(max > 0, "asked for no bytes");
    if (max < kBody.size()) return {kBody.substr(0, max), H2BodyPart::Then::more};
    return {kBody, H2BodyPart::Then::end};
  }
  void opened(StreamId stream) {
    streams_.emplace(stream, false);
    ours_ = true;
  }

  H2Session* session = nullptr;

 private:
  static constexpr std::string_view kBody = "hello";
  void live(StreamId stream, void* user) {
    check(user == this && streams_.contains(stream), "an event of a stream that is not open");
  }
  bool opened_by_peer() const { return !ours_; }
  std::map<StreamId, bool> streams_;
  std::set<StreamId> answered_;
  bool ours_ = false;
};

// Feeds `bytes` in pieces, drains after each, until the session is over.
inline void feed_in_pieces(H2Session& session, std::string_view bytes, std::size_t piece) {
  std::array<char, 4096> out;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    const bool alive = session.feed(part).has_value();
    while (session.drain(out) > 0) {
    }
    if (!alive || session.finished()) return;
  }
  session.goaway(H2Code::no_error);
  while (session.drain(out) > 0) {
  }
}

}  // namespace weir::http
