// Wildcards as AWS has them in hosts, paths, headers and queries. A pure function; any thread.
#pragma once

#include <string_view>

namespace weir {

enum class Case { sensitive, ignored };  // of ASCII letters

// "*" stands for any run of bytes, an empty one and slashes too; "?" for any one byte. The pattern fits the whole text.
bool wildcard_match(std::string_view pattern, std::string_view text, Case letters);

}  // namespace weir
