#include "http/h1_transcript.h"

#include <algorithm>

#include "base/check.h"

namespace weir::http {
namespace {

constexpr std::string_view kBodyKinds[] = {"none", "length", "chunked", "until_close", "tunnel"};

std::string version_text(Version version) { return version == Version::http1_0 ? "HTTP/1.0" : "HTTP/1.1"; }

std::string fields_text(const HeaderBlock& fields) {
  std::string text;
  for (const HeaderField field : fields) text.append("|").append(field.name).append(": ").append(field.value);
  return text;
}

template <class Head>
std::string framing_text(const Head& head) {
  std::string text = " body=";
  text += kBodyKinds[static_cast<unsigned>(head.body)];
  if (head.body == BodyKind::length) text += ":" + std::to_string(head.content_length);
  if (!head.keep_alive) text += " close";
  return text;
}

std::string head_text(const RequestHead& head) {
  std::string text(head.method_name());
  text.append(" ").append(head.target()).append(" ").append(version_text(head.version));
  text.append(" authority=").append(head.authority());
  if (!head.scheme().empty()) text.append(" scheme=").append(head.scheme());
  text += framing_text(head);
  if (head.expect_continue) text += " expect";
  if (head.upgrade) text += " upgrade";
  return text + fields_text(head.fields);
}

std::string head_text(const ResponseHead& head) {
  std::string text = version_text(head.version) + " " + std::to_string(head.status);
  text.append(" '").append(head.reason()).append("'");
  return text + framing_text(head) + fields_text(head.fields);
}

class Transcript {
 public:
  template <class Head>
  void take(const H1Step& step, const Head& head, const HeaderBlock& trailers) {
    if (step.event != H1Event::body && step.event != H1Event::tunnel && step.event != H1Event::need_more) flush();
    switch (step.event) {
      case H1Event::need_more:
        break;
      case H1Event::head:
        line(head_text(head));
        break;
      case H1Event::body:
        gather("body ", step.bytes);
        break;
      case H1Event::tunnel:
        gather("tunnel ", step.bytes);
        break;
      case H1Event::complete:
        line("complete" + fields_text(trailers));
        break;
      case H1Event::error:
        line("error " + std::to_string(step.status) + " " + step.reason);
        break;
    }
  }
  void line(std::string_view text) { text_.append(text).append("\n"); }
  void flush() {
    if (!body_.empty()) line(body_);
    body_.clear();
  }
  std::string text() { return std::move(text_); }

 private:
  void gather(std::string_view label, std::string_view bytes) {
    if (body_.empty()) body_ = label;
    body_ += bytes;
  }
  std::string text_;
  std::string body_;
};

template <class Head>
std::string transcript(H1Parser& parser, std::string_view bytes, std::size_t piece) {
  Transcript out;
  Head head;
  while (!bytes.empty()) {
    std::string_view in = bytes.substr(0, piece);
    bytes.remove_prefix(in.size());
    while (true) {
      const H1Step step = parser.next(in, head);
      check(step.consumed <= in.size(), "the parser consumed more than it was given");
      in.remove_prefix(step.consumed);
      out.take(step, head, parser.trailers());
      if (step.event == H1Event::error) return out.text();
      if (step.event == H1Event::need_more) {
        check(in.empty(), "the parser left bytes and wants more");
        break;
      }
    }
  }
  const H1Step end = parser.end_of_input();
  out.take(end, head, parser.trailers());
  out.flush();
  if (end.event == H1Event::need_more) out.line("idle");
  return out.text();
}

}  // namespace

std::string transcript_of_requests(std::string_view bytes, std::size_t piece) {
  H1Parser parser(H1Parser::Role::request);
  return transcript<RequestHead>(parser, bytes, piece);
}

std::string transcript_of_responses(std::string_view bytes, std::size_t piece, Method method) {
  H1Parser parser(H1Parser::Role::response);
  parser.expect(method);
  return transcript<ResponseHead>(parser, bytes, piece);
}

}  // namespace weir::http
