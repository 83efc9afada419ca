#include "cli/prove_run.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <map>

#include "base/check.h"
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
      if (step.event == http::H1Event::complete) answer(server_.script(server_.requests++, std::exchange(body_, "")));
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
  http::H1Parser parser_{http::H1Parser::Role::request};
  http::RequestHead head_;
  std::string body_;
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
  void* on_request(http::StreamId, http::RequestHead&, bool) override { return this; }
  void on_data(http::StreamId stream, void*, std::string_view bytes) override {
    bodies_[stream] += bytes;
    session_.consume(stream, bytes.size());
  }
  void on_end(http::StreamId stream, void*) override {
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
    const Answer& with = answers_[stream];
    if (with.grpc_status.empty()) return {with.body, http::H2BodyPart::Then::end};
    http::HeaderBlock trailers;
    trailers.add("grpc-status", with.grpc_status);
    EXPECT_TRUE(session_.submit_trailers(stream, trailers));
    return {with.body, http::H2BodyPart::Then::trailers};
  }
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

TEST(ProveOptions, refuses_what_makes_no_sense) {
  const std::vector<std::vector<std::string>> rows = {
      {},
      {"https://x/"},
      {"x"},
      {"http:///"},
      {"http://x:0/"},
      {"http://x:99999/"},
      {"http://x/ a"},
      {"http://x/", "--rate", "0"},
      {"http://x/", "--rate", "many"},
      {"http://x/", "--duration", "3 weeks"},
      {"http://x/", "--duration", "-1s"},
      {"http://x/", "--protocol", "h3"},
      {"http://x/", "--protocol", "grpc"},
      {"http://x/", "--header", "nonsense"},
      {"http://x/", "--version-pattern", "(["},
      {"http://x/", "--version-pattern", "nogroup"},
      {"http://x/", "--data", "a", "--name", "b"},
      {"http://x/", "--grpc-message-hex", "0g"},
      {"http://x/", "--data-file", "/nonexistent/file"},
      {"http://x/", "--bogus"},
  };
  for (const auto& words : rows) EXPECT_FALSE(parse_prove_options(words)) << testing::PrintToString(words);
}

TEST(ProveOptions, reads_urls_and_json_with_or_without_a_file) {
  const std::vector<std::string> words = {"--json", "http://[::1]:81?q", "-H", "A: b", "-H", "c:d", "-d", "2m"};
  const auto options = parse_prove_options(words);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->host, "::1");
  EXPECT_EQ(options->port, 81);
  EXPECT_EQ(options->target, "/?q");
  EXPECT_EQ(options->json, "-");
  EXPECT_EQ(options->headers.size(), 2u);
  EXPECT_EQ(options->duration, std::chrono::minutes(2));
  EXPECT_EQ(MUST(parse_prove_options(std::vector<std::string>{"http://x/", "--json", "f"})).json, "f");
  EXPECT_EQ(MUST(parse_prove_options(std::vector<std::string>{"http://x/", "--json", "--quiet"})).json, "-");
}

TEST(LatencyHistogram, tells_quantiles_within_a_few_percent) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), Duration(0));
  for (int i = 1; i <= 10'000; ++i) histogram.add(std::chrono::microseconds(i));
  const auto near = [](Duration got, std::int64_t microseconds) {
    const double share = std::chrono::duration<double, std::micro>(got).count() / static_cast<double>(microseconds);
    return share > 0.99 && share < 1.07;
  };
  EXPECT_TRUE(near(histogram.quantile(0.50), 5000));
  EXPECT_TRUE(near(histogram.quantile(0.99), 9900));
  EXPECT_EQ(histogram.quantile(1.0), std::chrono::microseconds(10'000));
  EXPECT_EQ(histogram.max(), std::chrono::microseconds(10'000));
}

}  // namespace
}  // namespace weir::cli
