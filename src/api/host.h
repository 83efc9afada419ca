// Host: what the façade asks of the machine that it runs on. Made in main/; control thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace weir::api {

class Host {
 public:
  virtual ~Host() = default;
  // Whether a listener of `port` (1 to 65535, as the API names it) could be bound now by Weir's proxy. The error's
  // message says why not: "port 8080 is in use by another program".
  virtual Result<> can_listen(std::uint16_t port) = 0;
  // Makes room for access logs below `folder`, a relative path without "..": what a bucket and a prefix are here.
  virtual Result<> make_access_log_folder(const std::string& folder) = 0;
};

// A host whose ports are all free: for callers that do not listen.
class AnyHost final : public Host {
 public:
  Result<> can_listen(std::uint16_t) override { return {}; }
  Result<> make_access_log_folder(const std::string&) override { return {}; }
};

}  // namespace weir::api
