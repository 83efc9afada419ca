// What a client is told when no backend has answered it. Pure; any thread.
#pragma once

#include <string_view>

#include "proxy/streams.h"

namespace weir::proxy {

struct FailureAnswer {
  unsigned status;
  std::string_view sentence;  // ends in a line feed
};

FailureAnswer answer_for(FailureCause cause);

}  // namespace weir::proxy
