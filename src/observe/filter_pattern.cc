#include "observe/filter_pattern.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "observe/json_pattern.h"
#include "observe/limits.h"

namespace weir::observe {

struct FilterPattern::Test {
  std::vector<std::string> wanted;    // all of them
  std::vector<std::string> unwanted;  // none of them
  std::vector<std::string> optional;  // one of them, where nothing else is said
  std::shared_ptr<const JsonCondition> json;

  bool holds(std::string_view message) const {
    const auto has = [&](const std::string& term) { return message.find(term) != std::string_view::npos; };
    if (json) {
      const std::size_t begin = message.find_first_not_of(" \t\r\n");
      if (begin == std::string_view::npos || message[begin] != '{') return false;
      const auto parsed = Json::parse(message);
      return parsed && json->holds(*parsed);
    }
    if (!std::ranges::all_of(wanted, has) || std::ranges::any_of(unwanted, has)) return false;
    // Beside other terms the alternatives say nothing, as AWS has it.
    return optional.empty() || !wanted.empty() || !unwanted.empty() || std::ranges::any_of(optional, has);
  }
};

namespace {

// Takes one term off the front of `rest`, which begins with it.
Result<std::string> take_term(std::string_view& rest) {
  std::string term;
  if (rest.starts_with('%')) return bad_pattern("regular expressions are not supported by Weir");
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find_first_of(" \t\r\n\""), rest.size());
    if (end == 0) return bad_pattern("there is no term after - or ?");
    term = rest.substr(0, end);
    rest.remove_prefix(end);
    return term;
  }
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      rest.remove_prefix(at + 1);
      return term;
    }
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    term += rest[at];
  }
  return bad_pattern("a quotation does not end");
}

}  // namespace

Result<FilterPattern> FilterPattern::parse(std::string_view pattern) {
  auto test = std::make_shared<Test>();
  const auto skip_spaces = [&] {
    pattern.remove_prefix(std::min(pattern.find_first_not_of(" \t\r\n"), pattern.size()));
  };
  skip_spaces();
  if (pattern.starts_with('{')) {
    test->json = TRY(parse_json_pattern(pattern));
    return FilterPattern(std::move(test));
  }
  if (pattern.starts_with('[')) return bad_pattern("space-delimited patterns are not supported by Weir");
  for (std::size_t terms = 0; !pattern.empty(); ++terms) {
    if (terms == kMaxPatternTerms) return bad_pattern("it has too many terms");
    auto* list = pattern.front() == '-' ? &test->unwanted : pattern.front() == '?' ? &test->optional : &test->wanted;
    if (list != &test->wanted) pattern.remove_prefix(1);
    list->push_back(TRY(take_term(pattern)));
    skip_spaces();
  }
  return FilterPattern(std::move(test));
}

bool FilterPattern::matches(std::string_view message) const { return test_->holds(message); }

}  // namespace weir::observe
