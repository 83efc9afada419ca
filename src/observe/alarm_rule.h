// AlarmRule: what a composite alarm says of other alarms: ALARM("a"), OK(b) and INSUFFICIENT_DATA(c) with AND, OR, NOT,
// TRUE, FALSE and brackets. NOT binds more than AND, AND more than OR. An alarm is meant by its name or its ARN, in
// double quotes where it has other characters than letters, digits and - _ . : / in it. A value; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::observe {

class AlarmRule {
 public:
  // Errors: "AlarmRule", with what is wrong and where.
  static Result<AlarmRule> parse(std::string_view text);

  // The names of the alarms that it speaks of.
  const std::set<std::string>& alarms() const { return alarms_; }
  // `state_of`: OK, ALARM or INSUFFICIENT_DATA of an alarm by its name; empty where there is none, of which nothing
  // holds.
  bool holds(const std::function<std::string(const std::string& name)>& state_of) const;

 private:
  friend class AlarmRuleParser;
  enum class Kind : unsigned char { constant, state, negation, conjunction, disjunction };
  struct Node {
    Kind kind = Kind::constant;
    bool value = false;           // of a constant
    std::string state;            // of a state
    std::string alarm;            // of a state
    std::vector<std::size_t> of;  // nodes before this one
  };
  bool holds(std::size_t node, const std::function<std::string(const std::string& name)>& state_of) const;

  std::vector<Node> nodes_;  // the last one is the rule
  std::set<std::string> alarms_;
};

}  // namespace weir::observe
