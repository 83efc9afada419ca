#include "http/h2_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

namespace weir::http {
namespace {

// One side: writes down what happens, and sends bodies from strings.
class Recorder : public H2Events {
 public:
  explicit Recorder(std::string label) : label_(std::move(label)) {}

  struct Body {
    std::string bytes;
    H2BodyPart::Then then = H2BodyPart::Then::end;  // once the bytes are out
    HeaderBlock trailers;
  };

  void* on_request(StreamId stream, RequestHead& head, bool end) override {
    std::string text(head.method_name());
    text.append(" ").append(head.scheme()).append("://").append(head.authority()).append(head.target());
    if (head.expect_continue) text += " expect";
    log(stream, text + fields(head.fields) + (end ? " end" : ""));
    ++requests;
    oversized = head.oversized;
    if (refuse) session->reset(stream, H2Code::refused_stream);
    return this;
  }
  void on_refused(StreamId stream, H2Code code) override {
    refused.push_back(std::to_string(stream) + " " + name_of(code));
  }
  void on_response(StreamId stream, void* user, ResponseHead& head, bool end) override {
    EXPECT_EQ(user, this);
    log(stream, std::to_string(head.status) + fields(head.fields) + (end ? " end" : ""));
  }
  void on_data(StreamId stream, void* user, std::string_view bytes) override {
    EXPECT_EQ(user, this);
    received[stream].append(bytes);
    if (consumes) session->consume(stream, bytes.size());
  }
  void on_trailers(StreamId stream, void* user, HeaderBlock& trailers) override {
    EXPECT_EQ(user, this);
    log(stream, "trailers" + fields(trailers));
  }
  void on_end(StreamId stream, void*) override {
    log(stream, received[stream].size() < 100 ? "end " + received[stream] : "end");
  }
  void on_closed(StreamId stream, void* user, H2Code code) override {
    EXPECT_EQ(user, this);
    log(stream, std::string("closed ") + name_of(code));
  }
  H2BodyPart next_body(StreamId stream, void* user, std::size_t max) override {
    EXPECT_EQ(user, this);
    Body& body = bodies[stream];
    // What was given last time is out.
    body.bytes.erase(0, taken_[stream]);
    const std::string_view part = std::string_view(body.bytes).substr(0, max);
    taken_[stream] = part.size();
    if (part.size() < body.bytes.size()) return {part, H2BodyPart::Then::more};
    if (body.then == H2BodyPart::Then::trailers) {
      EXPECT_TRUE(session->submit_trailers(stream, body.trailers));
    }
    return {part, body.then};
  }
  void on_goaway(StreamId last, H2Code code) override {
    events.push_back(label_ + " goaway " + std::to_string(last) + " " + name_of(code));
  }
  void on_settings() override { ++settings; }
  void on_pong(std::uint64_t payload) override { pong = payload; }

  std::vector<std::string> take() { return std::exchange(events, {}); }

  H2Session* session = nullptr;
  bool consumes = true;
  bool refuse = false;
  int requests = 0;
  bool oversized = false;  // the newest one
  std::vector<std::string> refused;
  int settings = 0;
  std::uint64_t pong = 0;
  std::vector<std::string> events;
  std::map<StreamId, std::string> received;
  std::map<StreamId, Body> bodies;

 private:
  static std::string fields(const HeaderBlock& block) {
    std::string text;
    for (const HeaderField field : block) text.append("|").append(field.name).append(": ").append(field.value);
    return text;
  }
  void log(StreamId stream, const std::string& text) {
    events.push_back(label_ + " " + std::to_string(stream) + " " + text);
  }
  std::string label_;
  std::map<StreamId, std::size_t> taken_;
};

using Lines = std::vector<std::string>;

// A client and a server session with memory in between. `piece`: bytes carried at a time.
class H2Pair {
 public:
  explicit H2Pair(const H2Options& server_options = {}, const H2Options& client_options = {},
                  std::size_t piece_size = 16384)
      : server(H2Session::Side::server, at_server, server_options),
        client(H2Session::Side::client, at_client, client_options),
        piece(piece_size) {
    at_server.session = &server;
    at_client.session = &client;
  }

