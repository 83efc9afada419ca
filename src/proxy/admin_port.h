// AdminPort: answers every HTTP request with the proxy's figures as text. One thread (the main loop); owned by the
// DataPlane.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "proxy/kin_link.h"

namespace weir::proxy {

class AdminPort final : private net::FdHandler {
 public:
  // Errors: "Address", "Io".
  static Result<std::unique_ptr<AdminPort>> open(net::Loop& loop, const std::string& address,
                                                 std::function<std::string()> text);
  // With `socket`, which listens already.
  static std::unique_ptr<AdminPort> take(net::Loop& loop, SharedFd socket, std::function<std::string()> text);
  ~AdminPort() override;

  const SharedFd& socket() const { return fd_; }

 private:
  class Visitor;
  AdminPort(net::Loop& loop, SharedFd socket, std::function<std::string()> text);
  void on_ready(std::uint32_t events) override;
  void forget(Visitor& visitor);

  net::Loop& loop_;
  SharedFd fd_;
  std::function<std::string()> text_;
  std::map<Visitor*, std::shared_ptr<Visitor>> visitors_;
};

}  // namespace weir::proxy
