// Successor: the process that is to follow this one, from its start until it serves; then the way to it while this one
// finishes what is under way. Nothing is lost where it fails: until it serves, this process does. One thread (the main
// loop); owned by the DataPlane.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/timer.h"
#include "proxy/inheritance.h"
#include "route/feedback.h"

namespace weir::proxy {

// Names the descriptor, in the environment of a successor, of its link to whom it follows.
inline constexpr const char* kPredecessorVariable = "WEIR_PREDECESSOR";

class Successor {
 public:
  struct Calls {
    std::function<Inheritance()> inheritance;           // what there is to leave, now
    std::function<bool(std::int64_t version)> current;  // whether a successor that runs this version may serve
    std::function<void()> about_to_serve;               // from here on nothing may change, until one of these two
    std::function<void()> serves;
    std::function<void(const std::string& why)> failed;
    std::function<void(const Json&)> message;  // once it serves
    std::function<void()> gone;                // once it served
  };
  // `command`: program and arguments. Errors: "Io" where it cannot be started.
  static Result<std::unique_ptr<Successor>> start(net::Loop& loop, const std::vector<std::string>& command,
                                                  Calls calls);
  ~Successor();  // ends the process, unless it serves

  void tell(std::string message) { link_->send(std::move(message)); }
  pid_t pid() const { return pid_; }
  void hang_up();  // sends it the signal SIGHUP

 private:
  enum class State { starting, about_to_serve, serving, failed };
  Successor(net::Loop& loop, net::Fd socket, Calls calls);
  void take(const Json& message);
  void closed();
  void fail(const std::string& why);

  net::Loop& loop_;
  pid_t pid_ = 0;
  net::Fd pidfd_;
  Calls calls_;
  State state_ = State::starting;
  net::Timer limit_;
  std::unique_ptr<KinLink> link_;
};

}  // namespace weir::proxy
