// Route: an answer of the API server's that is not AWS's ("/_weir/…"), by method and the start of the path. A handler
// runs on the loop's thread, never blocks, and answers through its ResponseStream: at once, later, or bit by bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"
#include "net/fd.h"
#include "wire/limits.h"
#include "wire/reply.h"

namespace weir::wire {

class Connection;

// The way back to the client. Whoever holds the last pointer to one that is not finished ends the connection with it.
// Every method is harmless once the client is gone. The loop's thread.
class ResponseStream {
 public:
  explicit ResponseStream(Connection& connection) : connection_(&connection) {}
  ~ResponseStream();
  ResponseStream(const ResponseStream&) = delete;
  ResponseStream& operator=(const ResponseStream&) = delete;

  // The whole answer. Once, and instead of the three below.
  void reply(Reply whole);

  // An answer bit by bit: start() once (a body in it is the first piece), write() any number of times, finish() once.
  void start(Reply head);
  void write(std::string_view bytes);
  void finish();

  // The client is gone, or the answer is complete.
  bool closed() const { return connection_ == nullptr; }
  // Bytes that the client has not taken yet. Over kMaxWaitingOutput the connection is closed.
  std::size_t waiting() const;
  // `told` runs once when the client goes before the answer is complete; never after that.
  void on_closed(std::function<void()> told) { on_closed_ = std::move(told); }

 private:
  friend class Connection;
  void lost();  // the connection is gone

  Connection* connection_;
  std::function<void()> on_closed_;
};

// A body in a file of its own, which goes when this does.
class SpooledFile {
 public:
  SpooledFile() = default;
  SpooledFile(net::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  SpooledFile(SpooledFile&& other) noexcept;
  SpooledFile& operator=(SpooledFile&& other) noexcept;
  ~SpooledFile();

  // Errors: "Io".
  static Result<SpooledFile> create(const std::string& directory);
  // Errors: "Full" where the disk is, "Io".
  Result<> write(std::string_view bytes);

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  net::Fd fd_;
  std::string path_;
};

struct RouteRequest {
  const http::RequestHead& head;  // during the call only
  std::string_view rest;          // of the path, after the route's prefix, still percent-encoded; during the call only
  std::string body;               // Body::memory
  SpooledFile file;               // Body::spooled: positioned at its end
};

enum class Body : std::uint8_t { memory, spooled };
// Whether a route asks for a signature where keys are configured.
enum class Access : std::uint8_t { signed_only, open };

struct Route {
  std::string method;  // "GET"
  std::string prefix;  // "/_weir/logs"; the longest that fits wins
  std::function<void(RouteRequest, std::shared_ptr<ResponseStream>)> handle;
  Body body = Body::memory;
  std::uint64_t max_body = kMaxBody;  // bytes
  Access access = Access::signed_only;
};

// A route that answers at once.
Route plain_route(std::string method, std::string prefix, std::function<Reply(const RouteRequest&)> answer);
// {"message": …} with a status.
Reply route_error(std::uint16_t status, std::string_view message);
// Null where none fits; `other_method` then says whether one would with another method.
const Route* find_route(const std::vector<Route>& routes, std::string_view method, std::string_view path,
                        bool* other_method);

}  // namespace weir::wire
