// The stub facade behind a socket: prints its port, serves until its standard input ends. Routes of every kind under
// /_weir/: echo (memory), upload (spooled), ticks (streamed), lost (streams that their clients left). With STUB_QUICK
// in the environment its limits are small and short, with STUB_NARROW few connections fit.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "net/socket.h"
#include "stub.h"
#include "wire/api_server.h"

namespace weir::wire {
namespace {

// Standard input's end ends the loop.
class Leash final : public net::FdHandler {
 public:
  explicit Leash(net::Loop& loop) : loop_(loop) { loop_.watch(STDIN_FILENO, net::kReadable, *this); }
  ~Leash() override { loop_.unwatch(STDIN_FILENO); }
  void on_ready(std::uint32_t) override {
    char bytes[64];
    if (::read(STDIN_FILENO, bytes, sizeof bytes) <= 0) loop_.stop();
  }

 private:
  net::Loop& loop_;
};

// Streams that never end by themselves, and how many clients have left.
struct Rests {
  std::vector<std::shared_ptr<ResponseStream>> streams;
  int left = 0;
};

struct Tick {
  Tick(net::Loop& loop, std::shared_ptr<ResponseStream> to)
      : stream(std::move(to)), timer(loop, [this, &loop] {
          stream->write(fmt::format("tick {}\n", ++count));
          if (count == 3) return stream->finish();
          timer.arm(loop.now() + std::chrono::milliseconds(20));
        }) {
    timer.arm(loop.now());
  }
  std::shared_ptr<ResponseStream> stream;
  int count = 0;
  net::Timer timer;
};

std::vector<Route> routes(net::Loop& loop, std::vector<std::unique_ptr<Tick>>& ticks, Rests& rests) {
  std::vector<Route> all;
  all.push_back(plain_route("POST", "/_weir/echo", [](const RouteRequest& request) {
    return Reply{200, {{"content-type", "text/plain"}}, request.body};
  }));
  all.push_back({.method = "PUT",
                 .prefix = "/_weir/upload/",
                 .handle =
                     [](RouteRequest request, std::shared_ptr<ResponseStream> stream) {
                       struct stat file {};
                       ::fstat(request.file.fd(), &file);
                       stream->reply({200, {}, fmt::format("{} {}\n", request.rest, file.st_size)});
                     },
                 .body = Body::spooled,
                 .max_body = kMaxUpload});
  all.push_back({.method = "GET",
                 .prefix = "/_weir/ticks",
                 .handle = [&loop, &ticks](RouteRequest, std::shared_ptr<ResponseStream> stream) {
                   stream->start({200, {{"content-type", "text/plain"}}, ""});
                   ticks.push_back(std::make_unique<Tick>(loop, std::move(stream)));
                 }});
  all.push_back({.method = "GET",
                 .prefix = "/_weir/rest",
                 .handle = [&rests](RouteRequest, std::shared_ptr<ResponseStream> stream) {
                   stream->start({200, {}, "here\n"});
                   stream->on_closed([&rests] { ++rests.left; });
                   rests.streams.push_back(std::move(stream));
                 }});
  all.push_back(
      {.method = "GET", .prefix = "/_weir/drop", .handle = [](RouteRequest, std::shared_ptr<ResponseStream>) {}});
  all.push_back(plain_route("GET", "/_weir/left", [&rests](const RouteRequest&) {
    return Reply{200, {}, fmt::format("{}", rests.left)};
  }));
  return all;
}

int serve(sign::Keys keys) {
  SystemClock clock;
  net::Loop loop(clock);
  StubFacade stub(std::move(keys), &clock);
  NoLog log;
  char directory[] = "/tmp/api-stub-XXXXXX";
  if (!::mkdtemp(directory)) return 1;
  {
    std::vector<std::unique_ptr<Tick>> ticks;
    Rests rests;
    const auto address = MUST(net::SocketAddress::parse("127.0.0.1:0"));
    auto listening = MUST(net::listen_stream(address));
    ApiServerOptions options{.spool_directory = directory};
    if (std::getenv("STUB_QUICK")) {
      options.max_connections = 8;
      options.max_bodies = 500'000;
      options.head_timeout = options.body_timeout = options.idle_timeout = std::chrono::milliseconds(300);
    }
    if (std::getenv("STUB_NARROW")) {
      options.max_connections = 8;
      options.patience = std::chrono::milliseconds(100);
    }
    ApiServer server(loop, std::move(listening), stub.facade(), routes(loop, ticks, rests), options, log);
    std::printf("%u\n", server.address().port());
    std::fflush(stdout);
    Leash leash(loop);
    loop.run();
  }
  return ::rmdir(directory);  // fails where an upload was left
}

}  // namespace
}  // namespace weir::wire

// api_stub_server [KEY SECRET]
int main(int argc, char** argv) {
  weir::sign::Keys keys;
  if (argc == 3) keys.emplace(argv[1], argv[2]);
  return weir::wire::serve(std::move(keys));
}
