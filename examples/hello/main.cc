// hello: the smallest service worth deploying, and a badly behaved one on request.
//
//   GET /        hello VERSION from PORT
//   GET /health  200, or 503 with FAIL_HEALTH=1
//   GET /ws      WebSocket: each message comes back with ", hello VERSION" after it
//
// From the environment: PORT (8080) and VERSION; for tests START_DELAY_MS (before it listens), SLOW_MS (each request
// but /health), HANG=1 (connections are taken and never answered), STATUS (what / answers with), CRASH_AFTER_MS (exit
// code 1, once it listens), FAIL_HEALTH=1 and IGNORE_SIGTERM=1. SIGTERM and SIGINT: finishes what is in flight, then
// exits with 0.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "http/server.h"

namespace {

std::string setting(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value ? value : fallback;
}

std::chrono::milliseconds milliseconds(const char* name) {
  return std::chrono::milliseconds(std::atoi(setting(name, "0").c_str()));
}

// Waits that long for one of the signals. Whether one came.
bool ends_within(const sigset_t& ends, std::chrono::milliseconds time) {
  timespec wait{time.count() / 1000, time.count() % 1000 * 1'000'000};
  return sigtimedwait(&ends, nullptr, &wait) > 0;
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // every thread; one of them waits for the signal

  const std::string version = setting("VERSION", "unversioned");
  const int status = std::atoi(setting("STATUS", "200").c_str());
  const bool healthy = setting("FAIL_HEALTH", "0") != "1";
  const bool hangs = setting("HANG", "0") == "1";
  const auto slow = milliseconds("SLOW_MS"), crash_after = milliseconds("CRASH_AFTER_MS");
  int port = std::atoi(setting("PORT", "8080").c_str());
  const bool deaf = setting("IGNORE_SIGTERM", "0") == "1";
  if (ends_within(ends, milliseconds("START_DELAY_MS")) && !deaf) return 0;

  example::HttpServer server([&](const example::Request& request) -> example::Response {
    while (hangs) pause();
    if (request.path == "/health") return healthy ? example::Response{200, "ok\n"} : example::Response{503, "sick\n"};
    std::this_thread::sleep_for(slow);
    if (request.path == "/ws" && !request.websocket_key.empty()) return {101, ", hello " + version};
    if (request.path != "/") return {404, "only /, /health and, for WebSocket, /ws\n"};
    return {status, "hello " + version + " from " + std::to_string(port) + "\n"};
  });
  if (!server.listen(port)) {
    std::fprintf(stderr, "hello: cannot listen on port %d: %s\n", port, std::strerror(errno));
    return 1;
  }
  port = server.port();
  std::printf("hello %s listens on port %d\n", version.c_str(), port);

  std::thread([&] {
    int signal = 0;
    do {
      sigwait(&ends, &signal);
      std::printf("hello %s got signal %d\n", version.c_str(), signal);
    } while (deaf);
    server.stop();
  }).detach();
  if (crash_after.count() > 0) {
    std::thread([crash_after] {
      std::this_thread::sleep_for(crash_after);
      std::fprintf(stderr, "hello: crashing as asked\n");
      _exit(1);
    }).detach();
  }
  server.serve();
  std::printf("hello %s is done\n", version.c_str());
  std::fflush(stdout);
  _exit(0);
}
