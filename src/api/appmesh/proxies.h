// Proxies: how far those who carry a mesh's traffic have come. Made in main/; control thread.
#pragma once

#include <cstdint>

namespace weir::api::appmesh {

class Proxies {
 public:
  virtual ~Proxies() = default;
  // Whether every worker of the proxy runs what the store said at `revision`, or something newer.
  virtual bool run(std::int64_t revision) const = 0;
};

// Proxies that are always there already: for callers that carry nothing.
class SwiftProxies final : public Proxies {
 public:
  bool run(std::int64_t) const override { return true; }
};

}  // namespace weir::api::appmesh
