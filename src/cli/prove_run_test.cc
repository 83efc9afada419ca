#include "cli/prove_run.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <map>

#include "base/check.h"
#include "cli/prove_websocket.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/h2_session.h"
#include "net/socket.h"

namespace weir::cli {
namespace {

using std::chrono::milliseconds;

// What a server does with one request.
struct Answer {
  unsigned status = 200;
  std::string body = "ok";
  std::string header;       // "name: value", or none
  std::string grpc_status;  // sent as a trailer
  bool announce = false;    // H1: Connection: close; H2: GOAWAY in two steps
  bool close = false;       // closes after this answer, announced or not
  bool silent = false;      // no answer
  bool refuse = false;      // H2: REFUSED_STREAM
  std::string raw;          // H1: these bytes instead of an answer
};
using Script = std::function<Answer(int number, const std::string& body)>;

// A small server on the loop of the test.
class Server final : public net::FdHandler {
 public:
  class Peer : public net::FdHandler {
   public:
    Peer(Server& server, net::Fd fd) : server_(server), fd_(std::move(fd)) {
      server_.loop_.watch(fd_.get(), net::kReadable, *this);
    }
    ~Peer() override { close(); }
    virtual void received(std::string_view bytes) = 0;
    void on_ready(std::uint32_t) override {
      std::array<char, 65536> buffer;
      const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size > 0) received({buffer.data(), static_cast<std::size_t>(size)});
      if (size == 0) close();
    }
    void send(std::string_view bytes) {
      if (!fd_) return;
      EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    void close() {
      if (fd_) server_.loop_.unwatch(fd_.get());
      fd_.reset();
    }

   protected:
    Server& server_;
    net::Fd fd_;
  };

  Server(net::Loop& loop, bool h2, Script answers) : script(std::move(answers)), loop_(loop), h2_(h2) {
    const net::SocketAddress any_port = MUST(net::SocketAddress::ip("127.0.0.1", 0));
    fd_ = MUST(net::listen_stream(any_port));
    address = net::SocketAddress::local(fd_.get());
    loop_.watch(fd_.get(), net::kReadable, *this);
  }
  ~Server() override { stop(); }
  void stop() {
    if (fd_) loop_.unwatch(fd_.get());
    fd_.reset();
    for (auto& peer : peers_) peer->close();
  }
  void on_ready(std::uint32_t) override;

  Script script;
  net::SocketAddress address;
  int accepted = 0;
  int requests = 0;
  int messages = 0;
  int pongs = 0;

 private:
  net::Loop& loop_;
  bool h2_;
  net::Fd fd_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

class H1Peer final : public Server::Peer {
 public:
  using Peer::Peer;
  void received(std::string_view bytes) override {
    while (fd_) {
      const http::H1Step step = parser_.next(bytes, head_);
      bytes.remove_prefix(step.consumed);
      check(step.event != http::H1Event::error, "prove sent a malformed request");
      if (step.event == http::H1Event::need_more) return;
      if (step.event == http::H1Event::body) body_ += step.bytes;
      if (step.event == http::H1Event::head && head_.fields.find("sec-websocket-key")) switch_protocols();
      if (step.event == http::H1Event::tunnel) take_frames(step.bytes);
      const bool plain = !head_.fields.find("sec-websocket-key");
      if (step.event == http::H1Event::complete && plain)
        answer(server_.script(server_.requests++, std::exchange(body_, "")));
    }
  }

 private:
  void answer(const Answer& with) {
    if (with.silent) return;
    http::ResponseHead head;
    head.status = static_cast<std::uint16_t>(with.status);
    const std::size_t colon = with.header.find(": ");
    if (colon != std::string::npos) head.fields.add(with.header.substr(0, colon), with.header.substr(colon + 2));
    std::array<char, 1024> out;
    const std::size_t size = http::write_response_head(
        out, head, {.framing = http::H1Framing::length, .length = with.body.size(), .close = with.announce});
    send(with.raw.empty() ? std::string(out.data(), size) + with.body : with.raw);
    if (with.close) close();
  }
  void switch_protocols() {
    const Answer with = server_.script(server_.requests++, "");
    if (with.status != 101) return answer(with);
    parser_.become_tunnel();
    const std::string key(*head_.fields.find("sec-websocket-key"));
    send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: " +
         (with.raw.empty() ? websocket_accept(key) : with.raw) + "\r\n\r\n");
    suffix_ = with.body;
    silent_ = with.silent;
    close_ = with.close;
  }
  // Small frames that arrive whole, one or several at a time; echoed in two fragments with a ping between them.
  void take_frames(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t size = static_cast<unsigned char>(bytes[1]) & 0x7f;
      ASSERT_TRUE(static_cast<unsigned char>(bytes[1]) & 0x80) << "clients mask";
      ASSERT_GE(bytes.size(), 6 + size);
      std::string payload(bytes.substr(6, size));
      for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ bytes[2 + i % 4]);
      const unsigned opcode = static_cast<unsigned char>(bytes[0]) & 0x0f;
      bytes.remove_prefix(6 + size);
      if (opcode == 8 && !silent_) send(frame(0x88, payload));
      if (opcode == 10) ++server_.pongs;
      if (opcode != 1) continue;
      if (close_) return send(frame(0x88, "\x03\xe9"));
      ++server_.messages;
      payload += suffix_;
      send(frame(0x01, payload.substr(0, 2)) + frame(0x89, "p") + frame(0x80, payload.substr(2)));
    }
  }
  static std::string frame(unsigned first, const std::string& payload) {
    return std::string(1, static_cast<char>(first)) + static_cast<char>(payload.size()) + payload;
  }

