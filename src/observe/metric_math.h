// Metric math: an expression over series by name, as CloudWatch has it: numbers, + - * / ^, comparisons, AND and OR,
// and the functions of kMathFunctions. What AWS has beyond is refused by name. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace weir::observe {

// A series by the first second of each period.
struct MathSeries {
  std::int64_t period = 60;
  std::map<std::int64_t, double> values;
  bool operator==(const MathSeries&) const = default;
};

// What an expression, or a part of it, comes to.
using MathValue = std::variant<double, MathSeries, std::vector<MathSeries>>;

// The part of time that FILL fills: from `from` on, before `to`.
struct MathSpan {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

class MathExpression {
 public:
  ~MathExpression();
  MathExpression(MathExpression&&) noexcept;
  MathExpression& operator=(MathExpression&&) noexcept;

  // Errors: "Math", with what is wrong and where; "Unsupported", naming the function.
  static Result<MathExpression> parse(std::string_view text);

  // The names that it uses; METRICS() uses them all and is none.
  const std::set<std::string>& names() const { return names_; }
  bool uses_metrics() const { return uses_metrics_; }

  // `named` holds every one of names(); `metrics` what METRICS() stands for.
  // Errors: "Math", where something is done with what it cannot be done with.
  Result<MathValue> evaluate(const std::map<std::string, MathValue>& named, const std::vector<MathSeries>& metrics,
                             const MathSpan& span) const;

  struct Node;

 private:
  MathExpression();
  std::unique_ptr<Node> root_;
  std::set<std::string> names_;
  bool uses_metrics_ = false;
};

}  // namespace weir::observe
