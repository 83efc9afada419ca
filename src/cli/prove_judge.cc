#include "cli/prove_judge.h"

namespace weir::cli {
namespace {

// A gRPC body of one message: a byte that says "not compressed", four of length, the message.
bool is_one_message(const std::string& body) {
  if (body.size() < 5 || body[0] != 0) return false;
  std::size_t size = 0;
  for (int i = 1; i < 5; ++i) size = size << 8 | static_cast<unsigned char>(body[static_cast<std::size_t>(i)]);
  return size == body.size() - 5 || body.size() == kProveMaxBody;
}

std::string printable(std::string text) {
  text.resize(std::min(text.size(), kProveExample));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '.';
  }
  return text;
}

}  // namespace

ProveJudge::ProveJudge(const ProveOptions& options) : options_(options), pattern_(options.version_pattern) {}

ProveOutcome ProveJudge::judge(const ProveAnswer& answer) {
  ProveOutcome outcome{.cause = cause_of(answer), .version = version_of(answer)};
  if (!outcome.cause.empty()) {
    outcome.example = printable(answer.grpc_message.empty() ? answer.body : answer.grpc_message);
  }
  return outcome;
}

std::string ProveJudge::cause_of(const ProveAnswer& answer) const {
  const bool grpc = options_.protocol == ProveProtocol::grpc;
  const bool status_ok = options_.expect_status ? answer.status == *options_.expect_status : answer.status / 100 == 2;
  if (!status_ok) return "status " + std::to_string(answer.status);
  if (grpc && answer.grpc_status.empty()) return "protocol error: no grpc-status";
  if (grpc && answer.grpc_status != "0") return "grpc-status " + printable(answer.grpc_status);
  if (grpc && !is_one_message(answer.body)) return "protocol error: not one message";
  if (answer.body.find(options_.expect_text) == std::string::npos) return "body mismatch";
  return "";
}

std::string ProveJudge::version_of(const ProveAnswer& answer) {
  if (!options_.version_header.empty()) return answer.version;
  const std::string text = answer.body.substr(0, kProveVersionText);
  if (text == last_text_) return last_version_;
  std::smatch match;
  last_version_ = std::regex_search(text, match, pattern_) ? printable(match[1].str()) : "";
  last_text_ = text;
  return last_version_;
}

}  // namespace weir::cli
