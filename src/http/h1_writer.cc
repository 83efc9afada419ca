#include "http/h1_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace weir::http {
namespace {

// Text appended to a fixed buffer; once something did not fit, nothing counts any more.
class Output {
 public:
  explicit Output(std::span<char> out) : begin_(out.data()), at_(out.data()), end_(out.data() + out.size()) {}

  void text(std::string_view bytes) {
    if (bytes.size() > static_cast<std::size_t>(end_ - at_)) [[unlikely]] {
      end_ = at_;
      full_ = true;
      return;
    }
    if (bytes.empty()) return;  // its pointer may be null
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void number(std::uint64_t value, int base = 10) {
    char digits[20];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, base);
    text({digits, static_cast<std::size_t>(end - digits)});
  }
  std::size_t written() const { return full_ ? 0 : static_cast<std::size_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
  char* end_;
  bool full_ = false;
};

constexpr std::size_t kFixedLines = 192;  // bytes: version, framing and connection lines, the last CRLF

constexpr std::uint64_t kNeverCopied =
    bit(HeaderId::host) | bit(HeaderId::connection) | bit(HeaderId::transfer_encoding);

std::uint64_t left_out(H1Framing framing) {
  return framing == H1Framing::as_is ? kNeverCopied : kNeverCopied | bit(HeaderId::content_length);
}

void write_framing(Output& out, const H1WriteOptions& options) {
  switch (options.framing) {
    case H1Framing::length:
      out.text("content-length: ");
      out.number(options.length);
      out.text("\r\n");
      break;
    case H1Framing::chunked:
      out.text("transfer-encoding: chunked\r\n");
      break;
    case H1Framing::none:
    case H1Framing::until_close:
    case H1Framing::as_is:
      break;
  }
}

void write_connection(Output& out, const H1WriteOptions& options) {
  if (!options.upgrade.empty()) {
    out.text("connection: upgrade\r\nupgrade: ");
    out.text(options.upgrade);
    out.text("\r\n");
  } else if (options.close) {
    out.text("connection: close\r\n");
  } else if (options.keep_alive) {
    out.text("connection: keep-alive\r\n");
  }
}

}  // namespace

// A class only to be a friend of HeaderBlock.
class H1Writer {
 public:
  // Fields that lie together in the arena, CRLF between them, are copied as one run.
  static void fields(Output& out, const HeaderBlock& block, std::uint64_t skip) {
    const char* const arena = block.arena_.data();
    std::uint32_t run = 0, run_end = 0;
    for (const HeaderBlock::Entry& entry : block.entries_) {
      if (skip & bit(entry.id)) continue;
      const std::uint32_t end = entry.value_at + entry.value_size;
      const bool adjoins = entry.name_at == run_end + 2 && arena[run_end] == '\r' && run_end > run;
      if (!adjoins) {
        line(out, {arena + run, run_end - run});
        run = entry.name_at;
      }
      run_end = end;
    }
    line(out, {arena + run, run_end - run});
  }
  static std::size_t text_size(const HeaderBlock& block) { return block.arena_.size() + 2 * block.size(); }

 private:
  static void line(Output& out, std::string_view text) {
    if (text.empty()) return;
    out.text(text);
    out.text("\r\n");
  }
};

std::size_t write_request_head(std::span<char> buffer, const RequestHead& head, const H1WriteOptions& options) {
  Output out(buffer);
  out.text(head.method_name());
  out.text(" ");
  out.text(head.method == Method::connect ? head.authority() : head.target());
  out.text(" HTTP/1.1\r\nHost: ");
  out.text(head.authority());
  out.text("\r\n");
  H1Writer::fields(out, head.fields, left_out(options.framing));
  write_framing(out, options);
  write_connection(out, options);
  out.text(options.extra_fields);
  out.text("\r\n");
  return out.written();
}

std::size_t write_response_head(std::span<char> buffer, const ResponseHead& head, const H1WriteOptions& options) {
  Output out(buffer);
  out.text("HTTP/1.1 ");
  out.number(head.status);
  out.text(" ");
  const std::string_view reason = head.reason();
  out.text(reason.empty() ? reason_of(head.status) : reason);
  out.text("\r\n");
  H1Writer::fields(out, head.fields, left_out(options.framing));
  write_framing(out, options);
  write_connection(out, options);
  out.text(options.extra_fields);
  out.text("\r\n");
  return out.written();
}

std::size_t head_size_bound(const RequestHead& head, const H1WriteOptions& options) {
  return H1Writer::text_size(head.fields) + head.method_text.size + head.target_text.size +
         2 * head.authority_text.size + options.extra_fields.size() + options.upgrade.size() + kFixedLines;
}

std::size_t head_size_bound(const ResponseHead& head, const H1WriteOptions& options) {
  return H1Writer::text_size(head.fields) + head.reason_text.size + options.extra_fields.size() +
         options.upgrade.size() + kFixedLines;
}

H1WriteOptions framing_of(const RequestHead& head) {
  switch (head.body) {
    case BodyKind::length:
      return {.framing = H1Framing::length, .length = head.content_length};
    case BodyKind::chunked:
      return {.framing = H1Framing::chunked};
    case BodyKind::none:
    case BodyKind::until_close:
    case BodyKind::tunnel:
      break;
  }
  return {};
}

H1WriteOptions framing_of(const ResponseHead& head, Method request_method) {
  if (head.informational() || head.status == 204) return {};
  if (request_method == Method::head || head.status == 304) return {.framing = H1Framing::as_is};
  if (request_method == Method::connect && head.status / 100 == 2) return {};
  switch (head.body) {
    case BodyKind::none:
      return {.framing = H1Framing::length, .length = 0};
    case BodyKind::length:
      return {.framing = H1Framing::length, .length = head.content_length};
    case BodyKind::chunked:
    case BodyKind::until_close:
      return {.framing = H1Framing::chunked};
    case BodyKind::tunnel:
      break;
  }
  return {};
}

std::size_t write_chunk_prefix(std::span<char, kChunkPrefixMax> buffer, std::uint64_t size) {
  Output out(buffer);
  out.number(size, 16);
  out.text("\r\n");
  return out.written();
}

std::size_t write_last_chunk(std::span<char> buffer, const HeaderBlock& trailers) {
  Output out(buffer);
  out.text("0\r\n");
  H1Writer::fields(out, trailers, kNeverCopied | bit(HeaderId::content_length));
  out.text("\r\n");
  return out.written();
}

std::size_t write_simple_response(std::span<char> buffer, unsigned status, std::string_view body, bool close) {
  Output out(buffer);
  out.text("HTTP/1.1 ");
  out.number(status);
  out.text(" ");
  out.text(reason_of(status));
  out.text("\r\ncontent-type: text/plain; charset=utf-8\r\n");
  write_framing(out, {.framing = H1Framing::length, .length = body.size()});
  write_connection(out, {.close = close});
  out.text("\r\n");
  out.text(body);
  return out.written();
}

}  // namespace weir::http
