#include "proxy/access_line.h"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/hex.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

void number(std::string& out, std::uint64_t value) {
  std::array<char, 24> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

constexpr bool safe(unsigned char byte) { return byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\'; }

// `spaces`: they may stay. What needs no escape is copied in one piece.
void escaped(std::string& out, std::string_view text, bool spaces) {
  text = text.substr(0, kMaxLogField);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (safe(byte) || (byte == ' ' && spaces)) continue;
    out.append(text, begin, i - begin);
    const char escape[] = {'\\', 'x', kUpperHex[byte >> 4], kUpperHex[byte & 15]};
    out.append(escape, sizeof escape);
    begin = i + 1;
  }
  out.append(text, begin);
}

void word(std::string& out, std::string_view text) {
  out += ' ';
  if (text.empty()) {
    out += '-';
  } else {
    escaped(out, text, false);
  }
}

void quoted(std::string& out, std::string_view text, bool spaces = false) {
  out += " \"";
  if (text.empty()) {
    out += '-';
  } else {
    escaped(out, text, spaces);
  }
  out += '"';
}

// Seconds with `digits` places (3 or 6).
void seconds(std::string& out, Duration time, unsigned digits) {
  const auto micros = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
  const std::uint64_t parts = digits == 3 ? 1000 : 1'000'000;
  const std::uint64_t whole = digits == 3 ? micros / 1000 : micros;
  number(out, whole / parts);
  out += '.';
  std::uint64_t rest = whole % parts;
  for (std::uint64_t place = parts / 10; place > 0; place /= 10) {
    out += static_cast<char>('0' + rest / place);
    rest %= place;
  }
}

void time_word(std::string& out, Duration time) {
  out += ' ';
  if (time < Duration(0)) {
    out += "-1";
  } else {
    seconds(out, time, 3);
  }
}

void millis_word(std::string& out, Duration time) {
  out += ' ';
  if (time < Duration(0)) {
    out += '-';
  } else {
    number(out, static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
  }
}

void digits(char* to, unsigned value, unsigned count) {
  for (unsigned i = count; i > 0; --i, value /= 10) to[i - 1] = static_cast<char>('0' + value % 10);
}

enum class Places { none, millis, micros };

// "2026-11-21T07:19:00.123000Z": ALB has microseconds; ours are known to the millisecond. NLB has whole seconds,
// without the zone. As to_iso8601(), for years of four digits, without the C library, which needs more instructions for
// this than the rest of the line.
void instant(std::string& out, Timestamp time, Places places = Places::micros) {
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds(time.millis)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto millis = static_cast<unsigned>((at - day).count());
  char text[] = "0000-00-00T00:00:00.000000Z";
  digits(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  digits(text + 5, static_cast<unsigned>(date.month()), 2);
  digits(text + 8, static_cast<unsigned>(date.day()), 2);
  digits(text + 11, millis / 3'600'000, 2);
  digits(text + 14, millis / 60'000 % 60, 2);
  digits(text + 17, millis / 1'000 % 60, 2);
  digits(text + 20, millis % 1'000, 3);
  if (places == Places::millis) text[23] = 'Z';
  out.append(text, places == Places::micros ? 27 : places == Places::millis ? 24 : 19);
}

void status_word(std::string& out, unsigned status) {
  out += ' ';
  if (status == 0) {
    out += '-';
  } else {
    number(out, status);
  }
}

void request(std::string& out, const AccessFacts& f) {
  out += " \"";
  escaped(out, f.method.empty() ? "-" : f.method, false);
  out += ' ';
  escaped(out, f.scheme, false);
  out += "://";
  escaped(out, f.host, false);
  if (f.method.empty()) {
    out += "- -";
  } else {
    escaped(out, f.path, false);
    out += ' ';
    out += f.version;
  }
  out += '"';
}

// The size of the UTF-8 sequence that `text` begins with; 0: it is none.
std::size_t utf8_size(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const auto follows = [at](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0, surrogate = first == 0xED && at(1) > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && at(1) < 0x90, beyond = first == 0xF4 && at(1) > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  text = text.substr(0, kMaxLogField);
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && (safe(static_cast<unsigned char>(text[plain])) || text[plain] == ' ')) ++plain;
    out.append(text, 0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text[0]);
    const std::size_t size = utf8_size(text);
    if (size == 0) {
      out += "\\ufffd";
    } else if (byte < 0x20 || byte == 0x7f) {
      out.append("\\u00").append(1, kUpperHex[byte >> 4]).append(1, kUpperHex[byte & 15]);
    } else {
      if (byte == '"' || byte == '\\') out += '\\';
      out.append(text, 0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

namespace {

class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += "}\n"; }
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    append_json_text(out_, value);
  }
  void count(std::string_view name, std::uint64_t value) {
    key(name);
    number(out_, value);
  }
  void instant_of(std::string_view name, Timestamp value) {
    key(name);
    out_ += '"';
    instant(out_, value, Places::millis);
    out_ += '"';
  }
  void time(std::string_view name, Duration value) {
    if (value < Duration(0)) return;
    key(name);
    seconds(out_, value, 6);
  }

 private:
  void key(std::string_view name) {
    if (!std::exchange(first_, false)) out_ += ',';
    out_.append("\"").append(name).append("\":");
  }
  std::string& out_;
  bool first_ = true;
};

}  // namespace

void write_alb_line(std::string& out, const AccessFacts& f) {
  out += f.type;
  out += ' ';
  instant(out, f.time);
  word(out, f.listener);
  word(out, f.client);
  word(out, f.target);
  for (const Duration time : {f.request_time, f.target_time, f.response_time}) time_word(out, time);
  status_word(out, f.status);
  status_word(out, f.target_status);
  out += ' ';
  number(out, f.received);
  out += ' ';
  number(out, f.sent);
  request(out, f);
  quoted(out, f.user_agent, true);
  word(out, f.cipher);
  word(out, f.protocol);
  word(out, f.pool);
  quoted(out, f.trace_id, true);
  quoted(out, f.server_name);
  quoted(out, f.certificate);
  out += ' ';
  if (f.rule_place < 0) {
    out += '-';
  } else {
    number(out, static_cast<std::uint64_t>(f.rule_place));
  }
  out += ' ';
  instant(out, f.created);
  quoted(out, f.action);
  quoted(out, f.redirect);
  quoted(out, f.error);
  quoted(out, f.target);
  out += " \"";
  if (f.target_status == 0) {
    out += '-';
  } else {
    number(out, f.target_status);
  }
  out += "\" \"-\" \"-\" ";
  out += f.connection.empty() ? "-" : f.connection;
  out += '\n';
}

void write_nlb_line(std::string& out, const AccessFacts& f) {
  out += f.type;
  out += " 2.0 ";
  instant(out, f.time, Places::none);
  word(out, f.listener);
  word(out, f.listener);
  word(out, f.client);
  word(out, f.host);
  millis_word(out, f.total);
  millis_word(out, f.handshake_time);
  out += ' ';
  number(out, f.received);
  out += ' ';
  number(out, f.sent);
  out += " -";  // the TLS alert that the client sent
  word(out, f.certificate);
  out += " -";  // the certificate's serial, as AWS has it
  word(out, f.cipher);
  word(out, f.protocol);
  out += " -";  // the group that the keys are of
  word(out, f.server_name);
  out += " - - - ";  // ALPN is not heeded
  instant(out, f.created, Places::none);
  out += '\n';
}

void write_json_line(std::string& out, const AccessFacts& f) {
  Object object(out);
  object.text("type", f.type);
  object.instant_of("time", f.time);
  object.instant_of("created", f.created);
  object.text("listener", f.listener);
  object.text("client", f.client);
  object.text("method", f.method);
  object.text("scheme", f.scheme);
  object.text("host", f.host);
  object.text("path", f.path);
  object.text("version", f.version);
  object.text("user_agent", f.user_agent);
  if (f.status != 0) object.count("status", f.status);
  object.text("pool", f.pool);
  object.text("target", f.target);
  if (f.target_status != 0) object.count("target_status", f.target_status);
  object.count("retries", f.retries);
  object.time("request_seconds", f.request_time);
  object.time("target_seconds", f.target_time);
  object.time("response_seconds", f.response_time);
  object.time("handshake_seconds", f.handshake_time);
  object.time("total_seconds", f.total);
  object.count("received_bytes", f.received);
  object.count("sent_bytes", f.sent);
  object.text("rule", f.rule);
  object.text("action", f.action);
  object.text("redirect", f.redirect);
  object.text("error", f.error);
  if (f.aborted) object.text("aborted", "client");
  object.text("tls_cipher", f.cipher);
  object.text("tls_protocol", f.protocol);
  object.text("server_name", f.server_name);
  object.text("certificate", f.certificate);
  object.text("trace_id", f.trace_id);
  object.text("connection", f.connection);
}

}  // namespace weir::proxy
