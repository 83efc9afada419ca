// Host: what the façade asks of the machine that it runs on. Made in main/; control thread.
#pragma once

#include <cstddef>
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
  // What lies under `key` in `bucket`: a file of a folder of that name. Errors: "NotFound", also for names that lead out
  // of it; "TooLarge" beyond `most` bytes; "Io".
  virtual Result<std::string> read_object(const std::string& bucket, const std::string& key, std::size_t most) = 0;
};

// A host whose ports are all free: for callers that do not listen.
class AnyHost final : public Host {
 public:
  Result<> can_listen(std::uint16_t) override { return {}; }
  Result<> make_access_log_folder(const std::string&) override { return {}; }
  Result<std::string> read_object(const std::string&, const std::string& key, std::size_t) override {
    return fail("NotFound", key + " is not there");
  }
};

}  // namespace weir::api
