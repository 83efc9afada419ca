// Parameters: what a call of an operation may carry, read from the short text in the operation's table row:
//
//   "VpcId! CidrBlock DryRun:bool Filter[Name Value[]] MapPublicIpOnLaunch{Value:bool}"
//
// "!" required, ":bool" and ":int" a text of that kind, "[]" a list of texts, "[…]" of structures, "{…}" a structure.
// Everything else that a call carries is refused by name. Constant; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::api::recorded {

struct Parameter {
  enum class Form : std::uint8_t { text, boolean, integer, structure };
  std::string name;  // as the form has it
  Form form = Form::text;
  bool list = false;
  bool required = false;
  std::vector<Parameter> members = {};  // of a structure
};

// `text` is of our own tables: a fault in it ends the program.
std::vector<Parameter> parse_parameters(std::string_view text);

}  // namespace weir::api::recorded