  http::H1Parser parser_{http::H1Parser::Role::request};
  http::RequestHead head_;
  std::string body_;
  std::string suffix_;
  bool silent_ = false, close_ = false;
};

class H2Peer final : public Server::Peer, private http::H2Events {
 public:
  using Peer::Peer;
  void received(std::string_view bytes) override {
    EXPECT_TRUE(session_.feed(bytes));
    flush();
  }

 private:
  void flush() {
    std::array<char, 16384> out;
    while (const std::size_t size = session_.drain(out)) send({out.data(), size});
    if (session_.finished()) close();
  }
  void* on_request(http::StreamId stream, http::RequestHead& head, bool) override {
    if (head.target() == "/p.S/Talk") {
      talks_[stream] = {.script = server_.script(server_.requests++, "")};
      http::ResponseHead answer;
      answer.status = 200;
      EXPECT_TRUE(session_.submit_response(stream, answer, http::H2Body::follows));
    }
    return this;
  }
  void on_data(http::StreamId stream, void*, std::string_view bytes) override {
    session_.consume(stream, bytes.size());
    if (!talks_.contains(stream)) {
      bodies_[stream] += bytes;
      return;
    }
    Talk& talk = talks_[stream];
    EXPECT_TRUE(talk.unsaid.empty()) << "a message left before the answer to the one before";
    ++server_.messages;
    if (talk.script.silent) return;
    talk.unsaid = bytes;
    if (talk.script.close) talk.over = true;
    session_.resume(stream);
  }
  void on_end(http::StreamId stream, void*) override {
    if (talks_.contains(stream)) {
      talks_[stream].over = true;
      return session_.resume(stream);
    }
    const Answer with = server_.script(server_.requests++, bodies_[stream]);
    if (with.refuse) session_.reset(stream, http::H2Code::refused_stream);
    if (with.refuse || with.silent) return;
    answers_[stream] = with;
    http::ResponseHead head;
    head.status = static_cast<std::uint16_t>(with.status);
    EXPECT_TRUE(session_.submit_response(stream, head, http::H2Body::follows));
    if (with.announce) {
      session_.shutdown_notice();
      session_.ping(1);
    }
  }
  // The peer has seen the notice: now the GOAWAY that counts.
  void on_pong(std::uint64_t) override { session_.goaway(http::H2Code::no_error); }
  http::H2BodyPart next_body(http::StreamId stream, void*, std::size_t) override {
    if (talks_.contains(stream)) return next_words(talks_[stream], stream);
    const Answer& with = answers_[stream];
    if (with.grpc_status.empty()) return {with.body, http::H2BodyPart::Then::end};
    http::HeaderBlock trailers;
    trailers.add("grpc-status", with.grpc_status);
    EXPECT_TRUE(session_.submit_trailers(stream, trailers));
    return {with.body, http::H2BodyPart::Then::trailers};
  }
  struct Talk {
    Answer script;
    std::string unsaid, said;
    bool over = false;
  };
  http::H2BodyPart next_words(Talk& talk, http::StreamId stream) {
    talk.said = std::exchange(talk.unsaid, "");
    if (!talk.over) return {talk.said, http::H2BodyPart::Then::more};
    http::HeaderBlock trailers;
    trailers.add("grpc-status", talk.script.grpc_status);
    EXPECT_TRUE(session_.submit_trailers(stream, trailers));
    return {talk.said, http::H2BodyPart::Then::trailers};
  }
  std::map<http::StreamId, Talk> talks_;
  http::H2Session session_{http::H2Session::Side::server, *this};
  std::map<http::StreamId, std::string> bodies_;
  std::map<http::StreamId, Answer> answers_;
};

