// What a rule makes of the requests that it passes on. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "route/rewrite.h"

namespace weir::proxy {

// `target` ("/a?b=c") with its path as `rewrite` has it.
std::string rewritten_target(const route::Rewrite& rewrite, std::string_view target);

// The request that comes from one side becomes what goes to the other.
void apply(const route::Rewrite& rewrite, http::RequestHead& request);

}  // namespace weir::proxy
