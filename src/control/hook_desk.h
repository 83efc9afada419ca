// HookDesk: which calls of lifecycle hooks' targets are under way in the life of this process, and the replies that no
// service has heard yet. The next process makes those calls again whose end it has not heard. One thread (the control
// thread); owned by Control.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/hook_runs.h"

namespace weir::control {

class HookDesk {
 public:
  std::function<void(const HookCall&)> calls;  // makes a call; without it there is nobody to make it

  // Each call once, however often it is asked for.
  void call(const std::vector<HookCall>& wished) {
    for (const auto& one : wished) {
      const auto [known, is_new] = under_way_.try_emplace(one.id, one.number);
      if (!calls || (!is_new && known->second == one.number)) continue;
      known->second = one.number;
      calls(one);
    }
  }
  void hear(const HookCall& call, HookReply reply) {
    under_way_.erase(call.id);
    replies_[call.service].push_back(std::move(reply));
  }
  // To the service of this key.
  std::vector<HookReply> replies_to(const std::string& service) const {
    const auto found = replies_.find(service);
    return found == replies_.end() ? std::vector<HookReply>() : found->second;
  }
  void forget_replies(const std::string& service) { replies_.erase(service); }

 private:
  std::map<std::string, std::int32_t> under_way_;          // by HookRun.id: the call's number
  std::map<std::string, std::vector<HookReply>> replies_;  // by the service's key
};

}  // namespace weir::control
