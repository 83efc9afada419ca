// A second parser of HTTP/1.1 heads, for comparison with http/h1_parser: written from RFC 9110 and RFC 9112 alone, line
// by line over the whole text, slowly. It knows no limits: compare() leaves alone what comes near them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "http/h1_parser.h"

namespace weir::http::second {

using Field =
    std::pair<std::string, std::string>;  // the name in small letters, the value without its surrounding space

struct Head {
  std::string start[3];  // of a request: method, target, version; of a response: version, status, phrase
  std::vector<Field> fields;
  BodyKind body = BodyKind::none;
  std::uint64_t length = 0;
  std::size_t size = 0;  // bytes of the text
};

inline std::string small(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

inline bool all_of(std::string_view text, std::string_view allowed, bool high = false) {
  return std::ranges::all_of(text, [=](char c) {
    return allowed.find(c) != std::string_view::npos || (high && static_cast<unsigned char>(c) >= 0x80);
  });
}

#define WEIR_ALPHANUMERIC "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kToken = WEIR_ALPHANUMERIC "!#$%&'*+-.^_`|~";    // RFC 9110 5.6.2
inline constexpr std::string_view kHost = WEIR_ALPHANUMERIC "-._~!$&'()*+;=:[]%";  // RFC 3986 3.2.2, 3.2.3
inline constexpr std::string_view kVisible = WEIR_ALPHANUMERIC "!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~";  // but '#'
inline constexpr std::string_view kValue = WEIR_ALPHANUMERIC "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t";
#undef WEIR_ALPHANUMERIC

inline std::vector<std::string> values_of(const Head& head, std::string_view name) {
  std::vector<std::string> values;
  for (const Field& field : head.fields) {
    if (field.first == name) values.push_back(field.second);
  }
  return values;
}

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

inline bool is_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/1.") && all_of(text.substr(7), kDigits);
}

// False: malformed. RFC 9112 section 5.
inline bool read_fields(std::string_view lines, Head& head) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos || !all_of(line.substr(0, colon), kToken)) return false;
    const std::string_view value = line.substr(colon + 1);
    if (!all_of(value, kValue, true)) return false;
    head.fields.emplace_back(small(line.substr(0, colon)), trimmed(value));
  }
  return true;
}

// The length that the fields say; none: there is no such field. False: malformed. RFC 9110 8.6.
inline bool read_length(const Head& head, std::optional<std::uint64_t>& length) {
  for (const std::string& value : values_of(head, "content-length")) {
    if (value.empty() || value.size() > 18 || !all_of(value, kDigits)) return false;
    const std::uint64_t number = std::stoull(value);
    if (length && *length != number) return false;
    length = number;
  }
  return true;
}

// Empty: `text` has no whole head. A head that is none has no start line.
inline std::optional<Head> split(std::string_view text, bool empty_line) {
  Head head;
  if (empty_line && text.starts_with("\r\n")) {
    text.remove_prefix(2);
    head.size = 2;
  }
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  head.size += end + 4;
  const std::string_view start = text.substr(0, text.find("\r\n"));
  const std::size_t first = start.find(' '), then = start.find(' ', first + 1);
  if (first == std::string_view::npos) return Head{};
  Head bad;
  head.start[0] = start.substr(0, first);
  head.start[1] = start.substr(first + 1, then == std::string_view::npos ? then : then - first - 1);
  if (then != std::string_view::npos) head.start[2] = start.substr(then + 1);
  std::string_view lines = text.substr(start.size() + 2, end + 2 - std::min(end + 2, start.size() + 2));
  if (!read_fields(lines, head)) return bad;
  return head;
}

// RFC 9112 3.2.
inline bool is_target(const std::string& method, const std::string& target) {
  if (target.empty() || !all_of(target, kVisible)) return false;
  if (method == "CONNECT")
    return target.rfind(':') != std::string::npos && target.rfind(':') > 0 && all_of(target, kHost);
  if (target[0] == '/') return true;
  if (target == "*") return method == "OPTIONS";
  const std::string low = small(target);
  const std::size_t scheme = low.starts_with("http://") ? 7 : low.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return false;
  const std::size_t end = std::min(target.find_first_of("/?", scheme), target.size());
  return end > scheme && all_of(std::string_view(target).substr(scheme, end - scheme), kHost);
}

