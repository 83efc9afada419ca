#include "proxy/check_run.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/h2_session.h"
#include "net/socket.h"
#include "net/timer.h"
#include "proxy/grpc_health.h"
#include "proxy/lane.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kAgent = "Weir-HealthCheck/1.0";
constexpr std::string_view kEmptyGrpcMessage("\0\0\0\0\0", 5);
constexpr std::size_t kBuffer = 48 * 1024;

CheckOutcome unreachable(const std::string& why) {
  return {.passed = false, .reason = "FailedHealthChecks", .description = "Health checks failed: " + why};
}

CheckOutcome judge_code(const route::HealthCheck& check, unsigned code) {
  if (code_matches(check.matcher, code)) return {.passed = true};
  return {.passed = false,
          .reason = "ResponseCodeMismatch",
          .description = "Health checks failed with these codes: [" + std::to_string(code) + "]"};
}

http::RequestHead request_of(const CheckTarget& target) {
  http::RequestHead head;
  const bool grpc = target.check.protocol == route::HealthProtocol::grpc;
  head.set_method(grpc ? "POST" : "GET");
  head.set_target(target.check.path);
  head.set_authority(target.check.host.empty() ? target.address.text() : target.check.host);
  head.fields.add(http::HeaderId::user_agent, kAgent);
  if (grpc) {
    head.fields.add(http::HeaderId::content_type, "application/grpc");
    head.fields.add(http::HeaderId::te, "trailers");
  }
  return head;
}

// Connecting, waiting, giving up: the same for both protocols.
class SocketRun : public CheckRun, public net::FdHandler {
 public:
  SocketRun(net::Loop& loop, const CheckTarget& target, std::function<void(CheckOutcome)> done)
      : loop_(loop), target_(target), timeout_(loop, [this] { give_up(); }), done_(std::move(done)) {
    timeout_.arm(loop.now() + target.check.timeout);
    if (target.secure && !target.tls) {
      failure_ = "the files for TLS cannot be used";
      timeout_.arm(loop.now());
      return;
    }
    auto socket = net::connect_stream(target.address);
    if (!socket) {
      failure_ = socket.error().message;
      timeout_.arm(loop.now());
      return;
    }
    fd_ = std::move(*socket);
    loop_.watch(fd_.get(), net::kWritable, *this);
  }
  ~SocketRun() override { close(); }

 protected:
  virtual void ask() = 0;
  virtual void take(std::string_view bytes) = 0;
  virtual void end_of_input() { finish(unreachable("the connection was closed without an answer")); }

  void on_ready(std::uint32_t) override {
    if (!connected_) return connect_decided();
    std::array<char, kBuffer> buffer;
    const ssize_t size = receive_from(fd_.get(), tls_.get(), buffer);
    if (size > 0) return take({buffer.data(), static_cast<std::size_t>(size)});
    if (size == 0) return end_of_input();
    if (errno != EAGAIN && errno != EINTR) finish(unreachable(std::strerror(errno)));
  }
  void connect_decided() {
    if (const int error = net::connect_error(fd_.get()); error != 0) return finish(unreachable(std::strerror(error)));
    if (target_.secure && !shake_hands()) return;
    connected_ = true;
    loop_.change(fd_.get(), net::kReadable);
    ask();
  }
  // True: the session is established.
  bool shake_hands() {
    if (!tls_) tls_ = net::TlsClient::connect(target_.tls, fd_.get(), target_.host);
    const net::TlsSession::Step step = tls_->handshake();
    if (step == net::TlsSession::Step::failed) finish(unreachable("TLS: " + tls_->error()));
    if (step == net::TlsSession::Step::again) {
      loop_.change(fd_.get(), net::kReadable | (tls_->unsent() > 0 ? net::kWritable : net::kNothing));
    }
    return step == net::TlsSession::Step::done;
  }
  // A request is far smaller than a fresh socket's buffer.
  void say(std::string_view bytes) {
    if (tls_) {
      if (tls_->write(bytes) < 0 || !tls_->flush()) finish(unreachable("TLS: " + tls_->error()));
      return;
    }
    if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) finish(unreachable(std::strerror(errno)));
  }
  void give_up() {
    if (!failure_.empty()) return finish(unreachable(failure_));
    // Target.Timeout is of requests: a Network Load Balancer does not say it.
    const bool tcp = target_.check.protocol == route::HealthProtocol::tcp;
    if (tcp) return finish(unreachable("the connection did not stand in time"));
    finish({.passed = false, .reason = "Timeout", .description = "Request timed out"});
  }
  void finish(CheckOutcome outcome) {
    if (finished_) return;
    finished_ = true;
    timeout_.cancel();
    close();
    done_(std::move(outcome));
  }
  bool finished() const { return finished_; }
  void close() {
    if (fd_) loop_.unwatch(fd_.get());
    if (fd_ && tls_) tls_->close_notify();
    fd_.reset();
  }

  net::Loop& loop_;
  CheckTarget target_;

 private:
  net::Fd fd_;
  TlsPointer tls_;
  net::Timer timeout_;
  std::function<void(CheckOutcome)> done_;
  std::string failure_;
  bool connected_ = false;
  bool finished_ = false;
};

