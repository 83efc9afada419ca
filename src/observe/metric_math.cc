#include "observe/metric_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "observe/limits.h"

namespace weir::observe {

enum class Kind : std::uint8_t { number, name, list, binary, negate, call, repeat };

struct MathExpression::Node {
  Kind kind = Kind::number;
  double number = 0;
  std::string text;  // a name, an operator, a function
  std::vector<std::unique_ptr<Node>> parts;
};

namespace {

using Node = MathExpression::Node;
using NodePointer = std::unique_ptr<Node>;

std::unexpected<Error> wrong(std::string message) { return fail("Math", std::move(message), ErrorSource::client); }

struct Function {
  std::string_view name;
  std::size_t least, most;  // arguments
};
constexpr Function kMathFunctions[] = {
    {"ABS", 1, 1}, {"AVG", 1, 1}, {"CEIL", 1, 1},    {"DIFF", 1, 1},   {"FILL", 2, 2}, {"FLOOR", 1, 1}, {"IF", 2, 3},
    {"MAX", 1, 1}, {"MIN", 1, 1}, {"METRICS", 0, 0}, {"PERIOD", 1, 1}, {"RATE", 1, 1}, {"SUM", 1, 1},
};
// Functions that AWS has besides.
constexpr std::string_view kOthers[] = {"ANOMALY_DETECTION_BAND",
                                        "DATAPOINT_COUNT",
                                        "DB_PERF_INSIGHTS",
                                        "DIFF_TIME",
                                        "EPOCH",
                                        "FIRST",
                                        "LAST",
                                        "DAY",
                                        "DATE",
                                        "HOUR",
                                        "INSIGHT_RULE_METRIC",
                                        "LAMBDA",
                                        "LOG",
                                        "LOG10",
                                        "METRIC_COUNT",
                                        "MINUTE",
                                        "MONTH",
                                        "REMOVE_EMPTY",
                                        "RUNNING_SUM",
                                        "SEARCH",
                                        "SERVICE_QUOTA",
                                        "SLICE",
                                        "SORT",
                                        "STDDEV",
                                        "TIME_SERIES",
                                        "YEAR",
                                        "RATE_PER",
                                        "SELECT"};

// --- reading ----------------------------------------------------------------------------------------------------

// Operators by how loosely they bind.
constexpr std::string_view kLevels[][6] = {{"||", "OR"}, {"&&", "AND"}, {"<=", ">=", "==", "!=", "<", ">"},
                                           {"+", "-"},   {"*", "/"},    {"^"}};
constexpr std::size_t kLevelCount = std::size(kLevels);

class Parser {
 public:
  Parser(std::string_view text, std::set<std::string>& names, bool& uses_metrics)
      : text_(text), names_(names), uses_metrics_(uses_metrics) {}

  Result<NodePointer> whole() {
    NodePointer node = TRY(binary(0, 0));
    skip();
    if (at_ != text_.size()) return unexpected();
    return node;
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool take(std::string_view word) {
    skip();
    if (!text_.substr(at_).starts_with(word)) return false;
    const bool letters = word[0] >= 'A' && word[0] <= 'Z';
    if (letters && at_ + word.size() < text_.size() && is_word(text_[at_ + word.size()])) return false;
    at_ += word.size();
    return true;
  }
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  std::unexpected<Error> unexpected() const {
    return wrong(at_ == text_.size() ? "the expression ends too early"
                                     : fmt::format("'{}' was not expected here", text_.substr(at_, 20)));
  }

  Result<NodePointer> binary(std::size_t level, std::size_t depth) {
    if (depth > kMostMathDepth) return wrong("the expression is too deep");
    if (level == kLevelCount) return unary(depth + 1);
    NodePointer left = TRY(binary(level + 1, depth));
    for (;;) {
      const auto found = std::ranges::find_if(kLevels[level], [&](auto word) { return !word.empty() && take(word); });
      if (found == std::end(kLevels[level])) return left;
      if (++nodes_ > kMostMathNodes) return wrong("the expression is too long");
      auto node = std::make_unique<Node>();
      node->kind = Kind::binary;
      node->text = *found == "OR" ? "||" : *found == "AND" ? "&&" : *found;
      node->parts.push_back(std::move(left));
      node->parts.push_back(TRY(binary(level + 1, depth + 1)));
      left = std::move(node);
    }
  }

  Result<NodePointer> unary(std::size_t depth) {
    if (depth > kMostMathDepth) return wrong("the expression is too deep");
    if (take("-")) {
      auto node = std::make_unique<Node>();
      node->kind = Kind::negate;
      node->parts.push_back(TRY(unary(depth + 1)));
      return node;
    }
    if (take("(")) {
      NodePointer node = TRY(binary(0, depth + 1));
      if (!take(")")) return unexpected();
      return node;
    }
    if (take("[")) return arguments("]", Kind::list, "", depth);
    skip();
    if (at_ < text_.size() && ((text_[at_] >= '0' && text_[at_] <= '9') || text_[at_] == '.')) return number();
    return name_or_call(depth);
  }

  Result<NodePointer> number() {
    auto node = std::make_unique<Node>();
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), node->number);
    if (error != std::errc()) return unexpected();
    at_ = static_cast<std::size_t>(end - text_.data());
    return node;
  }

