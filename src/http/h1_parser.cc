#include "http/h1_parser.h"

#include <algorithm>
#include <cstring>

#include "http/char_class.h"
#include "http/limits.h"

namespace weir::http {
namespace {

constexpr const char* kTooLarge = "the header block is larger than the limit";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char letter = static_cast<char>(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

Slice slice(std::string_view text, const char* begin, const char* end) {
  return {static_cast<std::uint32_t>(begin - text.data()), static_cast<std::uint32_t>(end - begin)};
}

HeaderId id_of(const char* name, const char* end) { return header_id({name, static_cast<std::size_t>(end - name)}); }

// What a line begins with that is parsed field by field: a cursor that knows that it may run out.
struct Cursor {
  const char* at;
  const char* end;
  bool out() const { return at == end; }
};

enum class Match : std::uint8_t { yes, no, more };

Match take(Cursor& in, std::string_view literal) {
  for (const char expected : literal) {
    if (in.out()) return Match::more;
    if (*in.at != expected) return Match::no;
    ++in.at;
  }
  return Match::yes;
}

// "HTTP/1.x": `major` and `minor` get the digits.
Match take_version(Cursor& in, char& major, char& minor) {
  constexpr std::string_view kUsual = "HTTP/1.1";
  if (in.end - in.at >= 8 && std::memcmp(in.at, kUsual.data(), kUsual.size()) == 0) {
    in.at += kUsual.size();
    major = minor = '1';
    return Match::yes;
  }
  if (const Match m = take(in, "HTTP/"); m != Match::yes) return m;
  if (in.out()) return Match::more;
  major = *in.at++;
  if (!is_digit(major)) return Match::no;
  if (const Match m = take(in, "."); m != Match::yes) return m;
  if (in.out()) return Match::more;
  minor = *in.at++;
  return is_digit(minor) ? Match::yes : Match::no;
}

struct LineError {
  std::uint16_t status = 0;  // 0: none
  const char* reason = "";
};

// Each parses one whole start line from `in`; Match::no comes with `error`.
Match parse_line(std::string_view text, Cursor& in, RequestHead& head, LineError& error) {
  error = {400, "the request line is malformed"};
  const char* begin = in.at;
  in.at = skip(in.at, in.end, kTokenChar);
  if (in.out()) return Match::more;
  if (*in.at != ' ' || in.at == begin) return Match::no;
  head.method_text = slice(text, begin, in.at);
  head.method = method_of({begin, static_cast<std::size_t>(in.at - begin)});
  begin = ++in.at;
  in.at = skip(in.at, in.end, kTargetChar);
  if (in.out()) return Match::more;
  if (*in.at != ' ' || in.at == begin) return Match::no;
  head.target_text = slice(text, begin, in.at);
  ++in.at;
  char major = 0, minor = 0;
  if (const Match m = take_version(in, major, minor); m != Match::yes) return m;
  if (const Match m = take(in, "\r\n"); m != Match::yes) return m;
  error = {505, "the version is not HTTP/1"};
  head.version = minor == '0' ? Version::http1_0 : Version::http1_1;
  return major == '1' ? Match::yes : Match::no;
}

Match parse_line(std::string_view text, Cursor& in, ResponseHead& head, LineError& error) {
  error = {502, "the status line is malformed"};
  char major = 0, minor = 0;
  if (const Match m = take_version(in, major, minor); m != Match::yes) return m;
  if (major != '1') return Match::no;
  head.version = minor == '0' ? Version::http1_0 : Version::http1_1;
  if (const Match m = take(in, " "); m != Match::yes) return m;
  head.status = 0;
  for (int digit = 0; digit < 3; ++digit, ++in.at) {
    if (in.out()) return Match::more;
    if (!is_digit(*in.at)) return Match::no;
    head.status = static_cast<std::uint16_t>(head.status * 10 + (*in.at - '0'));
  }
  if (head.status < 100 || head.status > 599) return Match::no;
  if (in.out()) return Match::more;
  if (*in.at == ' ') ++in.at;  // some servers leave out the space with the phrase
  const char* begin = in.at;
  in.at = skip_value(in.at, in.end);
  if (in.out()) return Match::more;
  head.reason_text = slice(text, begin, in.at);
  if (begin != in.at && begin[-1] != ' ') return Match::no;
  return take(in, "\r\n");
}

bool is_chunked(std::string_view coding) { return equals_ignoring_case(coding, "chunked"); }

// What Connection says about the connection after this message.
template <class Head>
bool keeps_alive(const Head& head) {
  bool close = false, keep = head.version != Version::http1_0;
  if (!head.fields.has(HeaderId::connection)) return keep;
  if (!head.fields.repeated(HeaderId::connection)) {  // one word, nearly always
    const std::string_view value = head.fields.get(HeaderId::connection);
    if (equals_ignoring_case(value, "keep-alive")) return true;
    if (equals_ignoring_case(value, "close")) return false;
  }
  for (const HeaderField field : head.fields) {
    if (field.id != HeaderId::connection) continue;
    close |= list_contains(field.value, "close");
    keep |= list_contains(field.value, "keep-alive");
  }
  return keep && !close;
}

}  // namespace

H1Step H1Parser::next(std::string_view in, RequestHead& head) { return next_in(in, head); }
H1Step H1Parser::next(std::string_view in, ResponseHead& head) { return next_in(in, head); }

template <class Head>
H1Step H1Parser::next_in(std::string_view in, Head& head) {
  switch (state_) {
    case State::head:
      return take_head(in, head);
    case State::done:
      return complete();
    case State::failed:
      return failure();
    case State::trailers:
      return take_trailers(in);
    case State::fixed:
    case State::chunk_size:
    case State::chunk_data:
    case State::chunk_end:
    case State::until_close:
    case State::tunnel:
      return take_body(in);
  }
  return failure();
}

template <class Head>
H1Step H1Parser::take_head(std::string_view in, Head& head) {
  if (in.empty()) return {};
  if (!partial_) {
    head.clear();
    trailers_.clear();
  }
  H1Step step = take_block(in, head.fields, &head, kMaxHeaderBlock);
  if (step.event != H1Event::head) return step;
  if (!frame(head)) return failure();
  enter_body(head.body, head.content_length);
  return step;
}

// A head that arrives whole is parsed where it lies and copied once; otherwise its bytes gather in the arena and
// parsing goes on from the first line that was not complete. Offsets mean the same in both places.
template <class Head>
H1Step H1Parser::take_block(std::string_view in, HeaderBlock& block, Head* head, std::size_t limit) {
  std::string& arena = block.arena_;
  const std::size_t had = partial_ ? arena.size() : 0;
  if (partial_) arena.append(in.substr(0, limit + 1 - std::min(had, limit + 1)));
  const std::string_view text = partial_ ? std::string_view(arena) : in;
  const Progress progress = parse_block(text, block, head, limit);
  if (progress == Progress::error) return failure();
  if (progress == Progress::more) {
    const bool only_empty_lines = head && !start_line_ && scan_ == text.size();
    if (only_empty_lines) {
      arena.clear();
      scan_ = 0;
    } else if (!partial_) {
      arena.assign(in);
    }
    partial_ = !only_empty_lines;
    return {.consumed = in.size()};
  }
  const std::size_t size = scan_;
  if (partial_) {
    arena.resize(size);
  } else {
    arena.assign(in.substr(0, size));
  }
  partial_ = start_line_ = false;
  empty_lines_ = 0;
  scan_ = 0;
  return {.event = H1Event::head, .consumed = size - had};
}

template <class Head>
H1Parser::Progress H1Parser::parse_block(std::string_view text, HeaderBlock& block, Head* head, std::size_t limit) {
  if (head && !start_line_) {
    if (const Progress line = parse_start_line(text, *head); line != Progress::end) return line;
    start_line_ = true;
  }
  const Progress fields = parse_fields(text, block, limit);
  const std::size_t seen = fields == Progress::more ? text.size() : scan_;
  if (fields != Progress::error && seen > limit) return refuse(431, kTooLarge);
  return fields;
}

template <class Head>
H1Parser::Progress H1Parser::parse_start_line(std::string_view text, Head& head) {
  Cursor in{text.data() + scan_, text.data() + text.size()};
  // RFC 9112 2.2: a server ignores an empty line before the request line.
  while (!in.out() && *in.at == '\r') {
    if (const Match m = take(in, "\r\n"); m == Match::more)
      return Progress::more;
    else if (m == Match::no || role_ == Role::response || ++empty_lines_ > kMaxEmptyLines)
      return refuse(400, "the start line is missing");
    scan_ = static_cast<std::uint32_t>(in.at - text.data());
  }
  LineError error;
  const Match match = parse_line(text, in, head, error);
  const std::size_t size = static_cast<std::size_t>((match == Match::more ? in.end : in.at) - text.data()) - scan_;
  if (size > kMaxStartLine) return refuse(414, "the start line is longer than the limit");
  if (match == Match::more) return Progress::more;
  if (match == Match::no) return refuse(error.status, error.reason);
  scan_ = static_cast<std::uint32_t>(in.at - text.data());
  return Progress::end;
}

H1Parser::Progress H1Parser::parse_fields(std::string_view text, HeaderBlock& block, std::size_t limit) {
  const char* const base = text.data();
  const char* const end = base + std::min(text.size(), limit + 1);
  const char* p = base + scan_;
  while (p != end) {
    if (*p == '\r') {
      if (p + 1 == end) return Progress::more;
      if (p[1] != '\n') return refuse(400, "a bare CR in the header block");
      scan_ = static_cast<std::uint32_t>(p + 2 - base);
      return Progress::end;
    }
    const char* const name = p;
    const char* name_end = short_name_end(p, end);
    HeaderId id = name_end == nullptr ? HeaderId::other : id_of(name, name_end);
    if (id == HeaderId::other) {  // a name that we know is a token
      name_end = skip(p, end, kTokenChar);
      if (name_end == end) return Progress::more;
      if (*name_end != ':' || name_end == name) return refuse(400, "a field name is malformed");
      id = id_of(name, name_end);
    }
    p = name_end + 1;
    while (p != end && (*p == ' ' || *p == '\t')) ++p;
    const char* const value = p;
    p = skip_value(p, end);
    if (p == end) return Progress::more;
    if (*p != '\r') return refuse(400, "a field value has a control character");
    if (p + 1 == end) return Progress::more;
    if (p[1] != '\n') return refuse(400, "a bare CR in a field value");
    const char* value_end = p;
    while (value_end != value && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;
    if (name_end - name > UINT16_MAX) return refuse(431, "a field name is longer than the limit");
    if (block.entries_.size() == kMaxHeaderCount) return refuse(431, "more header fields than the limit");
    block.push({static_cast<std::uint32_t>(name - base), static_cast<std::uint32_t>(value - base),
                static_cast<std::uint32_t>(value_end - value), static_cast<std::uint16_t>(name_end - name), id});
    p += 2;
    scan_ = static_cast<std::uint32_t>(p - base);
  }
  return Progress::more;
}

void H1Parser::enter_body(BodyKind kind, std::uint64_t length) {
  chunk_line_ = ChunkLine::first_digit;
  chunk_line_size_ = 0;
  remaining_ = 0;
  switch (kind) {
    case BodyKind::none:
      state_ = State::done;
      break;
    case BodyKind::length:
      remaining_ = length;
      state_ = length ? State::fixed : State::done;
      break;
    case BodyKind::chunked:
      state_ = State::chunk_size;
      break;
    case BodyKind::until_close:
      state_ = State::until_close;
      break;
    case BodyKind::tunnel:
      state_ = State::tunnel;
      break;
  }
  // An interim response is followed by another head, with no `complete` in between.
  if (role_ == Role::response && state_ == State::done && interim_) state_ = State::head;
}

H1Step H1Parser::take_body(std::string_view in) {
  std::string_view rest = in;
  while (!rest.empty()) {
    switch (state_) {
      case State::chunk_size:
        if (!take_chunk_size(rest)) return state_ == State::failed ? failure() : H1Step{.consumed = in.size()};
        break;
      case State::chunk_end:
        if (!take_chunk_end(rest)) return state_ == State::failed ? failure() : H1Step{.consumed = in.size()};
        break;
      case State::trailers: {
        const std::size_t before = in.size() - rest.size();
        H1Step step = take_trailers(rest);
        step.consumed += before;
        return step;
      }
      case State::until_close:
        return {.event = H1Event::body, .consumed = in.size(), .bytes = rest};
      case State::tunnel:
        return {.event = H1Event::tunnel, .consumed = in.size(), .bytes = rest};
      default: {  // fixed, chunk_data
        const std::string_view piece = rest.substr(0, std::min<std::uint64_t>(remaining_, rest.size()));
        remaining_ -= piece.size();
        if (remaining_ == 0) state_ = state_ == State::fixed ? State::done : State::chunk_end;
        const std::size_t before = in.size() - rest.size();
        return {.event = H1Event::body, .consumed = before + piece.size(), .bytes = piece};
      }
    }
  }
  return {.consumed = in.size()};
}

bool H1Parser::take_chunk_size(std::string_view& in) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const char c = in[i];
    if (++chunk_line_size_ > kMaxChunkLine) return reject(400, "a chunk line is longer than the limit");
    const int digit = hex_value(c);
    const bool in_size = chunk_line_ == ChunkLine::first_digit || chunk_line_ == ChunkLine::digits;
    if (in_size && digit >= 0) {
      if (remaining_ > kMaxContentLength >> 4) return reject(413, "a chunk is larger than the limit");
      remaining_ = remaining_ << 4 | static_cast<unsigned>(digit);
      chunk_line_ = ChunkLine::digits;
    } else if (chunk_line_ == ChunkLine::line_feed) {
      if (c != '\n') return reject(400, "a bare CR in a chunk line");
      in.remove_prefix(i + 1);
      return end_chunk_size();
    } else if (c == '\r' && (chunk_line_ == ChunkLine::digits || chunk_line_ == ChunkLine::extension)) {
      chunk_line_ = ChunkLine::line_feed;
    } else if (chunk_line_ == ChunkLine::extension) {
      if (!is(c, kValueChar)) return reject(400, "a chunk extension has a control character");
    } else if (chunk_line_ == ChunkLine::first_digit) {
      return reject(400, "a chunk size is missing");
    } else if (c == ';') {
      chunk_line_ = ChunkLine::extension;
    } else if (c == ' ' || c == '\t') {
      chunk_line_ = ChunkLine::space;  // RFC 9112 7.1.1: bad white space before an extension
    } else {
      return reject(400, "a chunk size is malformed");
    }
  }
  in = {};
  return false;
}

bool H1Parser::end_chunk_size() {
  chunk_line_ = ChunkLine::first_digit;
  chunk_line_size_ = 0;
  seen_cr_ = false;
  scan_ = 0;
  state_ = remaining_ ? State::chunk_data : State::trailers;
  return true;
}

bool H1Parser::take_chunk_end(std::string_view& in) {
  for (; !in.empty(); in.remove_prefix(1)) {
    if (in[0] != (seen_cr_ ? '\n' : '\r')) return reject(400, "a chunk does not end with CRLF");
    if (seen_cr_) {
      in.remove_prefix(1);
      state_ = State::chunk_size;
      return true;
    }
    seen_cr_ = true;
  }
  return false;
}

H1Step H1Parser::take_trailers(std::string_view in) {
  if (in.empty()) return {};
  H1Step step = take_block<RequestHead>(in, trailers_, nullptr, kMaxTrailerBlock);
  if (step.event != H1Event::head) return step;
  // RFC 9110 6.5.1: framing and routing must not come late.
  for (const HeaderId id : {HeaderId::content_length, HeaderId::transfer_encoding, HeaderId::host}) {
    if (trailers_.has(id)) {
      reject(400, "a trailer field that must not be one");
      return failure();
    }
  }
  H1Step end = complete();
  end.consumed = step.consumed;
  return end;
}

H1Step H1Parser::complete() {
  state_ = State::head;
  return {.event = H1Event::complete};
}

H1Step H1Parser::end_of_input() {
  if (state_ == State::until_close || state_ == State::done || state_ == State::tunnel) return complete();
  if (idle()) return {};
  if (state_ != State::failed) reject(400, "the connection closed in the middle of a message");
  return failure();
}

bool H1Parser::reject(std::uint16_t status, const char* reason) {
  state_ = State::failed;
  error_status_ = role_ == Role::response ? 502 : status;
  error_reason_ = reason;
  return false;
}

H1Parser::Progress H1Parser::refuse(std::uint16_t status, const char* reason) {
  reject(status, reason);
  return Progress::error;
}

H1Step H1Parser::failure() const { return {.event = H1Event::error, .status = error_status_, .reason = error_reason_}; }

bool H1Parser::frame(RequestHead& head) {
  if (!check_host(head) || !take_apart_target(head)) return false;
  const HeaderBlock& fields = head.fields;
  head.keep_alive = keeps_alive(head);
  if (fields.has(HeaderId::upgrade) && head.version == Version::http1_1) {
    for (const HeaderField field : fields) {
      if (field.id == HeaderId::connection) head.upgrade |= list_contains(field.value, "upgrade");
    }
  }
  if (fields.has(HeaderId::transfer_encoding)) {
    if (fields.has(HeaderId::content_length)) return reject(400, "both Transfer-Encoding and Content-Length");
    if (!has_chunked(fields, head.version)) return false;
    head.body = BodyKind::chunked;
  } else if (fields.has(HeaderId::content_length)) {
    if (!read_length(head.fields, head.content_length)) return false;
    head.body = BodyKind::length;
  }
  if (fields.has(HeaderId::expect) && head.version == Version::http1_1) {
    if (!equals_ignoring_case(fields.get(HeaderId::expect), "100-continue")) {
      return reject(417, "an expectation other than 100-continue");
    }
    head.expect_continue = head.body == BodyKind::chunked || head.content_length > 0;
  }
  return true;
}

// RFC 9112 3.2: exactly one Host, with a valid value; HTTP/1.0 may leave it out.
bool H1Parser::check_host(RequestHead& head) {
  if (!head.fields.has(HeaderId::host)) {
    return head.version == Version::http1_0 || reject(400, "the Host field is missing");
  }
  if (head.fields.repeated(HeaderId::host)) return reject(400, "more than one Host field");
  const std::string_view host = head.fields.get(HeaderId::host);
  const char* const end = host.data() + host.size();
  if (skip(host.data(), end, kHostChar) != end) return reject(400, "the Host field is malformed");
  head.authority_text = slice(head.fields.arena_, host.data(), end);
  return true;
}

// RFC 9112 3.2.1 to 3.2.4: the four forms of a target.
bool H1Parser::take_apart_target(RequestHead& head) {
  const std::string_view target = head.target();
  if (head.method == Method::connect) {
    const std::size_t colon = target.rfind(':');
    const char* const end = target.data() + target.size();
    if (colon == std::string_view::npos || colon == 0 || skip(target.data(), end, kHostChar) != end) {
      return reject(400, "the target of CONNECT is no authority");
    }
    head.authority_text = head.target_text;
    head.target_text = {};
    return true;
  }
  if (target[0] == '/') return true;
  if (target == "*") {
    return head.method == Method::options || reject(400, "the target \"*\" is only for OPTIONS");
  }
  const std::size_t colon = target.find("://");
  const std::string_view scheme = target.substr(0, std::min(colon, target.size()));
  if (colon == std::string_view::npos ||
      !(equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https"))) {
    return reject(400, "the target is neither a path nor an http URL");
  }
  const std::size_t begin = colon + 3;
  const std::size_t path = std::min(target.find_first_of("/?", begin), target.size());
  const char* const host = target.data() + begin;
  const char* const host_end = target.data() + path;
  if (host == host_end || skip(host, host_end, kHostChar) != host_end) {
    return reject(400, "the authority of the target is malformed");
  }
  const std::uint32_t at = head.target_text.at;
  const auto size = static_cast<std::uint32_t>(target.size());
  head.scheme_text = {at, static_cast<std::uint32_t>(colon)};
  head.authority_text = {at + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(path - begin)};
  head.target_text = {at + static_cast<std::uint32_t>(path), size - static_cast<std::uint32_t>(path)};
  if (head.target_text.size == 0) {
    head.set_target(head.method == Method::options ? "*" : "/");
  } else if (head.target()[0] == '?') {
    head.set_target(std::string("/").append(head.target()));
  }
  return true;
}

// RFC 9112 6.1: only "chunked", once, and only since HTTP/1.1.
bool H1Parser::has_chunked(const HeaderBlock& fields, Version version) {
  if (version == Version::http1_0) return reject(400, "Transfer-Encoding in HTTP/1.0");
  std::string_view last;
  std::size_t count = 0;
  for (const HeaderField field : fields) {
    if (field.id != HeaderId::transfer_encoding) continue;
    last = field.value;
    ++count;
  }
  if (count == 1 && is_chunked(last)) return true;
  const std::size_t comma = last.rfind(',');
  if (comma != std::string_view::npos) {
    const std::string_view codings = last.substr(0, comma);
    last.remove_prefix(comma + 1);
    while (!last.empty() && (last[0] == ' ' || last[0] == '\t')) last.remove_prefix(1);
    if (count == 1 && is_chunked(last) && !list_contains(codings, "chunked")) {
      return reject(501, "a transfer coding other than chunked");
    }
  }
  return reject(400, "Transfer-Encoding is not exactly \"chunked\"");
}

// RFC 9112 6.3: digits only; repeated fields only if they say the same, and then one is kept.
bool H1Parser::read_length(HeaderBlock& fields, std::uint64_t& length) {
  std::size_t count = 0;
  for (const HeaderField field : fields) {
    if (field.id != HeaderId::content_length) continue;
    std::uint64_t value = 0;
    if (field.value.empty()) return reject(400, "Content-Length is empty");
    for (const char c : field.value) {
      if (!is_digit(c)) return reject(400, "Content-Length is not a number");
      if (value > kMaxContentLength / 10) return reject(413, "Content-Length is larger than the limit");
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (count++ > 0 && value != length) return reject(400, "Content-Length fields that differ");
    length = value;
  }
  while (count-- > 1) fields.remove_first(HeaderId::content_length);
  return true;
}

bool H1Parser::frame(ResponseHead& head) {
  HeaderBlock& fields = head.fields;
  head.keep_alive = keeps_alive(head);
  interim_ = head.informational() && head.status != 101;
  const bool encoded = fields.has(HeaderId::transfer_encoding);
  const bool sized = fields.has(HeaderId::content_length);
  const bool bodiless = interim_ || head.status == 204 || head.status == 304 || request_method_ == Method::head;
  const bool connected = request_method_ == Method::connect && head.status / 100 == 2;
  if (head.status == 101 || connected) {
    head.body = BodyKind::tunnel;
    return true;
  }
  if (encoded && sized) return reject(502, "both Transfer-Encoding and Content-Length");
  if (sized && !read_length(fields, head.content_length)) return false;
  if (bodiless) return true;
  if (encoded) {
    if (!has_chunked(fields, head.version)) return false;
    head.body = BodyKind::chunked;
  } else if (sized) {
    head.body = BodyKind::length;
  } else {
    head.body = BodyKind::until_close;
    head.keep_alive = false;
  }
  return true;
}

}  // namespace weir::http
