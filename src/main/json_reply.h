// A JSON document as the answer of one of the project's own routes. Any thread.
#pragma once

#include "base/json.h"
#include "wire/reply.h"

namespace weir {

// 200, one line.
inline wire::Reply json_reply(const Json& body) {
  return {.status = 200, .fields = {{"Content-Type", "application/json"}}, .body = body.dump() + "\n"};
}

}  // namespace weir
