// Prometheus' text format. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// `text` as it stands between the quotes of a label's value, and in a HELP line.
std::string label_value(std::string_view text);

}  // namespace weir