void Server::on_ready(std::uint32_t) {
  auto fd = net::accept_stream(fd_.get());
  if (!fd) return;
  ++accepted;
  if (h2_) {
    peers_.push_back(std::make_unique<H2Peer>(*this, std::move(*fd)));
  } else {
    peers_.push_back(std::make_unique<H1Peer>(*this, std::move(*fd)));
  }
}

struct ProveTest : ::testing::Test {
  SystemClock clock;
  net::Loop loop{clock};
  ProveAccount account;

  ProveOptions options(std::vector<std::string> words, const net::SocketAddress& address) {
    words.insert(words.begin(), "http://" + address.text() + "/");
    return MUST(parse_prove_options(words));
  }
  // Runs `words` against a server that follows `script`; the account as JSON.
  Json prove(const std::vector<std::string>& words, bool h2, Script script) {
    Server server(loop, h2, std::move(script));
    const ProveOptions asked = options(words, server.address);
    ProveRun run(loop, asked, server.address, account, [](const std::string&) {});
    run.run();
    requests = server.requests;
    accepted = server.accepted;
    messages = server.messages;
    pongs = server.pongs;
    EXPECT_EQ(account.open(), 0u);
    EXPECT_EQ(account.sent(), account.ok() + account.failed());
    return account.json(run.lasted());
  }
  std::string causes(const Json& json) {
    std::string text;
    for (const Json& cause : json["causes"].items()) {
      text += cause["cause"].as_string() + " " + std::to_string(cause["count"].as_int()) + ";";
    }
    return text;
  }
  int requests = 0;
  int accepted = 0;
  int messages = 0;
  int pongs = 0;
};

const std::vector<std::string> kFast = {"--rate", "1000", "--duration", "100ms", "--connections", "4"};
std::vector<std::string> fast(std::vector<std::string> more) {
  more.insert(more.begin(), kFast.begin(), kFast.end());
  return more;
}

TEST_F(ProveTest, sends_exactly_what_rate_and_duration_say) {
  const Json json = prove(kFast, false, [](int, const std::string&) { return Answer{}; });
  EXPECT_EQ(account.sent(), 100u);
  EXPECT_EQ(account.ok(), 100u);
  EXPECT_EQ(requests, 100);
  EXPECT_EQ(accepted, 4) << "connections are kept and used in turn";
  EXPECT_GT(json["latency_ms"]["p50"].as_double(), 0);
}

TEST_F(ProveTest, splits_by_the_version_that_answered) {
  const Json json = prove(kFast, false, [](int number, const std::string&) {
    return Answer{.body = number % 4 == 0 ? "hello 0.9 from 127.0.0.1:80" : "(Said 169.254.172.2, Version 1.0)"};
  });
  EXPECT_EQ(json["versions"].dump(), R"({"0.9":25,"1.0":75})");
}

TEST_F(ProveTest, takes_the_version_from_a_header_or_a_pattern) {
  Json json = prove(fast({"--version-header", "X-Version"}), false,
                    [](int, const std::string&) { return Answer{.body = "3.0", .header = "x-version: blue"}; });
  EXPECT_EQ(json["versions"].dump(), R"({"blue":100})");
  account = {};
  json = prove(fast({"--version-pattern", "colour=(\\w+)"}), false,
               [](int, const std::string&) { return Answer{.body = "a=1 colour=green"}; });
  EXPECT_EQ(json["versions"].dump(), R"({"green":100})");
}

TEST_F(ProveTest, an_announced_close_costs_nothing) {
  prove(kFast, false,
        [](int number, const std::string&) { return Answer{.announce = number % 5 == 0, .close = number % 5 == 0}; });
  EXPECT_EQ(account.ok(), 100u);
  EXPECT_GT(accepted, 15);
}

TEST_F(ProveTest, a_close_without_an_answer_fails_that_request_and_is_not_repeated) {
  const Json json = prove(kFast, false, [](int number, const std::string&) {
    return Answer{.close = number == 7 || number == 8,
                  .raw = number == 7   ? ""
                         : number == 8 ? "HTTP/1.1 200 OK\r\n"
                                       : ""};
  });
  // Request 7 is answered and the connection then closed unannounced, between requests: that affects nobody.
  EXPECT_EQ(causes(json), "closed in the answer 1;");
  EXPECT_EQ(requests, 100);
}

