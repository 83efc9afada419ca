// A small HTTP/1.1 server for the example programs: one thread a connection, keep-alive, graceful end.
// stop() may be called from any thread: no further connection is accepted, what is in flight gets its response with
// `Connection: close`, idle connections are closed, and serve() returns when the last is gone.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

namespace example {

struct Request {
  std::string method;
  std::string path;   // without the query
  std::string query;  // after '?', undecoded
  std::string content_type;
  std::string websocket_key;  // of who wants to speak WebSocket
  std::string body;
};

// 101, where there is a websocket_key: each message comes back with `body` after it, until the client closes.
struct Response {
  int status = 200;
  std::string body;
};

// The value of `name` in "a=1&name=x+y%21", decoded; empty when absent.
std::string form_value(const std::string& form, const std::string& name);

class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;  // called from many threads at once

  explicit HttpServer(Handler handler);
  ~HttpServer();

  // Binds 0.0.0.0:port (0: the kernel chooses). False, with errno set, where that fails.
  bool listen(int port);
  int port() const;
  void serve();
  void stop();

 private:
  void talk(int socket);
  bool request_begins(int socket) const;

  Handler handler_;
  int listener_ = -1;
  int stop_event_ = -1;  // readable for ever once stop() was called
  std::mutex mutex_;
  std::condition_variable last_gone_;
  int connections_ = 0;
};

}  // namespace example
