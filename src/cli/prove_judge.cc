#include "cli/prove_judge.h"

#include <fmt/format.h>

#include "base/check.h"
#include "cli/prove_grpc.h"

namespace weir::cli {

std::string printable(std::string text) {
  text.resize(std::min(text.size(), kProveExample));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '.';
  }
  return text;
}

// The options have checked both patterns.
ProveJudge::ProveJudge(const ProveLoad& load)
    : load_(load), expected_(MUST(Regex::compile(load.expect_pattern))), version_(load.version_pattern) {}

ProveOutcome ProveJudge::judge(const ProveAnswer& answer) {
  ProveOutcome outcome{.cause = cause_of(answer), .version = version_of(answer)};
  if (!outcome.cause.empty()) {
    outcome.example = printable(answer.grpc_message.empty() ? answer.body : answer.grpc_message);
  }
  return outcome;
}

std::string ProveJudge::cause_of(const ProveAnswer& answer) const {
  const bool status_ok = load_.protocol == ProveProtocol::websocket        ? answer.status == 101
                         : load_.expect_status && !is_grpc(load_.protocol) ? answer.status == *load_.expect_status
                                                                           : answer.status / 100 == 2;
  if (!status_ok) return "status " + std::to_string(answer.status);
  if (is_grpc(load_.protocol)) {
    if (std::string cause = cause_of_grpc(answer); !cause.empty()) return cause;
  }
  if (is_conversation(load_.protocol) && answer.messages != load_.messages) {
    return fmt::format("protocol error: {} of {} messages", answer.messages, load_.messages);
  }
  if (answer.body.find(load_.expect_text) == std::string::npos) return "body mismatch";
  if (!load_.expect_pattern.empty() && !expected_.found_in(answer.body)) return "body mismatch";
  return "";
}

std::string ProveJudge::cause_of_grpc(const ProveAnswer& answer) const {
  if (answer.grpc_status.empty()) return "protocol error: no grpc-status";
  if (answer.grpc_status != "0") return "grpc-status " + printable(answer.grpc_status);
  if (load_.protocol == ProveProtocol::grpc_stream) return "";
  const bool one = !answer.body.empty() && answer.body[0] == 0 && grpc_frame_size(answer.body) == answer.body.size();
  return one || answer.body.size() == kProveMaxBody ? "" : "protocol error: not one message";
}

std::string ProveJudge::version_of(const ProveAnswer& answer) {
  if (!load_.version_header.empty()) return answer.version;
  const std::string text = answer.body.substr(0, kProveVersionText);
  if (text == last_text_) return last_version_;
  std::smatch match;
  last_version_ = std::regex_search(text, match, version_) ? printable(match[1].str()) : "";
  last_text_ = text;
  return last_version_;
}

}  // namespace weir::cli
