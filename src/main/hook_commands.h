// HookCommands: local commands in place of Lambda functions, as the targets of deployments' lifecycle hooks. The
// command of function NAME is run by /bin/sh with the hook's event on its input and answers with JSON on its output, as
// the function would. On one Loop; owned by the Server.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "base/log.h"
#include "control/hook_runs.h"
#include "net/fd.h"
#include "net/loop.h"

namespace weir {

using HookCommandsByName = std::map<std::string, std::string, std::less<>>;  // function name to shell command

class HookCommands {
 public:
  using Reply = std::function<void(const control::HookCall&, control::HookReply)>;

  // `longest`: how long a command may run. `reply` is told each call's end, never from within call().
  HookCommands(net::Loop& loop, Log& log, HookCommandsByName commands, Duration longest, Reply reply);
  // Kills what still runs: the next control process calls again.
  ~HookCommands();

  void call(const control::HookCall& call);

 private:
  class Run;
  void end(Run& run, control::HookReply reply);

  net::Loop& loop_;
  Log& log_;
  const HookCommandsByName commands_;
  const Duration longest_;
  const Reply reply_;
  std::list<Run> runs_;
};

// "approve" of "arn:aws:lambda:eu-west-1:000000000000:function:approve" with or without a version; empty where it is no
// ARN of a function.
std::string function_name(std::string_view arn);

}  // namespace weir