  // Carries bytes both ways until both are silent.
  void run() {
    while (carry(client, server) | carry(server, client)) {
    }
  }
  bool carry(H2Session& from, H2Session& to) {
    std::vector<char> buffer(room);
    bool any = false;
    while (const std::size_t size = from.drain(buffer)) {
      any = true;
      for (std::size_t at = 0; at < size; at += piece) {
        const Result<void> fed = to.feed({buffer.data() + at, std::min(piece, size - at)});
        EXPECT_TRUE(fed) << fed.error().message;
      }
    }
    return any;
  }
  StreamId request(std::string_view method, std::string_view target, H2Body body = H2Body::none,
                   const HeaderBlock& fields = {}) {
    RequestHead head;
    head.set_method(method);
    head.set_target(target);
    head.set_authority("h:1");
    for (const HeaderField field : fields) head.fields.add(field.name, field.value);
    const Result<StreamId> stream = client.submit_request(head, body, &at_client);
    EXPECT_TRUE(stream);
    return stream ? *stream : -1;
  }
  void answer(StreamId stream, std::uint16_t status, H2Body body = H2Body::none, const HeaderBlock& fields = {}) {
    ResponseHead head;
    head.status = status;
    for (const HeaderField field : fields) head.fields.add(field.name, field.value);
    EXPECT_TRUE(server.submit_response(stream, head, body));
  }