TEST_F(ProveTest, failures_are_told_by_cause) {
  const Json json = prove(fast({"--expect", "ok", "--timeout", "150ms"}), false, [](int number, const std::string&) {
    switch (number) {
      case 1:
        return Answer{.status = 503, .body = "busy"};
      case 2:
        return Answer{.body = "something else"};
      case 3:
        return Answer{.raw = "HTTP/1.1 200 OK\nnot http\r\n\r\n"};
      case 4:
        return Answer{.silent = true};
      case 5:
        return Answer{.status = 503, .body = "busy"};
      default:
        return Answer{};
    }
  });
  EXPECT_EQ(causes(json), "body mismatch 1;protocol error 1;status 503 2;timeout 1;");
  EXPECT_EQ(json["causes"].items()[2]["example"].as_string(), "busy");
}

TEST_F(ProveTest, a_status_can_be_the_one_expected) {
  prove(fast({"--expect-status", "404"}), false, [](int, const std::string&) { return Answer{.status = 404}; });
  EXPECT_EQ(account.ok(), 100u);
}

TEST_F(ProveTest, a_refused_connection_fails_the_request_that_waited) {
  net::SocketAddress address;
  {
    Server server(loop, false, {});
    address = server.address;
  }
  const ProveOptions asked = options(kFast, address);
  ProveRun run(loop, asked, address, account, [](const std::string&) {});
  run.run();
  EXPECT_EQ(causes(account.json({})), "connect refused 100;");
}

TEST_F(ProveTest, waiting_for_a_busy_server_counts) {
  // One connection that never answers: the first request times out, the rest never get their turn.
  const Json json = prove({"--rate", "100", "--duration", "50ms", "--connections", "1", "--timeout", "100ms"}, false,
                          [](int, const std::string&) { return Answer{.silent = true}; });
  EXPECT_EQ(account.failed(), 5u);
  EXPECT_NE(causes(json).find("timeout"), std::string::npos);
}

TEST_F(ProveTest, ends_when_told_and_accounts_for_what_is_under_way) {
  Server server(loop, false, [](int, const std::string&) { return Answer{}; });
  const ProveOptions asked = options({"--rate", "1000", "--connections", "2"}, server.address);
  ProveRun run(loop, asked, server.address, account, [](const std::string&) {});
  net::Timer stop(loop, [&] { run.end(); });
  stop.arm(clock.now() + milliseconds(100));
  run.run();
  EXPECT_GT(account.ok(), 10u);
  EXPECT_EQ(account.failed(), 0u);
  EXPECT_EQ(account.open(), 0u);
}

TEST_F(ProveTest, posts_a_body) {
  prove(fast({"--data", "payload"}), false,
        [](int, const std::string& body) { return Answer{.status = body == "payload" ? 200u : 400u}; });
  EXPECT_EQ(account.ok(), 100u);
}

TEST_F(ProveTest, speaks_http2) {
  const Json json =
      prove(fast({"--protocol", "h2"}), true, [](int, const std::string&) { return Answer{.body = "Version 2.1"}; });
  EXPECT_EQ(account.ok(), 100u);
  EXPECT_EQ(json["versions"].dump(), R"({"2.1":100})");
  EXPECT_EQ(accepted, 4);
}

TEST_F(ProveTest, a_graceful_goaway_costs_nothing) {
  prove(fast({"--protocol", "h2"}), true,
        [](int number, const std::string&) { return Answer{.announce = number % 10 == 0}; });
  EXPECT_EQ(account.ok(), 100u);
  EXPECT_GT(accepted, 8);
}

TEST_F(ProveTest, a_refused_stream_is_a_failure) {
  const Json json = prove(fast({"--protocol", "h2"}), true,
                          [](int number, const std::string&) { return Answer{.refuse = number == 3}; });
  EXPECT_EQ(causes(json), "stream refused 1;");
}

TEST_F(ProveTest, speaks_unary_grpc) {
  const std::string frame = std::string("\0\0\0\0\x06", 5) + "\x0a\4Yuki";
  const std::string reply = std::string("\0\0\0\0\x0d", 5) + "\x0a\x0bVersion 0.9";
  const Json json = prove(fast({"--protocol", "grpc", "--grpc-method", "/p.S/M", "--name", "Yuki"}), true,
                          [&](int number, const std::string& body) {
                            if (body != frame) return Answer{.status = 400};
                            if (number == 1) return Answer{.body = "", .grpc_status = "14"};
                            if (number == 2) return Answer{.body = reply};
                            if (number == 3) return Answer{.body = "short", .grpc_status = "0"};
                            return Answer{.body = reply, .grpc_status = "0"};
                          });
  EXPECT_EQ(causes(json), "grpc-status 14 1;protocol error: no grpc-status 1;protocol error: not one message 1;");
  EXPECT_EQ(account.ok(), 97u);
}

