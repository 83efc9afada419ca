// `weir names`: DNS for the names that control writes into a folder; the host's resolvers are asked for the rest.
#pragma once

#include <span>
#include <string>

namespace weir {

// Returns the exit code.
int names_command(std::span<const std::string> args);

extern const char* const kNamesDetails;

}  // namespace weir
