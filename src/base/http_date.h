// The date as HTTP's fields have it. Pure; any thread.
#pragma once

#include <string>

#include "base/clock.h"

namespace weir {

// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string to_http_date(Timestamp t);

}  // namespace weir
