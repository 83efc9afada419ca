// What both echo programs share: settings, their log, and the wait for the signal that ends them.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace echo {

inline std::string setting(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

// One line on stderr: "2026/11/21 07:30:15 text".
inline void log(const std::string& text) {
  char when[32];
  std::time_t now = std::time(nullptr);
  std::tm calendar{};
  localtime_r(&now, &calendar);
  std::strftime(when, sizeof when, "%Y/%m/%d %H:%M:%S", &calendar);
  std::fprintf(stderr, "%s %s\n", when, text.c_str());
}

// The signals that end a program, blocked for every thread that begins after this was made.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
  }

 private:
  sigset_t set_;
};

}  // namespace echo
