#include "cli/prove_websocket.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "cli/prove_judge.h"
#include "http/h1_writer.h"

namespace weir::cli {
namespace {

constexpr unsigned kContinuation = 0, kText = 1, kClose = 8, kPing = 9, kPong = 10;
constexpr unsigned kLast = 0x80, kMasked = 0x80;
constexpr std::string_view kMask = "\x5a\xa5\x3c\xc3";   // any will do where no browser runs others' scripts
constexpr std::string_view kNormalClosure = "\x03\xe8";  // 1000

std::string close_reason(std::string_view payload) {
  if (payload.size() < kNormalClosure.size()) return "without a code";
  const unsigned code = static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  return fmt::format("{} {}", code, printable(std::string(payload.substr(2))));
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return encode_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

ProveWebSocket::ProveWebSocket(net::Loop& loop, const ProveLoad& load, ProveCalls& calls, std::uint64_t number)
    : ProveConnection(loop, load, calls), key_(encode_base64(fmt::format("{:016x}", number))) {}

std::string ProveWebSocket::request() const {
  http::RequestHead head;
  head.set_method("GET");
  head.set_target(load().target);
  head.set_authority(load().authority);
  for (const auto& [name, value] : load().headers) {
    if (http::header_id(name) == http::HeaderId::host) head.set_authority(value);
    head.fields.add(name, value);
  }
  head.fields.add("sec-websocket-key", key_);
  head.fields.add("sec-websocket-version", "13");
  const http::H1WriteOptions options{.upgrade = "websocket"};
  std::string bytes(http::head_size_bound(head, options), '\0');
  bytes.resize(http::write_request_head(bytes, head, options));
  return bytes;
}

bool ProveWebSocket::take(ProveCall& call) {
  if (closed_by_peer()) {
    close();
    return false;
  }
  used_ = true;
  call_ = &call;
  parser_.expect(http::Method::get);
  send(request());
  return true;
}

void ProveWebSocket::abandon(ProveCall&) {
  call_ = nullptr;
  close();
}

void ProveWebSocket::received(std::string_view bytes) {
  while (phase() == Phase::open && !switched_ && take_handshake(bytes)) continue;
  if (phase() == Phase::open && switched_) take_frames(bytes);
}

bool ProveWebSocket::take_handshake(std::string_view& bytes) {
  if (call_ == nullptr) {
    if (!bytes.empty()) close();  // nobody asked for them
    return false;
  }
  const http::H1Step step = parser_.next(bytes, head_);
  switch (step.event) {
    case http::H1Event::head:
      note_head();
      break;
    case http::H1Event::body:
      call_->answer.body += step.bytes.substr(0, kProveMaxBody - std::min(kProveMaxBody, call_->answer.body.size()));
      break;
    case http::H1Event::complete:
      answer();
      break;
    case http::H1Event::error:
      fail_call("protocol error", step.reason);
      break;
    default:
      break;
  }
  bytes.remove_prefix(step.consumed);
  return step.event != http::H1Event::need_more;
}

void ProveWebSocket::note_head() {
  call_->answer.status = head_.status;
  if (!load().version_header.empty()) call_->answer.version = head_.fields.find(load().version_header).value_or("");
  if (head_.status != 101) return;
  if (head_.fields.find("sec-websocket-accept").value_or("") != websocket_accept(key_)) {
    return fail_call("protocol error", "wrong Sec-WebSocket-Accept");
  }
  switched_ = true;
  send_frame(kText, load().body);
}

void ProveWebSocket::take_frames(std::string_view bytes) {
  incoming_ += bytes;
  while (phase() == Phase::open && call_ != nullptr) {
    const Frame frame = first_frame();
    if (incoming_.size() > 2 * kProveMaxBody) return fail_call("protocol error", "a message that is too large");
    if (frame.size == 0) return;
    take_frame(frame);
    incoming_.erase(0, frame.size);
  }
}

ProveWebSocket::Frame ProveWebSocket::first_frame() const {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(incoming_[i]); };
  if (incoming_.size() < 2) return {};
  std::size_t size = byte(1) & 0x7f;
  const std::size_t more = size == 127 ? 8 : size == 126 ? 2 : 0;
  if (incoming_.size() < 2 + more) return {};
  if (more > 0) size = 0;
  for (std::size_t i = 0; i < more; ++i) size = size << 8 | byte(2 + i);
  const std::size_t header = 2 + more;
  // Servers do not mask; one that did would be found out by what it seems to say.
  if (size > incoming_.size() - header) return {};
  return {.opcode = byte(0) & 0x0fu,
          .last = (byte(0) & kLast) != 0,
          .payload = std::string_view(incoming_).substr(header, size),
          .size = header + size};
}

void ProveWebSocket::take_frame(const Frame& frame) {
  switch (frame.opcode) {
    case kPing:
      return send_frame(kPong, frame.payload);
    case kPong:
      return;
    case kClose:
      return closing_ ? answer() : fail_call("closed by the server", close_reason(frame.payload));
    default:
      if (frame.opcode != kContinuation) message_.clear();
      message_ += frame.payload;
      if (message_.size() > kProveMaxBody) return fail_call("protocol error", "a message that is too large");
      if (frame.last) take_message();
  }
}

void ProveWebSocket::take_message() {
  if (closing_) return;
  call_->answer.body = message_;
  const bool echo = load().expect_text.empty() && load().expect_pattern.empty();
  if (echo && message_ != load().body) return fail_call("message mismatch", printable(message_));
  if (++call_->answer.messages < load().messages) return send_frame(kText, load().body);
  closing_ = true;
  send_frame(kClose, kNormalClosure);
}

void ProveWebSocket::send_frame(unsigned opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>(kLast | opcode));
  const std::size_t more = payload.size() > 0xffff ? 8 : payload.size() > 125 ? 2 : 0;
  frame += static_cast<char>(kMasked | (more == 8 ? 127 : more == 2 ? 126 : payload.size()));
  for (std::size_t i = more; i > 0; --i) frame += static_cast<char>(payload.size() >> 8 * (i - 1));
  frame += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ kMask[i % kMask.size()]);
  send(frame);
}

void ProveWebSocket::answer() {
  ProveCall& call = *std::exchange(call_, nullptr);
  close();
  calls().on_answer(call);
}

void ProveWebSocket::fail_call(std::string cause, std::string example) {
  ProveCall& call = *std::exchange(call_, nullptr);
  close();
  calls().on_failure(call, std::move(cause), std::move(example));
}

void ProveWebSocket::ended(int error_number) {
  if (call_ == nullptr) return;
  ProveCall& call = *std::exchange(call_, nullptr);
  const bool begun = call.answer.status != 0;
  calls().on_failure(
      call,
      begun ? cause_of_loss(error_number, true) + " without a closing handshake" : cause_of_loss(error_number, false),
      "");
}

}  // namespace weir::cli