  Recorder at_server{"server"};
  Recorder at_client{"client"};
  H2Session server;
  H2Session client;
  std::size_t piece;
  std::size_t room = 16384;
};

HeaderBlock block(std::initializer_list<std::pair<const char*, const char*>> fields) {
  HeaderBlock result;
  for (const auto& [name, value] : fields) result.add(name, value);
  return result;
}

TEST(H2Session, carries_requests_and_responses_however_the_bytes_are_cut) {
  for (const std::size_t piece : {1, 2, 3, 7, 9, 10, 100, 16384}) {
    for (const std::size_t room : {10, 64, 1100, 16384}) {
      SCOPED_TRACE(piece);
      H2Pair pair({}, {}, piece);
      pair.room = room;
      pair.at_client.bodies[1].bytes = "ping";
      const StreamId stream = pair.request("POST", "/a?b", H2Body::follows,
                                           block({{"X-Mixed", "1"}, {"cookie", "a=1"}, {"Connection", "x"}}));
      pair.run();
      EXPECT_EQ(pair.at_server.take(),
                (Lines{"server 1 POST http://h:1/a?b|x-mixed: 1|cookie: a=1", "server 1 end ping"}));
      pair.at_server.bodies[stream].bytes = "pong";
      pair.answer(stream, 200, H2Body::follows,
                  block({{"content-type", "text/plain"}, {"Transfer-Encoding", "chunked"}}));
      pair.run();
      EXPECT_EQ(pair.at_client.take(),
                (Lines{"client 1 200|content-type: text/plain", "client 1 end pong", "client 1 closed NO_ERROR"}));
      EXPECT_EQ(pair.at_server.take(), (Lines{"server 1 closed NO_ERROR"}));
      EXPECT_EQ(pair.client.open_streams(), 0u);
      EXPECT_EQ(pair.server.open_streams(), 0u);
      EXPECT_EQ(pair.at_client.settings, 1);
      EXPECT_EQ(pair.at_server.settings, 1);
    }
  }
}

TEST(H2Session, carries_grpc_with_trailers_both_ways) {
  H2Pair pair;
  pair.at_client.bodies[1] = {"request", H2BodyPart::Then::trailers, block({{"x-check", "7"}})};
  pair.request("POST", "/p.S/M", H2Body::follows, block({{"te", "trailers"}, {"content-type", "application/grpc"}}));
  pair.run();
  EXPECT_EQ(pair.at_server.take(), (Lines{"server 1 POST http://h:1/p.S/M|te: trailers|content-type: application/grpc",
                                          "server 1 trailers|x-check: 7", "server 1 end request"}));
  pair.at_server.bodies[1] = {"reply", H2BodyPart::Then::trailers, block({{"grpc-status", "0"}, {"grpc-message", ""}})};
  pair.answer(1, 200, H2Body::follows, block({{"content-type", "application/grpc"}}));
  pair.run();
  EXPECT_EQ(pair.at_client.take(), (Lines{"client 1 200|content-type: application/grpc",
                                          "client 1 trailers|grpc-status: 0|grpc-message: ", "client 1 end reply",
                                          "client 1 closed NO_ERROR"}));
}

TEST(H2Session, sends_trailers_after_a_body_that_rests) {
  H2Pair pair;
  pair.request("GET", "/");
  pair.run();
  pair.at_server.bodies[1].then = H2BodyPart::Then::more;
  pair.answer(1, 200, H2Body::follows);
  pair.run();
  EXPECT_TRUE(pair.server.submit_trailers(1, block({{"grpc-status", "14"}})));
  pair.run();
  EXPECT_EQ(pair.at_client.take(),
            (Lines{"client 1 200", "client 1 trailers|grpc-status: 14", "client 1 end ", "client 1 closed NO_ERROR"}));
}

TEST(H2Session, tells_interim_responses_from_the_final_one) {
  H2Pair pair;
  pair.at_client.bodies[1].then = H2BodyPart::Then::more;
  pair.request("PUT", "/", H2Body::follows, block({{"expect", "100-continue"}}));
  pair.run();
  EXPECT_EQ(pair.at_server.take(), (Lines{"server 1 PUT http://h:1/ expect|expect: 100-continue"}));
  pair.answer(1, 100, H2Body::follows);
  pair.run();
  pair.answer(1, 204);
  pair.run();
  EXPECT_EQ(pair.at_client.take(), (Lines{"client 1 100", "client 1 204 end", "client 1 end "}));
}

TEST(H2Session, joins_cookie_crumbs) {
  H2Pair pair;
  pair.request("GET", "/", H2Body::none, block({{"cookie", "a=1"}, {"cookie", "b=2"}}));
  pair.run();
  EXPECT_EQ(pair.at_server.take(), (Lines{"server 1 GET http://h:1/|cookie: a=1; b=2 end", "server 1 end "}));
}

TEST(H2Session, stops_at_a_full_window_and_goes_on_when_bytes_are_consumed) {
  H2Pair pair({.stream_window = 70'000, .connection_window = 100'000});
  pair.at_server.consumes = false;
  std::string body(250'000, 'x');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 26);
  pair.run();  // the server's settings must be known for its windows to count
  const StreamId first = pair.request("POST", "/1", H2Body::follows);
  pair.at_client.bodies[first].bytes = body;
  pair.run();
  EXPECT_EQ(pair.at_server.received[first].size(), 70'000u);
  EXPECT_EQ(pair.client.send_window(first), 0u);
  EXPECT_FALSE(pair.client.wants_write());

  const StreamId second = pair.request("POST", "/2", H2Body::follows);
  pair.at_client.bodies[second].bytes = body;
  pair.run();
  EXPECT_EQ(pair.at_server.received[second].size(), 30'000u) << "the connection's window is shared";

  pair.at_server.consumes = true;
  pair.server.consume(second, 30'000);
  pair.server.consume(first, 70'000);
  pair.run();
  EXPECT_EQ(pair.at_server.received[first], body);
  EXPECT_EQ(pair.at_server.received[second], body);
}

TEST(H2Session, a_body_rests_until_it_is_resumed) {
  H2Pair pair;
  const StreamId stream = pair.request("POST", "/", H2Body::follows);
  Recorder::Body& body = pair.at_client.bodies[stream];
  body.then = H2BodyPart::Then::more;
  pair.run();
  EXPECT_FALSE(pair.client.wants_write());
  body.bytes = "one ";
  pair.client.resume(stream);
  EXPECT_TRUE(pair.client.wants_write());
  pair.run();
  EXPECT_EQ(pair.at_server.received[stream], "one ");
  body.bytes += "two";
  body.then = H2BodyPart::Then::end;
  pair.client.resume(stream);
  pair.run();
  EXPECT_EQ(pair.at_server.received[stream], "one two");
  pair.client.resume(stream);  // harmless
  pair.client.resume(77);
}

TEST(H2Session, a_refused_stream_says_so) {
  H2Pair pair;
  pair.at_server.refuse = true;
  pair.request("GET", "/");
  pair.run();
  EXPECT_EQ(pair.at_client.take(), (Lines{"client 1 closed REFUSED_STREAM"}));
  EXPECT_EQ(pair.client.open_streams(), 0u);
  EXPECT_EQ(pair.server.open_streams(), 0u);
}

TEST(H2Session, a_reset_reaches_the_other_side_with_its_code) {
  H2Pair pair;
  pair.at_client.bodies[1].then = H2BodyPart::Then::more;
  const StreamId stream = pair.request("POST", "/", H2Body::follows);
  pair.run();
  pair.client.reset(stream, H2Code::cancel);
  pair.run();
  EXPECT_EQ(pair.at_server.take().back(), "server 1 closed CANCEL");
  EXPECT_EQ(pair.at_client.take(), (Lines{"client 1 closed CANCEL"}));
}

TEST(H2Session, more_streams_than_the_peer_allows_wait_at_the_caller) {
  H2Pair pair({.max_concurrent_streams = 2});
  pair.run();
  EXPECT_EQ(pair.client.peer_max_streams(), 2u);
  pair.request("GET", "/1");
  pair.request("GET", "/2");
  EXPECT_FALSE(pair.client.can_open());
  RequestHead head;
  head.set_method("GET");
  head.set_target("/3");
  const Result<StreamId> refused = pair.client.submit_request(head, H2Body::none, &pair.at_client);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry, Retry::safe);
  pair.run();
  pair.answer(1, 204);
  pair.run();
  EXPECT_TRUE(pair.client.can_open());
}

TEST(H2Session, streams_above_the_limit_that_were_opened_before_the_settings_came_wait_for_their_turn) {
  H2Pair pair({.max_concurrent_streams = 2});
  for (int i = 0; i < 3; ++i) pair.request("GET", "/");
  EXPECT_TRUE(pair.client.can_open());
  pair.carry(pair.client, pair.server);
  EXPECT_EQ(pair.at_server.requests, 0);
  pair.run();
  EXPECT_EQ(pair.at_server.requests, 2);
  EXPECT_FALSE(pair.client.can_open());
  EXPECT_EQ(pair.at_client.take(), (Lines{}));
  pair.answer(1, 204);
  pair.run();
  EXPECT_EQ(pair.at_server.requests, 3);
}

TEST(H2Session, a_stream_that_never_became_a_request_is_told) {
  H2Pair pair;
  pair.run();
  pair.request("GET", "/ a");
  pair.request("GET", "/");
  pair.run();
  EXPECT_EQ(pair.at_server.requests, 1);
  EXPECT_EQ(pair.at_server.refused, (Lines{"1 PROTOCOL_ERROR"}));
  EXPECT_EQ(pair.server.fault(), H2Code::no_error);
}

TEST(H2Session, knows_why_it_has_ended_a_connection) {
  {
    H2Pair pair;
    pair.run();
    EXPECT_TRUE(pair.server.feed(std::string("\0\0\6\6\0\0\0\0\0abcdef", 15)));  // PING of a wrong size
    pair.carry(pair.server, pair.client);
    EXPECT_EQ(pair.server.fault(), H2Code::frame_size_error);
  }
  H2Pair pair;
  EXPECT_FALSE(pair.server.feed("GET / HTTP/1.1\r\n\r\n      "));
  EXPECT_NE(pair.server.fault(), H2Code::no_error);
}

TEST(H2Session, ends_gracefully_in_two_steps) {
  H2Pair pair;
  pair.request("GET", "/1");
  pair.run();
  pair.server.shutdown_notice();
  const StreamId crossing = pair.request("GET", "/2");  // was on its way when the notice was sent
  pair.run();
  EXPECT_EQ(pair.at_client.take(), (Lines{"client goaway 2147483647 NO_ERROR"}));
  EXPECT_EQ(pair.at_server.requests, 2);
  EXPECT_FALSE(pair.client.can_open());
  pair.server.goaway(H2Code::no_error);
  pair.run();
  EXPECT_EQ(pair.at_client.take(), (Lines{"client goaway 3 NO_ERROR"}));
  EXPECT_FALSE(pair.server.finished());
  pair.answer(1, 200);
  pair.answer(crossing, 200);
  pair.run();
  EXPECT_EQ(pair.at_client.take(), (Lines{"client 1 200 end", "client 1 end ", "client 1 closed NO_ERROR",
                                          "client 3 200 end", "client 3 end ", "client 3 closed NO_ERROR"}));
  EXPECT_TRUE(pair.server.finished());
  EXPECT_TRUE(pair.client.finished());
}

TEST(H2Session, streams_above_the_last_of_a_goaway_were_not_processed) {
  H2Pair pair;
  pair.request("GET", "/1");
  pair.run();
  pair.server.goaway(H2Code::no_error);
  std::array<char, 4096> on_its_way;
  const std::size_t size = pair.server.drain(on_its_way);
  pair.request("GET", "/2");
  pair.carry(pair.client, pair.server);
  EXPECT_EQ(pair.at_server.requests, 1);
  EXPECT_TRUE(pair.client.feed({on_its_way.data(), size}));
  EXPECT_EQ(pair.at_client.take(), (Lines{"client goaway 1 NO_ERROR", "client 3 closed REFUSED_STREAM"}));
}

TEST(H2Session, a_goaway_covers_what_came_before_it_was_sent) {
  H2Pair pair;
  pair.run();
  pair.server.goaway(H2Code::no_error);
  pair.request("GET", "/");
  pair.carry(pair.client, pair.server);
  pair.run();
  EXPECT_EQ(pair.at_server.requests, 1);
  EXPECT_EQ(pair.at_client.take(), (Lines{"client goaway 1 NO_ERROR"}));
}

TEST(H2Session, a_request_that_never_left_is_refused_too) {
  H2Pair pair;
  pair.run();
  pair.server.goaway(H2Code::no_error);
  const StreamId stream = pair.request("GET", "/");  // queued, not drained
  pair.carry(pair.server, pair.client);
  pair.run();
  EXPECT_EQ(pair.at_client.take(),
            (Lines{"client goaway 0 NO_ERROR", "client " + std::to_string(stream) + " closed REFUSED_STREAM"}));
  EXPECT_EQ(pair.client.open_streams(), 0u);
}

TEST(H2Session, answers_a_ping) {
  H2Pair pair;
  pair.client.ping(42);
  pair.run();
  EXPECT_EQ(pair.at_client.pong, 42u);
}

TEST(H2Session, tells_of_a_header_list_over_the_limit_without_what_is_too_much) {
  H2Pair pair({.max_header_list = 1000});
  const std::string long_value(2000, 'v');
  pair.request("GET", "/", H2Body::none, block({{"a", "1"}, {"b", long_value.c_str()}}));
  pair.run();
  EXPECT_EQ(pair.at_server.requests, 1);
  EXPECT_TRUE(pair.at_server.oversized);
}

TEST(H2Session, refuses_a_header_list_far_over_the_limit) {
  H2Pair pair({.max_header_list = 1000});
  const std::string long_value(5000, 'v');
  pair.request("GET", "/", H2Body::none, block({{"a", long_value.c_str()}}));
  pair.run();
  EXPECT_EQ(pair.at_server.requests, 0);
  EXPECT_EQ(pair.at_client.take(), (Lines{"client 1 closed ENHANCE_YOUR_CALM"}));
}

TEST(H2Session, bytes_that_are_not_http2_end_the_connection) {
  Recorder events("server");
  H2Session session(H2Session::Side::server, events);
  EXPECT_FALSE(session.feed("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
}

TEST(H2Session, a_broken_frame_is_answered_with_goaway) {
  Recorder events("server");
  H2Session session(H2Session::Side::server, events);
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  bytes.append("\0\0\0\4\0\0\0\0\0", 9);    // SETTINGS
  bytes.append("\0\0\1\0\0\0\0\0\0x", 10);  // DATA on stream 0
  EXPECT_TRUE(session.feed(bytes));
  std::array<char, 4096> out;
  const std::size_t size = session.drain(out);
  EXPECT_NE(std::string_view(out.data(), size).find(std::string_view("\7\0\0\0\0\0", 6)), std::string_view::npos);
  EXPECT_TRUE(session.finished());
}

TEST(H2Session, carries_bodies_of_megabytes_through_small_buffers) {
  H2Pair pair;
  pair.room = 1500;
  const std::string body(3'000'000, 'z');
  const StreamId stream = pair.request("GET", "/");
  pair.run();
  pair.at_server.bodies[stream].bytes = body;
  pair.answer(stream, 200, H2Body::follows);
  pair.run();
  EXPECT_EQ(pair.at_client.received[stream], body);
}

}  // namespace
}  // namespace weir::http
