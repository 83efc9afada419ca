// Arguments: a command's words taken apart against a table of its flags. `--name value`, `--name=value` and short
// forms; `--` ends the flags. A value.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::cli {

enum class Takes { nothing, value };

struct Flag {
  const char* name;        // "--follow"
  const char* brief = "";  // "-f", or none
  Takes takes = Takes::nothing;
};

class Arguments {
 public:
  // Errors: "Usage": an unknown flag, a missing value, fewer or more plain words than `least` to `most`.
  static Result<Arguments> parse(std::span<const std::string> words, std::span<const Flag> flags, std::size_t least,
                                 std::size_t most);

  bool has(std::string_view flag) const { return given_.contains(flag); }
  std::optional<std::string> value(std::string_view flag) const;
  // The value as a whole number from `low` to `high`; `otherwise` where it is not given. Errors: "Usage".
  Result<long> number(std::string_view flag, long otherwise, long low, long high) const;
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::map<std::string, std::string, std::less<>> given_;
  std::vector<std::string> words_;
};

}  // namespace weir::cli