TEST_F(ProveTest, a_connection_for_each_request) {
  prove(fast({"--protocol", "h1-close"}), false,
        [](int number, const std::string&) { return Answer{.announce = number % 2 == 0, .close = number % 2 == 0}; });
  EXPECT_EQ(account.ok(), 100u);
  EXPECT_EQ(accepted, 100);
}

TEST_F(ProveTest, a_body_may_be_as_large_as_wished_and_an_answer_fit_a_pattern) {
  prove(fast({"--data-size", "10000", "--expect-pattern", "^[0-9]+ bytes$"}), false,
        [](int, const std::string& body) { return Answer{.body = std::to_string(body.size()) + " bytes"}; });
  EXPECT_EQ(account.ok(), 100u);
  prove(fast({"--expect-pattern", "^[0-9]+ bytes$"}), false, [](int, const std::string&) { return Answer{}; });
  EXPECT_EQ(account.failed(), 100u);
}

TEST_F(ProveTest, streams_say_one_message_after_the_other) {
  const Json json =
      prove(fast({"--protocol", "grpc-stream", "--grpc-stream", "/p.S/Talk", "--name", "Version 0.9", "--messages", "4",
                  "--timeout", "300ms"}),
            true, [](int number, const std::string&) {
              return Answer{.grpc_status = number == 5 ? "14" : "0", .close = number == 6, .silent = number == 7};
            });
  EXPECT_EQ(causes(json), "grpc-status 14 1;protocol error: 1 of 4 messages 1;timeout 1;");
  EXPECT_EQ(account.ok(), 97u);
  EXPECT_EQ(messages, 98 * 4 + 1 + 1);
  EXPECT_EQ(json["versions"].dump(), R"({"0.9":99})");
}

TEST_F(ProveTest, websockets_echo_and_close_in_order) {
  const Json json = prove(fast({"--protocol", "ws", "--messages", "3", "--timeout", "300ms"}), false,
                          [](int number, const std::string&) -> Answer {
                            switch (number) {
                              case 1:
                                return {.status = 503, .body = "busy"};
                              case 2:
                                return {.status = 101, .body = "", .raw = "wrong"};
                              case 3:
                                return {.status = 101, .body = "!"};
                              case 4:
                                return {.status = 101, .body = "", .close = true};
                              case 5:
                                return {.status = 101, .body = "", .silent = true};
                              default:
                                return {.status = 101, .body = ""};
                            }
                          });
  EXPECT_EQ(causes(json), "closed by the server 1;message mismatch 1;protocol error 1;status 503 1;timeout 1;");
  EXPECT_EQ(account.ok(), 95u);
  EXPECT_EQ(accepted, 100);
  EXPECT_EQ(messages, 96 * 3 + 1);
  EXPECT_GE(pongs, 95 * 3);
}

TEST_F(ProveTest, a_websocket_may_say_who_answers) {
  const Json json = prove(fast({"--protocol", "ws", "--expect", "weir prove"}), false,
                          [](int, const std::string&) { return Answer{.status = 101, .body = ", version 1.2"}; });
  EXPECT_EQ(json["versions"].dump(), R"({"1.2":100})");
}

TEST_F(ProveTest, several_protocols_at_once_are_told_apart) {
  const Json json = prove(fast({"--protocol", "h1,ws,h1-close"}), false, [](int, const std::string& body) {
    return Answer{.status = body.empty() ? 101u : 200u, .body = ""};
  });
  // What speaks HTTP/1.1 here is answered with 101, as the body says which it is.
  EXPECT_EQ(json["protocols"]["ws"]["ok"].as_int(), 100);
  EXPECT_EQ(json["protocols"]["h1"]["failed"].as_int(), 100);
  EXPECT_EQ(json["protocols"]["h1-close"]["failed"].as_int(), 100);
  EXPECT_EQ(account.sent(), 300u);
  EXPECT_NE(account.table(std::chrono::seconds(1)).find("h1-close"), std::string::npos);
}

TEST_F(ProveTest, marks_come_at_their_times_and_by_hand) {
  Server server(loop, false, [](int, const std::string&) { return Answer{}; });
  const ProveOptions asked = options(fast({"--mark", "60ms=second,20ms"}), server.address);
  ProveRun run(loop, asked, server.address, account, [](const std::string&) {});
  net::Timer by_hand(loop, [&] { run.mark(); });
  by_hand.arm(clock.now() + milliseconds(100));
  run.run();
  std::string names;
  const Json json = account.json(run.lasted());
  for (const Json& mark : json["marks"].items()) names += mark["name"].as_string() + ";";
  EXPECT_EQ(names, "20ms;second;mark 1;");
}

}  // namespace
}  // namespace weir::cli