  Result<NodePointer> name_or_call(std::size_t depth) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    std::string word(text_.substr(begin, at_ - begin));
    if (word.empty()) return unexpected();
    if (take("(")) {
      const auto function = std::ranges::find(kMathFunctions, word, &Function::name);
      if (function == std::end(kMathFunctions)) {
        if (std::ranges::find(kOthers, word) == std::end(kOthers)) return wrong(word + " is not a function");
        return fail("Unsupported", fmt::format("the function {} is not implemented by Weir", word),
                    ErrorSource::client);
      }
      NodePointer node = TRY(arguments(")", Kind::call, word, depth));
      if (node->parts.size() < function->least || node->parts.size() > function->most) {
        return wrong(fmt::format("{} does not take {} arguments", word, node->parts.size()));
      }
      uses_metrics_ = uses_metrics_ || word == "METRICS";
      return node;
    }
    auto node = std::make_unique<Node>();
    node->kind = word == "REPEAT" ? Kind::repeat : Kind::name;
    if (word == "LINEAR") {
      return fail("Unsupported", "LINEAR in FILL is not implemented by Weir", ErrorSource::client);
    }
    if (node->kind == Kind::name) {
      if (word[0] < 'a' || word[0] > 'z') return wrong(word + " is not the id of a metric");
      names_.insert(word);
    }
    node->text = std::move(word);
    return node;
  }

  Result<NodePointer> arguments(std::string_view end, Kind kind, std::string text, std::size_t depth) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->text = std::move(text);
    if (take(end)) return node;
    do {
      if (++nodes_ > kMostMathNodes) return wrong("the expression is too long");
      node->parts.push_back(TRY(binary(0, depth + 1)));
    } while (take(","));
    if (!take(end)) return unexpected();
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
  std::set<std::string>& names_;
  bool& uses_metrics_;
};

// --- evaluating -------------------------------------------------------------------------------------------------

std::optional<double> apply(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "/") return b == 0 ? std::nullopt : std::optional(a / b);  // no point where AWS has none
  if (op == "^") return std::pow(a, b);
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "<=") return a <= b;
  if (op == ">=") return a >= b;
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "&&") return a != 0 && b != 0;
  return a != 0 || b != 0;
}

using OfOne = std::function<std::optional<double>(double)>;
using OfTwo = std::function<std::optional<double>(double, double)>;

void keep(MathSeries& series, std::int64_t at, std::optional<double> value) {
  if (value && std::isfinite(*value)) series.values[at] = *value;
}

MathSeries each(const MathSeries& series, const OfOne& of) {
  MathSeries out{series.period, {}};
  for (const auto& [at, value] : series.values) keep(out, at, of(value));
  return out;
}

