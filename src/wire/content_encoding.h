// Content-Encoding of a request's body: SDKs compress large PutMetricData calls with gzip. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::wire {

// Errors: "Gzip" for what is no gzip, is cut short, or is followed by something else; "TooLarge" where it would unpack
// to more than `most` bytes.
Result<std::string> gunzip(std::string_view packed, std::size_t most);

}  // namespace weir::wire
