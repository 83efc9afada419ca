#include "observe/alarm_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "observe/limits.h"

namespace weir::observe {

namespace {

constexpr std::string_view kStates[] = {"ALARM", "OK", "INSUFFICIENT_DATA"};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.:/").find(c) != std::string_view::npos;
}

// "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME" as NAME; a name as it is.
std::string name_of(std::string alarm) {
  constexpr std::string_view kBefore = ":alarm:";
  const std::size_t at = alarm.starts_with("arn:") ? alarm.find(kBefore) : std::string::npos;
  return at == std::string::npos ? alarm : alarm.substr(at + kBefore.size());
}

}  // namespace

class AlarmRuleParser {
 public:
  explicit AlarmRuleParser(std::string_view text) : text_(text) {}

  Result<AlarmRule> rule() {
    TRY(disjunction(0));
    skip();
    if (at_ != text_.size()) return wrong("the rule goes on where it should end");
    if (rule_.alarms_.size() > kMostRuleAlarms) {
      return wrong(fmt::format("it speaks of more than {} alarms", kMostRuleAlarms));
    }
    return std::move(rule_);
  }

 private:
  using Node = AlarmRule::Node;
  using Kind = AlarmRule::Kind;
  using Index = std::size_t;

  std::unexpected<Error> wrong(const std::string& what) const {
    return fail("AlarmRule", fmt::format("{} (at character {})", what, at_ + 1), ErrorSource::client);
  }
  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // The word that comes next, which stays.
  std::string_view word() {
    skip();
    std::size_t end = at_;
    while (end < text_.size() && is_plain(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view wanted) {
    if (word() != wanted) return false;
    at_ += wanted.size();
    return true;
  }
  Result<Index> add(Node node) {
    if (rule_.nodes_.size() >= kMostRuleNodes) return wrong("the rule has too many elements");
    rule_.nodes_.push_back(std::move(node));
    return rule_.nodes_.size() - 1;
  }
  // "X AND X AND X" and the like.
  template <class Part>
  Result<Index> chain(Kind kind, std::string_view joint, Part part) {
    std::vector<Index> parts{TRY(part())};
    while (take_word(joint)) parts.push_back(TRY(part()));
    if (parts.size() == 1) return parts[0];
    return add({.kind = kind, .of = std::move(parts)});
  }
  Result<Index> disjunction(std::size_t depth) {
    if (depth > kMostMathDepth) return wrong("the rule is nested too deeply");
    return chain(Kind::disjunction, "OR", [&] { return conjunction(depth); });
  }
  Result<Index> conjunction(std::size_t depth) {
    return chain(Kind::conjunction, "AND", [&] { return element(depth); });
  }
  Result<Index> element(std::size_t depth) {
    if (take_word("NOT")) {
      if (depth > kMostMathDepth) return wrong("the rule is nested too deeply");
      const Index inner = TRY(element(depth + 1));
      return add({.kind = Kind::negation, .of = {inner}});
    }
    if (take_word("TRUE")) return add({.kind = Kind::constant, .value = true});
    if (take_word("FALSE")) return add({.kind = Kind::constant, .value = false});
    if (take('(')) {
      const Index inner = TRY(disjunction(depth + 1));
      if (!take(')')) return wrong("a closing bracket is missing");
      return inner;
    }
    const std::string_view state = word();
    if (std::ranges::find(kStates, state) == std::end(kStates)) {
      return wrong(fmt::format("'{}' is none of ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT", state));
    }
    at_ += state.size();
    if (!take('(')) return wrong("an opening bracket is missing");
    std::string alarm = TRY(name());
    if (!take(')')) return wrong("a closing bracket is missing");
    rule_.alarms_.insert(alarm);
    return add({.kind = Kind::state, .state = std::string(state), .alarm = std::move(alarm)});
  }
  Result<std::string> name() {
    std::string name;
    if (take('"')) {
      while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        name += text_[at_++];
      }
      if (!take('"')) return wrong("a closing quote is missing");
    } else {
      name = word();
      at_ += name.size();
    }
    if (name.empty()) return wrong("the name of an alarm is missing");
    return name_of(std::move(name));
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  AlarmRule rule_;
};

Result<AlarmRule> AlarmRule::parse(std::string_view text) { return AlarmRuleParser(text).rule(); }

bool AlarmRule::holds(const std::function<std::string(const std::string& name)>& state_of) const {
  return holds(nodes_.size() - 1, state_of);
}

// A node is one level above those that it is made of, so that this goes no deeper than the parser did.
bool AlarmRule::holds(std::size_t node, const std::function<std::string(const std::string& name)>& state_of) const {
  const Node& at = nodes_[node];
  const auto holds_too = [&](std::size_t part) { return holds(part, state_of); };
  switch (at.kind) {
    case Kind::constant:
      return at.value;
    case Kind::state:
      return state_of(at.alarm) == at.state;
    case Kind::negation:
      return !holds_too(at.of[0]);
    case Kind::conjunction:
      return std::ranges::all_of(at.of, holds_too);
    case Kind::disjunction:
      return std::ranges::any_of(at.of, holds_too);
  }
  return false;
}

}  // namespace weir::observe
