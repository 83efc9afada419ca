// StatusView: what /_weir/status says, as a tree for people. A pure function of the JSON; any thread.
#pragma once

#include <string>

#include "base/json.h"

namespace weir::cli {

// `before`: an earlier answer, or null: the measured shares then count from it, otherwise from the proxy's start.
// Lines end in a newline; UTF-8; no escape sequences.
std::string render_status(const Json& now, const Json* before);

// "7s", "3m12s", "2h05m", "4d03h".
std::string age_text(std::int64_t seconds);

}  // namespace weir::cli
