// Decides whether an answer is what was expected, and who gave it. One thread.
#pragma once

#include <regex>
#include <string>

#include "base/regex.h"
#include "cli/prove_account.h"
#include "cli/prove_connection.h"

namespace weir::cli {

// The beginning of what was received, fit for a terminal.
std::string printable(std::string text);

class ProveJudge {
 public:
  explicit ProveJudge(const ProveLoad& load);
  ProveOutcome judge(const ProveAnswer& answer);

 private:
  std::string cause_of(const ProveAnswer& answer) const;
  std::string cause_of_grpc(const ProveAnswer& answer) const;
  std::string version_of(const ProveAnswer& answer);

  const ProveLoad& load_;
  Regex expected_;
  std::regex version_;
  std::string last_text_, last_version_;  // answers repeat themselves
};

}  // namespace weir::cli
