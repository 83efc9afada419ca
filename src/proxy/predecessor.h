// Predecessor: the process that this one follows: what it leaves, the word to serve, and then what it still has under
// way until it ends. Where it dies before it has given the word, its heir serves all the same: it has everything. One
// thread (the main loop); owned by the DataPlane.
#pragma once

#include <functional>
#include <memory>

#include "proxy/inheritance.h"
#include "route/feedback.h"

namespace weir::proxy {

class Predecessor {
 public:
  struct Calls {
    std::function<void(Inheritance)> inherit;  // perhaps again, with a newer table
    std::function<void()> serve;               // after the last inherit()
    std::function<void()> news;                // feedback() has changed
    std::function<void()> gone;
    std::function<void(const Error&)> unusable;  // what it left cannot be used, or it left nothing
  };
  Predecessor(net::Loop& loop, net::Fd socket, Calls calls);

  // What it left runs here, at this version.
  void say_ready(std::int64_t version);
  void say_serving();
  // A newer table for what it still has under way.
  void pass_on(const route::RouteTable& table);
  // It shall not take much longer.
  void hurry();

  // As it was told last: counts of what it has done, and has in flight.
  const route::Feedback& feedback() const { return feedback_; }
  // How many processes it and those before it are.
  unsigned draining() const { return draining_; }

 private:
  void take(const Json& message);
  void take_feedback(const Json& message);
  void closed();

  Calls calls_;
  InheritanceReader reader_;
  bool inherited_ = false;
  bool serving_ = false;
  unsigned draining_ = 1;
  route::Feedback feedback_;
  KinLink link_;
};

}  // namespace weir::proxy
