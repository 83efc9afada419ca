// Client: asks a running Weir over HTTP/1.1, one request a connection, waiting until it is answered. For the commands
// only; one thread, blocks it. Signs what it sends where AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/arguments.h"

namespace weir::cli {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// From "http://HOST:PORT", with or without a slash at the end. Errors: "Usage" for anything else.
Result<Endpoint> endpoint_from(std::string_view url);
// What `--endpoint` or WEIR_ENDPOINT say; http://127.0.0.1:4566 where neither does.
Result<Endpoint> endpoint_of(const Arguments& arguments);
inline constexpr Flag kEndpointFlag{"--endpoint", "", Takes::value};

struct Reply {
  unsigned status = 0;
  std::string body;
};

class Client {
 public:
  explicit Client(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  // Errors of all: "Unreachable" where nothing answers, "Io", "Http" for a malformed answer, "Refused" for a status of
  // 400 and above, whose message is what the body says.
  Result<Reply> get(std::string_view target);
  // Hands every piece of the body to `take` as it comes, without limit of time, until the answer is over or `take`
  // returns false.
  Result<> stream(std::string_view target, const std::function<bool(std::string_view)>& take);
  // Sends `size` bytes of the file `fd` from its start.
  Result<Reply> put_file(std::string_view target, int fd, std::uint64_t size);

 private:
  Endpoint endpoint_;
  SystemClock clock_;  // a command is a program of its own
};

}  // namespace weir::cli
