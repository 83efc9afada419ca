#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>
#include <thread>

#include "http/websocket.h"

namespace example {
namespace {

constexpr std::size_t kMaxHead = 32 * 1024;
constexpr std::size_t kMaxBody = 1024 * 1024;
constexpr int kLingerMs = 1'000;
constexpr int kBacklog = 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

struct Head {
  Request request;
  bool http11 = true;
  bool close = false;
  bool chunked = false;
  bool expects_continue = false;
  std::size_t content_length = 0;
};

template <class Int>
bool parse_number(std::string_view text, Int& value, int base = 10) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool parse_field(std::string_view line, Head& head) {
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (same_word(name, "content-length")) return parse_number(value, head.content_length);
  if (same_word(name, "transfer-encoding")) return head.chunked = same_word(value, "chunked");
  if (same_word(name, "expect")) head.expects_continue = same_word(value, "100-continue");
  if (same_word(name, "content-type")) head.request.content_type = value;
  if (same_word(name, "sec-websocket-key")) head.request.websocket_key = value;
  if (same_word(name, "connection")) {
    if (same_word(value, "close")) head.close = true;
    if (same_word(value, "keep-alive")) head.close = false;
  }
  return true;
}

bool parse_request_line(std::string_view line, Head& head) {
  std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || last == first || first == 0) return false;
  std::string_view version = line.substr(last + 1), target = line.substr(first + 1, last - first - 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  if (target.empty() || target.find(' ') != std::string_view::npos) return false;
  head.http11 = version == "HTTP/1.1";
  head.close = !head.http11;
  head.request.method = line.substr(0, first);
  std::size_t question = target.find('?');
  head.request.path = target.substr(0, question);
  if (question != std::string_view::npos) head.request.query = target.substr(question + 1);
  return true;
}

// The status to refuse the request with; 0: understood; -1: the connection ended.
int read_head(Input& input, Head& head) {
  std::size_t used = 0;
  bool first = true;
  while (true) {
    auto line = input.line(kMaxHead);
    if (!line) return input.bytes.size() > kMaxHead ? 431 : -1;
    used += line->size() + 2;
    if (used > kMaxHead) return 431;
    if (first) {
      if (!parse_request_line(*line, head)) return 400;
      first = false;
    } else if (line->empty()) {
      return head.chunked && head.content_length > 0 ? 400 : 0;
    } else if (!parse_field(*line, head)) {
      return 400;
    }
  }
}

int read_chunks(Input& input, std::string& body) {
  while (true) {
    auto line = input.line(kMaxHead);
    if (!line) return -1;
    std::size_t size = 0;
    if (!parse_number(trimmed(std::string_view(*line).substr(0, line->find(';'))), size, 16)) return 400;
    if (size > kMaxBody || body.size() + size > kMaxBody) return 413;
    if (size == 0) break;
    if (!input.at_least(size + 2)) return -1;
    if (input.bytes.compare(size, 2, "\r\n") != 0) return 400;
    body.append(input.bytes, 0, size);
    input.bytes.erase(0, size + 2);
  }
  while (auto trailer = input.line(kMaxHead))
    if (trailer->empty()) return 0;
  return -1;
}

int read_body(Input& input, Head& head) {
  if (head.chunked) return read_chunks(input, head.request.body);
  if (head.content_length > kMaxBody) return 413;
  if (!input.at_least(head.content_length)) return -1;
  head.request.body = input.bytes.substr(0, head.content_length);
  input.bytes.erase(0, head.content_length);
  return 0;
}

const char* reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
  }
  return "Status";
}

std::string written(const Response& response, const Head& head, bool close) {
  char date[64];
  std::time_t now = std::time(nullptr);
  std::tm calendar{};
  gmtime_r(&now, &calendar);
  std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &calendar);
  std::string text =
      "HTTP/1.1 " + std::to_string(response.status) + " " + reason(response.status) + "\r\nDate: " + date +
      "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (close) text += "Connection: close\r\n";
  if (!close && !head.http11) text += "Connection: keep-alive\r\n";
  text += "\r\n";
  if (head.request.method != "HEAD") text += response.body;
  return text;
}

// Says that nothing more follows and lets the peer read what was sent before the socket is gone.
void close_politely(int socket) {
  shutdown(socket, SHUT_WR);
  char rest[4096];
  pollfd wait{socket, POLLIN, 0};
  while (poll(&wait, 1, kLingerMs) > 0 && recv(socket, rest, sizeof rest, 0) > 0) {
  }
  close(socket);
}

}  // namespace

std::string form_value(const std::string& form, const std::string& name) {
  std::string_view rest = form;
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name || equals == std::string_view::npos) continue;
    std::string value;
    for (std::size_t i = equals + 1; i < pair.size(); ++i) {
      int byte = 0;
      if (pair[i] == '%' && i + 2 < pair.size() && parse_number(pair.substr(i + 1, 2), byte, 16)) {
        value += static_cast<char>(byte);
        i += 2;
      } else {
        value += pair[i] == '+' ? ' ' : pair[i];
      }
    }
    return value;
  }
  return "";
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)), stop_event_(eventfd(0, EFD_CLOEXEC)) {}

HttpServer::~HttpServer() {
  if (listener_ >= 0) close(listener_);
  close(stop_event_);
}

bool HttpServer::listen(int port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
         ::listen(listener_, kBacklog) == 0;
}

int HttpServer::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void HttpServer::serve() {
  pollfd waits[2] = {{listener_, POLLIN, 0}, {stop_event_, POLLIN, 0}};
  while (true) {
    poll(waits, 2, -1);
    int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      if (waits[1].revents != 0) break;  // only once nobody is left in the backlog
      continue;
    }
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::unique_lock lock(mutex_);
    ++connections_;
    std::thread([this, socket] {
      talk(socket);
      std::unique_lock lock(mutex_);
      if (--connections_ == 0) last_gone_.notify_all();
    }).detach();
  }
  close(listener_);
  listener_ = -1;
  std::unique_lock lock(mutex_);
  last_gone_.wait(lock, [this] { return connections_ == 0; });
}

void HttpServer::stop() {
  std::uint64_t one = 1;
  (void)!write(stop_event_, &one, sizeof one);
}

// Whether a request has begun to arrive; false when the server stops first, or nothing comes for too long.
bool HttpServer::request_begins(int socket) const {
  pollfd waits[2] = {{socket, POLLIN, 0}, {stop_event_, POLLIN, 0}};
  poll(waits, 2, Input::kIdleMs);
  return waits[0].revents != 0;
}

void HttpServer::talk(int socket) {
  Input input(socket);
  bool close = false;
  while (!close) {
    if (input.bytes.empty() && !request_begins(socket)) break;
    Head head;
    int status = read_head(input, head);
    if (status == 0 && head.expects_continue) send_all(socket, "HTTP/1.1 100 Continue\r\n\r\n");
    if (status == 0) status = read_body(input, head);
    if (status < 0) break;
    Response response = status == 0 ? handler_(head.request) : Response{status, std::string(reason(status)) + "\n"};
    if (response.status == 101) {
      send_all(socket, websocket_handshake(head.request.websocket_key));
      echo_messages(input, socket, response.body);
      break;
    }
    pollfd stopping{stop_event_, POLLIN, 0};
    close = head.close || status != 0 || poll(&stopping, 1, 0) > 0;
    send_all(socket, written(response, head, close));
  }
  close_politely(socket);
}

}  // namespace example
