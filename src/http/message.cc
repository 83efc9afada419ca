#include "http/message.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::http {
namespace {

constexpr std::array<std::pair<std::string_view, Method>, 9> kMethods = {{
    {"GET", Method::get},
    {"POST", Method::post},
    {"PUT", Method::put},
    {"HEAD", Method::head},
    {"DELETE", Method::delete_},
    {"OPTIONS", Method::options},
    {"PATCH", Method::patch},
    {"CONNECT", Method::connect},
    {"TRACE", Method::trace},
}};

struct Phrase {
  unsigned status;
  std::string_view text;
};
constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

}  // namespace

Method method_of(std::string_view text) {
  for (const auto& [name, method] : kMethods) {
    if (name == text) return method;
  }
  return Method::other;
}

std::string_view RequestHead::path() const {
  const std::string_view text = target();
  return text.substr(0, text.find('?'));
}

std::string_view RequestHead::query() const {
  const std::string_view text = target();
  const std::size_t mark = text.find('?');
  return mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1);
}

void RequestHead::set_method(std::string_view name) {
  method = method_of(name);
  method_text = fields.keep(name);
}

std::size_t RequestHead::wire_size() const {
  constexpr std::size_t kFixed = sizeof("  HTTP/1.1\r\n\r\n") - 1, kHost = sizeof("host: \r\n") - 1;
  const std::size_t host = version == Version::http2 ? authority_text.size + kHost : 0;
  return method_text.size + target_text.size + fields.wire_size() + kFixed + host;
}

std::size_t ResponseHead::wire_size() const {
  constexpr std::size_t kFixed = sizeof("HTTP/1.1 200 \r\n\r\n") - 1;
  return (reason_text.size > 0 ? reason_text.size : reason_of(status).size()) + fields.wire_size() + kFixed;
}

void RequestHead::clear() {
  fields.clear();
  version = Version::http1_1;
  method = Method::get;
  body = BodyKind::none;
  keep_alive = true;
  expect_continue = oversized = upgrade = false;
  content_length = 0;
  method_text = target_text = authority_text = scheme_text = offer_text = {};
}

void ResponseHead::clear() {
  fields.clear();
  version = Version::http1_1;
  status = 0;
  body = BodyKind::none;
  keep_alive = true;
  content_length = 0;
  reason_text = {};
}

std::string_view reason_of(unsigned status) {
  const auto* found = std::ranges::lower_bound(kPhrases, status, {}, &Phrase::status);
  return found != std::end(kPhrases) && found->status == status ? found->text : "Unknown";
}

}  // namespace weir::http
