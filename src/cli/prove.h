// `weir prove URL`: an open-loop load generator that accounts for every request. It sends at times fixed beforehand,
// whatever the server does, measures from those times, repeats nothing, and knows nothing of who answers.
#pragma once

#include <span>
#include <string>

namespace weir::cli {

// The words after `prove`. 0: every request was answered as expected; 1: at least one was not; 2: usage.
int prove(std::span<const std::string> arguments);

// The lines for `weir prove --help`.
extern const char* const kProveDetails;

}  // namespace weir::cli
