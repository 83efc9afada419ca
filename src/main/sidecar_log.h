// SidecarLog: the pipe by which the proxy's access log of this task comes to the output of its sidecar, which stands
// for Envoy's. One thread (the sidecar's).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/fd.h"
#include "net/loop.h"

namespace weir {

class SidecarLog final : private net::FdHandler {
 public:
  // Makes the pipe at `path`, in place of what is there. Errors: "Io".
  static Result<std::unique_ptr<SidecarLog>> open(net::Loop& loop, const std::string& path);
  ~SidecarLog() override;

 private:
  SidecarLog(net::Loop& loop, std::string path, net::Fd fd);
  void on_ready(std::uint32_t) override;

  net::Loop& loop_;
  const std::string path_;
  net::Fd fd_;
};

}  // namespace weir
