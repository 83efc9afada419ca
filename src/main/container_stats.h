// What a container's processes use, in the shape that Docker's engine gives it: what tasks and agents beside them find
// at
// ${ECS_CONTAINER_METADATA_URI_V4}/stats. What is not known is left out. Control thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "runtime/runtime.h"

namespace weir {

class ContainerStats {
 public:
  struct Of {
    std::string id;    // Docker's
    std::string name;  // Docker's
    const runtime::ResourceUse& use;
    std::int64_t network_process = 0;  // one in the task's own network; 0 where it is on the host's
  };
  // The last answer about the same container becomes precpu_stats, so that a reader learns its share of the processor.
  Json answer(const Of& container, Timestamp now);

 private:
  struct Answer {
    Timestamp at;
    Json cpu;
  };
  std::map<std::string, Answer> last_;  // by Docker's id
};

// The counters of /proc/PID/net/dev by interface, without the loopback.
Json networks_in(const std::string& net_dev);

}  // namespace weir
