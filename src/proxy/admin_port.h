// AdminPort: answers the HTTP requests of monitoring: one a connection, by path. One thread (the main loop); owned by
// the DataPlane.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/loop.h"
#include "proxy/kin_link.h"

namespace weir::proxy {

struct AdminAnswer {
  unsigned status = 200;
  std::string body;
  const char* type = "text/plain; charset=utf-8";
};

class AdminPort final : private net::FdHandler {
 public:
  // `answer` gets the path of each GET or HEAD. Errors: "Address", "Io".
  static Result<std::unique_ptr<AdminPort>> open(net::Loop& loop, const std::string& address,
                                                 std::function<AdminAnswer(std::string_view path)> answer);
  // With `socket`, which listens already.
  static std::unique_ptr<AdminPort> take(net::Loop& loop, SharedFd socket,
                                         std::function<AdminAnswer(std::string_view path)> answer);
  ~AdminPort() override;

  const SharedFd& socket() const { return fd_; }

 private:
  class Visitor;
  AdminPort(net::Loop& loop, SharedFd socket, std::function<AdminAnswer(std::string_view)> answer);
  void on_ready(std::uint32_t events) override;
  void forget(Visitor& visitor);

  net::Loop& loop_;
  SharedFd fd_;
  std::function<AdminAnswer(std::string_view)> answer_;
  std::map<Visitor*, std::shared_ptr<Visitor>> visitors_;
};

}  // namespace weir::proxy