Result<MathValue> each(const MathValue& value, const OfOne& of) {
  if (const auto* number = std::get_if<double>(&value)) {
    return MathValue(of(*number).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  if (const auto* series = std::get_if<MathSeries>(&value)) return MathValue(each(*series, of));
  std::vector<MathSeries> out;
  for (const auto& one : std::get<std::vector<MathSeries>>(value)) out.push_back(each(one, of));
  return MathValue(std::move(out));
}

// Of two series only where both have a point.
MathSeries both(const MathSeries& a, const MathSeries& b, const OfTwo& of) {
  MathSeries out{std::max(a.period, b.period), {}};
  for (const auto& [at, value] : a.values) {
    const auto other = b.values.find(at);
    if (other != b.values.end()) keep(out, at, of(value, other->second));
  }
  return out;
}

Result<MathValue> both(const MathValue& a, const MathValue& b, const OfTwo& of) {
  if (const auto* number = std::get_if<double>(&b)) {
    return each(a, [&](double value) { return of(value, *number); });
  }
  if (const auto* number = std::get_if<double>(&a)) {
    return each(b, [&](double value) { return of(*number, value); });
  }
  const auto* left = std::get_if<MathSeries>(&a);
  const auto* right = std::get_if<MathSeries>(&b);
  if (left && right) return MathValue(both(*left, *right, of));
  std::vector<MathSeries> out;
  if (left) {
    for (const auto& one : std::get<std::vector<MathSeries>>(b)) out.push_back(both(*left, one, of));
  } else if (right) {
    for (const auto& one : std::get<std::vector<MathSeries>>(a)) out.push_back(both(one, *right, of));
  } else {
    return wrong("two arrays of series cannot be combined");
  }
  return MathValue(std::move(out));
}

double fold(std::string_view name, const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  if (name == "SUM") return sum;
  if (name == "AVG") return sum / static_cast<double>(values.size());
  return name == "MIN" ? *std::ranges::min_element(values) : *std::ranges::max_element(values);
}

// SUM, AVG, MIN, MAX: of a series one number, of several a series over what each has.
Result<MathValue> fold(std::string_view name, const MathValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return MathValue(*number);
  std::vector<double> values;
  if (const auto* series = std::get_if<MathSeries>(&value)) {
    for (const auto& [at, one] : series->values) values.push_back(one);
    return MathValue(values.empty() ? 0.0 : fold(name, values));
  }
  MathSeries out;
  std::map<std::int64_t, std::vector<double>> columns;
  out.period = 0;
  for (const auto& series : std::get<std::vector<MathSeries>>(value)) {
    out.period = std::max(out.period, series.period);
    for (const auto& [at, one] : series.values) columns[at].push_back(one);
  }
  for (const auto& [at, column] : columns) out.values[at] = fold(name, column);
  return MathValue(std::move(out));
}

MathSeries differences(const MathSeries& series, bool per_second) {
  MathSeries out{series.period, {}};
  const std::pair<const std::int64_t, double>* before = nullptr;
  for (const auto& point : series.values) {
    if (before) {
      const double seconds = per_second ? static_cast<double>(point.first - before->first) : 1;
      out.values[point.first] = (point.second - before->second) / seconds;
    }
    before = &point;
  }
  return out;
}

class Evaluation {
 public:
  Evaluation(const std::map<std::string, MathValue>& named, const std::vector<MathSeries>& metrics,
             const MathSpan& span)
      : named_(named), metrics_(metrics), span_(span) {}

  Result<MathValue> of(const Node& node) const {
    switch (node.kind) {
      case Kind::number:
        return MathValue(node.number);
      case Kind::name: {
        const auto found = named_.find(node.text);
        if (found == named_.end()) return wrong("there is no metric with the id " + node.text);
        return found->second;
      }
      case Kind::list:
        return list(node);
      case Kind::negate:
        return each(TRY(of(*node.parts[0])), [](double value) { return -value; });
      case Kind::binary:
        return both(TRY(of(*node.parts[0])), TRY(of(*node.parts[1])),
                    [&](double a, double b) { return apply(node.text, a, b); });
      case Kind::call:
        return call(node);
      case Kind::repeat:
        break;
    }
    return wrong("REPEAT belongs into FILL");
  }

 private:
  Result<MathValue> list(const Node& node) const {
    std::vector<MathSeries> all;
    for (const auto& part : node.parts) {
      MathValue value = TRY(of(*part));
      auto* series = std::get_if<MathSeries>(&value);
      if (!series) return wrong("only series go into an array");
      all.push_back(std::move(*series));
    }
    return MathValue(std::move(all));
  }

  Result<MathValue> call(const Node& node) const {
    const std::string& name = node.text;
    if (name == "METRICS") return MathValue(metrics_);
    MathValue first = TRY(of(*node.parts[0]));
    if (name == "ABS") return each(first, [](double value) { return std::abs(value); });
    if (name == "CEIL") return each(first, [](double value) { return std::ceil(value); });
    if (name == "FLOOR") return each(first, [](double value) { return std::floor(value); });
    if (name == "IF") return choose(node, first);
    if (name == "FILL") return fill(*node.parts[1], std::move(first));
    if (name != "PERIOD" && name != "DIFF" && name != "RATE") return fold(name, first);
    const auto* series = std::get_if<MathSeries>(&first);
    if (!series) return wrong(name + " takes a series");
    if (name == "PERIOD") return MathValue(static_cast<double>(series->period));
    return MathValue(differences(*series, name == "RATE"));
  }

  // IF(condition, then, otherwise): without `otherwise` no point where the condition does not hold.
  Result<MathValue> choose(const Node& node, const MathValue& condition) const {
    const MathValue yes = TRY(of(*node.parts[1]));
    const bool has_no = node.parts.size() == 3;
    const MathValue no = has_no ? TRY(of(*node.parts[2])) : MathValue(0.0);
    if (const auto* number = std::get_if<double>(&condition)) {
      if (*number != 0) return yes;
      return has_no ? no : MathValue(MathSeries());
    }
    const auto* series = std::get_if<MathSeries>(&condition);
    if (!series) return wrong("the condition of IF is one series");
    if (std::holds_alternative<std::vector<MathSeries>>(yes) || std::holds_alternative<std::vector<MathSeries>>(no)) {
      return wrong("IF takes no arrays");
    }
    MathSeries out{series->period, {}};
    for (const auto& [at, holds] : series->values) {
      if (holds == 0 && !has_no) continue;
      keep(out, at, value_at(holds != 0 ? yes : no, at));
    }
    return MathValue(std::move(out));
  }

  static std::optional<double> value_at(const MathValue& value, std::int64_t at) {
    if (const auto* number = std::get_if<double>(&value)) return *number;
    const auto& values = std::get<MathSeries>(value).values;
    const auto found = values.find(at);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }

  Result<MathValue> fill(const Node& with, MathValue value) const {
    std::optional<double> number;
    if (with.kind != Kind::repeat) {
      const MathValue filler = TRY(of(with));
      if (!std::holds_alternative<double>(filler)) return wrong("FILL fills with a number or with REPEAT");
      number = std::get<double>(filler);
    }
    if (auto* series = std::get_if<MathSeries>(&value)) {
      TRY(fill_one(*series, number));
    } else if (auto* many = std::get_if<std::vector<MathSeries>>(&value)) {
      for (auto& one : *many) TRY(fill_one(one, number));
    } else {
      return wrong("FILL takes a series");
    }
    return value;
  }

  Result<> fill_one(MathSeries& series, std::optional<double> number) const {
    if ((span_.to - span_.from) / series.period > kMostMathPoints) return wrong("FILL has too many points to fill");
    std::optional<double> last;
    for (std::int64_t at = span_.from; at < span_.to; at += series.period) {
      const auto found = series.values.find(at);
      if (found != series.values.end()) {
        last = found->second;
      } else if (number || last) {
        series.values[at] = number ? *number : *last;
      }
    }
    return {};
  }

  const std::map<std::string, MathValue>& named_;
  const std::vector<MathSeries>& metrics_;
  const MathSpan& span_;
};

}  // namespace

MathExpression::MathExpression() = default;
MathExpression::~MathExpression() = default;
MathExpression::MathExpression(MathExpression&&) noexcept = default;
MathExpression& MathExpression::operator=(MathExpression&&) noexcept = default;

Result<MathExpression> MathExpression::parse(std::string_view text) {
  MathExpression expression;
  expression.root_ = TRY(Parser(text, expression.names_, expression.uses_metrics_).whole());
  return expression;
}

Result<MathValue> MathExpression::evaluate(const std::map<std::string, MathValue>& named,
                                           const std::vector<MathSeries>& metrics, const MathSpan& span) const {
  return Evaluation(named, metrics, span).of(*root_);
}

}  // namespace weir::observe
