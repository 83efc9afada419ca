// Reply: a whole HTTP answer as a value. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weir::wire {

struct Reply {
  std::uint16_t status = 200;
  std::vector<std::pair<std::string, std::string>> fields;  // without Content-Length and Date, which the server adds
  std::string body;
};

}  // namespace weir::wire
