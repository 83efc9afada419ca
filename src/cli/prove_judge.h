// Decides whether an answer is what was expected, and who gave it. One thread.
#pragma once

#include <regex>
#include <string>

#include "cli/prove_account.h"
#include "cli/prove_connection.h"

namespace weir::cli {

class ProveJudge {
 public:
  explicit ProveJudge(const ProveOptions& options);
  ProveOutcome judge(const ProveAnswer& answer);

 private:
  std::string cause_of(const ProveAnswer& answer) const;
  std::string version_of(const ProveAnswer& answer);

  const ProveOptions& options_;
  std::regex pattern_;
  std::string last_text_, last_version_;  // answers repeat themselves
};

}  // namespace weir::cli
