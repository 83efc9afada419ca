// Any bytes as a chunked body: the same body and the same end however they are cut (the first bytes of the input say
// how), and the same as a decoder says that is written from RFC 9112 section 7.1 alone.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/h1_parser.h"
#include "http/limits.h"

namespace {

using weir::check;

enum class End { more, whole, bad };

struct Outcome {
  End end = End::more;
  std::string body;
  std::size_t size = 0;  // whole: of the bytes that it took
  bool operator==(const Outcome&) const = default;
};

// Reads the text from its beginning; every step either takes what it wants, or says how it ends.
class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  Outcome run() {
    while (chunk()) {
    }
    if (last_ && out_.end == End::more) trailers();
    out_.size = out_.end == End::whole ? at_ : 0;
    return out_;
  }

 private:
  bool stop(End end) {
    out_.end = end;
    return false;
  }
  bool out() const { return at_ == text_.size(); }
  static bool value_char(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7F); }
  static bool token_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  }
  // False: the line is not whole yet, or not what it should be.
  bool line_end() {
    if (out()) return stop(End::more);
    if (text_[at_++] != '\r') return stop(End::bad);
    if (out()) return stop(End::more);
    if (text_[at_++] != '\n') return stop(End::bad);
    return true;
  }
  bool size_line(std::uint64_t& size) {
    const std::size_t begin = at_;
    const auto too_long = [&] { return at_ - begin >= weir::http::kMaxChunkLine; };
    std::size_t digits = 0;
    for (; !out(); ++at_, ++digits) {
      const char c = text_[at_];
      const int value = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (value < 0) break;
      if (too_long() || size > weir::http::kMaxContentLength >> 4) return stop(End::bad);
      size = size * 16 + static_cast<unsigned>(value);
    }
    if (out()) return stop(End::more);
    if (digits == 0) return stop(End::bad);
    const std::size_t spaces = at_;
    while (!out() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (at_ - begin > weir::http::kMaxChunkLine) return stop(End::bad);
    if (out()) return stop(End::more);
    if (text_[at_] == ';') {
      for (++at_; !out() && text_[at_] != '\r'; ++at_) {
        if (!value_char(text_[at_]) || too_long()) return stop(End::bad);
      }
      if (at_ - begin > weir::http::kMaxChunkLine) return stop(End::bad);
    } else if (spaces != at_) {
      return stop(End::bad);
    }
    if (!out() && too_long()) return stop(End::bad);
    if (!line_end()) return false;
    return at_ - begin <= weir::http::kMaxChunkLine || stop(End::bad);
  }
  // True: there may be another.
  bool chunk() {
    std::uint64_t size = 0;
    if (!size_line(size)) return false;
    if (size == 0) {
      last_ = true;
      return false;
    }
    const std::string_view data = text_.substr(at_, size);
    out_.body += data;
    at_ += data.size();
    if (data.size() < size) return stop(End::more);
    return line_end();
  }
  void trailers() {
    const std::size_t begin = at_;
    for (std::size_t count = 0; !out(); ++count) {
      if (text_[at_] == '\r') {
        if (line_end()) out_.end = End::whole;
        break;
      }
      const std::size_t name = at_;
      while (!out() && token_char(text_[at_])) ++at_;
      if (out()) break;
      if (text_[at_] != ':' || at_ == name) return void(stop(End::bad));
      std::string lower(text_.substr(name, at_ - name));
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      forbidden_ |= lower == "host" || lower == "content-length" || lower == "transfer-encoding";
      while (!out() && value_char(text_[at_])) ++at_;
      if (out()) break;
      if (!line_end()) break;
      if (count == weir::http::kMaxHeaderCount) return void(stop(End::bad));
    }
    if (at_ - begin > weir::http::kMaxTrailerBlock) out_.end = End::bad;
    if (out_.end == End::whole && forbidden_) out_.end = End::bad;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Outcome out_;
  bool last_ = false;
  bool forbidden_ = false;
};

// The parser's word on `text`, cut into pieces whose sizes `cuts` says in turn.
Outcome parsed(std::string_view text, std::string_view cuts) {
  using weir::http::H1Event;
  weir::http::H1Parser parser(weir::http::H1Parser::Role::request);
  weir::http::RequestHead head;
  constexpr std::string_view kHead = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  check(parser.next(kHead, head).event == H1Event::head, "the head is one");
  Outcome outcome;
  for (std::size_t at = 0, turn = 0; at < text.size(); ++turn) {
    const std::size_t size = cuts.empty() ? text.size() : 1 + static_cast<unsigned char>(cuts[turn % cuts.size()]);
    std::string_view in = text.substr(at, size);
    at += in.size();
    while (true) {
      const auto step = parser.next(in, head);
      in.remove_prefix(step.consumed);
      if (step.event == H1Event::need_more) break;
      if (step.event == H1Event::body) {
        outcome.body += step.bytes;
      } else {
        outcome.end = step.event == H1Event::complete ? End::whole : End::bad;
        if (outcome.end == End::whole) outcome.size = at - in.size();
        return outcome;
      }
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::size_t kCuts = 3;
  if (size < kCuts) return 0;
  const std::string_view all(reinterpret_cast<const char*>(bytes), size);
  const std::string_view text = all.substr(kCuts);
  const Outcome whole = parsed(text, {});
  check(parsed(text, all.substr(0, kCuts)) == whole, "the body depends on how its bytes are cut");
  check(parsed(text, std::string_view("\0", 1)) == whole, "the body is another byte by byte");
  check(Decoder(text).run() == whole, "two decoders disagree");
  return 0;
}
