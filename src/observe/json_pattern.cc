#include "observe/json_pattern.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "observe/limits.h"

namespace weir::observe {

std::unexpected<Error> bad_pattern(const std::string& why) {
  return fail("InvalidParameterException", "Invalid filter pattern: " + why, ErrorSource::client);
}

namespace {

using Condition = std::shared_ptr<const JsonCondition>;

// One step of a selector: a member, or an element of a list (-1: any).
struct Step {
  std::string member;
  std::optional<std::int64_t> index;
};
using Selector = std::vector<Step>;

// Calls see(value) for what the selector leads to, until it says true.
template <class See>
bool any_selected(const Json& json, std::span<const Step> steps, const See& see) {
  if (steps.empty()) return see(json);
  const Step& step = steps.front();
  if (!step.index) {
    const Json* member = json.is_object() ? json.find(step.member) : nullptr;
    return member && any_selected(*member, steps.subspan(1), see);
  }
  const auto& items = json.items();
  if (*step.index >= 0) {
    const auto at = static_cast<std::size_t>(*step.index);
    return at < items.size() && any_selected(items[at], steps.subspan(1), see);
  }
  return std::ranges::any_of(items, [&](const Json& item) { return any_selected(item, steps.subspan(1), see); });
}

// Whether `text` is like `wild`, in which "*" stands for anything.
bool is_like(std::string_view text, std::string_view wild) {
  std::size_t at = 0, in = 0, star = std::string_view::npos, resume = 0;
  while (at < text.size()) {
    if (in < wild.size() && wild[in] == '*') {
      star = in++;
      resume = at;
    } else if (in < wild.size() && wild[in] == text[at]) {
      ++in, ++at;
    } else if (star != std::string_view::npos) {
      in = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return wild.find_first_not_of('*', in) == std::string_view::npos;
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

enum class Compare { equal, unequal, less, greater, at_most, at_least, is_true, is_false, is_null, missing };

bool orders(double held, Compare compare, double wanted) {
  switch (compare) {
    case Compare::less:
      return held < wanted;
    case Compare::greater:
      return held > wanted;
    case Compare::at_most:
      return held <= wanted;
    case Compare::at_least:
      return held >= wanted;
    default:
      return held == wanted;
  }
}

class Comparison final : public JsonCondition {
 public:
  Comparison(Selector selector, Compare compare, std::string wanted, bool quoted)
      : selector_(std::move(selector)), compare_(compare), wanted_(std::move(wanted)) {
    if (!quoted) number_ = number_of(wanted_);
  }

  bool holds(const Json& message) const override {
    const auto selected = [&](auto see) { return any_selected(message, selector_, see); };
    switch (compare_) {
      case Compare::missing:
        return !selected([](const Json&) { return true; });
      case Compare::is_true:
      case Compare::is_false:
        return selected([&](const Json& one) { return one == Json(compare_ == Compare::is_true); });
      case Compare::is_null:
        return selected([](const Json& one) { return one.is_null(); });
      case Compare::unequal:
        return selected([&](const Json& one) { return !equals(one); });
      default:
        return selected([&](const Json& one) { return equals(one); });
    }
  }

 private:
  bool equals(const Json& held) const {
    if (number_ && held.is_number()) {
      return orders(held.as_double(), compare_ == Compare::unequal ? Compare::equal : compare_, *number_);
    }
    if (compare_ != Compare::equal && compare_ != Compare::unequal) return false;
    if (held.is_string()) return is_like(held.as_string(), wanted_);
    return (held.is_number() || held.is_bool()) && is_like(held.dump(), wanted_);
  }

  const Selector selector_;
  const Compare compare_;
  const std::string wanted_;
  std::optional<double> number_;
};

class Joined final : public JsonCondition {
 public:
  Joined(bool all, std::vector<Condition> parts) : all_(all), parts_(std::move(parts)) {}
  bool holds(const Json& message) const override {
    const auto one_holds = [&](const Condition& one) { return one->holds(message); };
    return all_ ? std::ranges::all_of(parts_, one_holds) : std::ranges::any_of(parts_, one_holds);
  }

 private:
  const bool all_;
  const std::vector<Condition> parts_;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<Condition> whole() {
    if (!take("{")) return bad_pattern("a JSON pattern begins with {");
    Condition condition = TRY(either(0));
    if (!take("}")) return bad_pattern("there is no } where one is due");
    skip_spaces();
    if (!rest_.empty()) return bad_pattern("there is something after the }");
    return condition;
  }

 private:
  Result<Condition> either(std::size_t depth) { return joined(depth, "||"); }

  // "&&" binds tighter than "||".
  Result<Condition> joined(std::size_t depth, std::string_view word) {
    if (depth > kMaxPatternDepth) return bad_pattern("it is nested too deeply");
    const bool all = word == "&&";
    std::vector<Condition> parts;
    do {
      parts.push_back(all ? TRY(one(depth)) : TRY(joined(depth, "&&")));
      if (++terms_ > 2 * kMaxPatternTerms) return bad_pattern("it has too many conditions");
    } while (take(word));
    if (parts.size() == 1) return parts.front();
    return std::make_shared<Joined>(all, std::move(parts));
  }

  Result<Condition> one(std::size_t depth) {
    if (take("(")) {
      Condition inner = TRY(either(depth + 1));
      if (!take(")")) return bad_pattern("there is no ) where one is due");
      return inner;
    }
    Selector path = TRY(selector());
    static constexpr std::pair<std::string_view, Compare> kWords[] = {
        {"NOT EXISTS", Compare::missing},
        {"IS TRUE", Compare::is_true},
        {"IS FALSE", Compare::is_false},
        {"IS NULL", Compare::is_null},
    };
    for (const auto& [word, compare] : kWords) {
      if (take(word)) return std::make_shared<Comparison>(std::move(path), compare, "", true);
    }
    static constexpr std::pair<std::string_view, Compare> kSigns[] = {
        {"!=", Compare::unequal}, {"<=", Compare::at_most}, {">=", Compare::at_least},
        {"=", Compare::equal},    {"<", Compare::less},     {">", Compare::greater},
    };
    for (const auto& [sign, compare] : kSigns) {
      if (!take(sign)) continue;
      auto [text, quoted] = TRY(value());
      const bool ordering = compare != Compare::equal && compare != Compare::unequal;
      if (ordering && (quoted || !number_of(text))) return bad_pattern("only a number is less or greater");
      return std::make_shared<Comparison>(std::move(path), compare, std::move(text), quoted);
    }
    return bad_pattern("there is no comparison after a selector");
  }

  Result<Selector> selector() {
    skip_spaces();
    if (!rest_.starts_with('$')) return bad_pattern("a selector begins with $");
    rest_.remove_prefix(1);
    Selector path;
    while (rest_.starts_with('.') || rest_.starts_with('[')) {
      if (path.size() >= kMaxJsonDepth) return bad_pattern("a selector is too long");
      const bool bracket = rest_.front() == '[';
      rest_.remove_prefix(1);
      path.push_back(bracket ? TRY(bracketed()) : TRY(named()));
    }
    if (path.empty()) return bad_pattern("a selector names no member");
    return path;
  }

  Result<Step> named() {
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n.[]=!<>(){}&|\""), rest_.size());
    if (end == 0) return bad_pattern("a selector's member has no name");
    Step step{.member = std::string(rest_.substr(0, end))};
    rest_.remove_prefix(end);
    return step;
  }

  Result<Step> bracketed() {
    const std::size_t end = rest_.find(']');
    if (end == std::string_view::npos) return bad_pattern("there is no ] where one is due");
    const std::string_view inner = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (inner == "*") return Step{.index = -1};
    if (inner.size() >= 2 && (inner.front() == '\'' || inner.front() == '"') && inner.back() == inner.front()) {
      return Step{.member = std::string(inner.substr(1, inner.size() - 2))};
    }
    std::int64_t index = 0;
    const auto [last, error] = std::from_chars(inner.data(), inner.data() + inner.size(), index);
    if (error != std::errc() || last != inner.data() + inner.size() || index < 0) {
      return bad_pattern("an index is a number or *");
    }
    return Step{.index = index};
  }

  // The text and whether it was quoted.
  Result<std::pair<std::string, bool>> value() {
    skip_spaces();
    std::string text;
    if (!rest_.starts_with('"')) {
      if (rest_.starts_with('%')) return bad_pattern("regular expressions are not supported by Weir");
      const std::size_t end = std::min(rest_.find_first_of(" \t\r\n(){}&|\"=<>"), rest_.size());
      if (end == 0) return bad_pattern("there is no value where one is due");
      text = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return std::pair{std::move(text), false};
    }
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == '"') {
        rest_.remove_prefix(at + 1);
        return std::pair{std::move(text), true};
      }
      if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
      text += rest_[at];
    }
    return bad_pattern("a quotation does not end");
  }

  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool take(std::string_view word) {
    skip_spaces();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view rest_;
  std::size_t terms_ = 0;
};

}  // namespace

Result<Condition> parse_json_pattern(std::string_view pattern) { return Reader(pattern).whole(); }

}  // namespace weir::observe