// Empty: malformed, or nothing that we take (another version, coding or expectation).
inline std::optional<Head> request(const std::optional<Head>& split_head) {
  Head head = *split_head;
  const auto& [method, target, version] = head.start;
  if (method.empty() || !all_of(method, kToken) || !is_version(version) || !is_target(method, target))
    return std::nullopt;
  const bool old = version == "HTTP/1.0";
  const auto hosts = values_of(head, "host"), codings = values_of(head, "transfer-encoding"),
             expectations = values_of(head, "expect");
  if (hosts.size() > 1 || (hosts.empty() && !old) || (!hosts.empty() && !all_of(hosts[0], kHost))) return std::nullopt;
  std::optional<std::uint64_t> length;
  if (!codings.empty()) {
    const bool sized = !values_of(head, "content-length").empty();
    if (sized || old || codings.size() != 1 || small(codings[0]) != "chunked") return std::nullopt;
    head.body = BodyKind::chunked;
  } else {
    if (!read_length(head, length)) return std::nullopt;
    if (length) head.body = BodyKind::length;
    head.length = length.value_or(0);
  }
  if (!old && !expectations.empty() && small(expectations[0]) != "100-continue") return std::nullopt;
  return head;
}

// Of the answer to a request with `method`.
inline std::optional<Head> response(const std::optional<Head>& split_head, Method method) {
  Head head = *split_head;
  const auto& [version, status, phrase] = head.start;
  if (!is_version(version) || status.size() != 3 || !all_of(status, kDigits) || !all_of(phrase, kValue, true)) {
    return std::nullopt;
  }
  const int code = std::stoi(status);
  if (code < 100 || code > 599) return std::nullopt;
  const auto codings = values_of(head, "transfer-encoding");
  const bool sized = !values_of(head, "content-length").empty();
  if (code == 101 || (method == Method::connect && code / 100 == 2)) {
    head.body = BodyKind::tunnel;
    return head;
  }
  std::optional<std::uint64_t> length;
  if ((sized && !codings.empty()) || !read_length(head, length)) return std::nullopt;
  head.length = length.value_or(0);
  if (code < 200 || code == 204 || code == 304 || method == Method::head) return head;
  if (!codings.empty()) {
    if (version == "HTTP/1.0" || codings.size() != 1 || small(codings[0]) != "chunked") return std::nullopt;
    head.body = BodyKind::chunked;
  } else {
    head.body = length ? BodyKind::length : BodyKind::until_close;
  }
  return head;
}

inline constexpr std::size_t kNearTheLimits = 4096, kManyFields = 100, kManyDigits = 18;

// Both parsers take the first head of `text`, and read the same in it, or neither takes it. `second`: how the second
// one reads what split() has found.
template <class FirstHead, class Second>
void compare(std::string_view text, H1Parser& parser, bool empty_line, Second second) {
  if (text.size() > kNearTheLimits) return;
  const std::optional<Head> found = split(text, empty_line);
  FirstHead head;
  const H1Step step = parser.next(text, head);
  if (!found) return check(step.event != H1Event::head, "one parser sees a head where the other sees no end of it");
  if (found->fields.size() > kManyFields) return;
  for (const std::string& length : values_of(*found, "content-length")) {
    if (length.size() > kManyDigits) return;
  }
  const std::optional<Head> other = second(found);
  check((step.event == H1Event::head) == other.has_value(), "one parser takes a head that the other refuses");
  if (!other) return;
  check(step.consumed == other->size, "the head ends elsewhere");
  check(head.body == other->body, "two parsers disagree about the body");
  check(head.body != BodyKind::length || head.content_length == other->length, "two lengths of one body");
  std::vector<Field> fields;
  bool one_length = false;  // equal ones are kept as one
  for (const HeaderField field : head.fields) fields.emplace_back(small(field.name), field.value);
  std::vector<Field> expected;
  for (const Field& field : other->fields) {
    if (field.first == "content-length" && std::exchange(one_length, true) && other->body != BodyKind::tunnel) continue;
    expected.push_back(field);
  }
  check(fields.size() == expected.size(), "one parser sees more fields");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const bool length = fields[i].first == "content-length";  // which of the equal ones is kept is all one
    check(fields[i].first == expected[i].first || length || expected[i].first == "content-length",
          "a field's name differs");
    check(fields[i].second == expected[i].second || length || expected[i].first == "content-length",
          "a field's value differs");
  }
}

}  // namespace weir::http::second