// Passes once the connection stands.
class TcpRun final : public SocketRun {
 public:
  using SocketRun::SocketRun;

 private:
  void ask() override { finish({.passed = true}); }
  void take(std::string_view) override {}
};

class H1Run final : public SocketRun {
 public:
  using SocketRun::SocketRun;

 private:
  void ask() override {
    const http::RequestHead head = request_of(target_);
    const http::H1WriteOptions options{.close = true};
    std::string text(http::head_size_bound(head, options), '\0');
    text.resize(http::write_request_head(text, head, options));
    say(text);
  }
  // The status decides; nobody waits for the body.
  void take(std::string_view in) override {
    while (true) {
      const http::H1Step step = parser_.next(in, response_);
      in.remove_prefix(step.consumed);
      if (step.event == http::H1Event::need_more) return;
      if (step.event == http::H1Event::head && response_.informational()) continue;
      if (step.event == http::H1Event::head) return finish(judge_code(target_.check, response_.status));
      return finish(unreachable("the answer is not HTTP"));
    }
  }

  http::H1Parser parser_{http::H1Parser::Role::response};
  http::ResponseHead response_;
};

class H2Run final : public SocketRun, private http::H2Events {
 public:
  H2Run(net::Loop& loop, const CheckTarget& target, std::function<void(CheckOutcome)> done)
      : SocketRun(loop, target, std::move(done)), session_(http::H2Session::Side::client, *this) {}

 private:
  bool grpc() const { return target_.check.protocol == route::HealthProtocol::grpc; }

  void ask() override {
    const auto body = grpc() ? http::H2Body::follows : http::H2Body::none;
    if (!session_.submit_request(request_of(target_), body, this)) return finish(unreachable("HTTP/2 failed"));
    drain();
  }
  void take(std::string_view bytes) override {
    const bool fine = session_.feed(bytes).has_value();
    if (verdict_) return finish(*verdict_);
    if (!fine) return finish(unreachable("the answer is not HTTP/2"));
    drain();
  }
  void drain() {
    std::array<char, kBuffer> buffer;
    const std::size_t size = session_.drain(buffer);
    if (size > 0 && !finished()) say({buffer.data(), size});
  }
  http::H2BodyPart next_body(http::StreamId, void*, std::size_t) override {
    return {kEmptyGrpcMessage, http::H2BodyPart::Then::end};
  }
  void on_response(http::StreamId, void*, http::ResponseHead& head, bool) override {
    if (head.informational()) return;
    if (!grpc() || head.status != 200) {
      if (grpc()) verdict_ = unreachable("the answer has the HTTP status " + std::to_string(head.status));
      if (!grpc()) verdict_ = judge_code(target_.check, head.status);
      return;
    }
    take_status(head.fields);
  }
  void on_data(http::StreamId id, void*, std::string_view bytes) override {
    session_.consume(id, bytes.size());
    if (!target_.check.serving || verdict_) return;
    if (body_.size() + bytes.size() <= kMaxHealthBody) {
      body_ += bytes;
    } else {
      verdict_ = unreachable("the answer is larger than " + std::to_string(kMaxHealthBody) + " bytes");
    }
  }
  void on_trailers(http::StreamId, void*, http::HeaderBlock& trailers) override { take_status(trailers); }
  void on_end(http::StreamId, void*) override {
    if (!verdict_) verdict_ = unreachable("the answer has no grpc-status");
  }
  void on_closed(http::StreamId, void*, http::H2Code) override {
    if (!verdict_) verdict_ = unreachable("the stream was reset");
  }
  void take_status(const http::HeaderBlock& fields) {
    const auto text = fields.find(http::HeaderId::grpc_status);
    if (!text || verdict_) return;
    unsigned code = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), code);
    verdict_ = parsed.ec == std::errc() ? judge_code(target_.check, code) : unreachable("grpc-status is no number");
    if (!verdict_->passed || !target_.check.serving) return;
    if (const std::string why = why_not_serving(body_); !why.empty()) verdict_ = unreachable(why);
  }

  http::H2Session session_;
  std::string body_;  // where it is looked at
  std::optional<CheckOutcome> verdict_;
};

}  // namespace

std::unique_ptr<CheckRun> start_check(net::Loop& loop, const CheckTarget& target,
                                      std::function<void(CheckOutcome)> done) {
  if (target.check.protocol == route::HealthProtocol::tcp)
    return std::make_unique<TcpRun>(loop, target, std::move(done));
  const bool http2 = target.check.protocol == route::HealthProtocol::grpc ||
                     target.protocol == route::PoolProtocol::http2 || target.protocol == route::PoolProtocol::grpc;
  if (http2) return std::make_unique<H2Run>(loop, target, std::move(done));
  return std::make_unique<H1Run>(loop, target, std::move(done));
}

}  // namespace weir::proxy
