// Matching: does a request belong to a rule? Pure functions over text; any thread.
#pragma once

#include <string_view>

#include "route/route_table.h"

namespace weir::proxy {

enum class Case { sensitive, ignored };

// "*" stands for any run of bytes, an empty one and slashes too; "?" for any one byte. The pattern fits the whole text.
bool wildcard_match(std::string_view pattern, std::string_view text, Case letters);

// The host of an authority: without port, brackets stay ("[::1]").
std::string_view host_of(std::string_view authority);

// `path` is without its query.
bool matches(const route::Match& match, std::string_view host, std::string_view path);

}  // namespace weir::proxy
