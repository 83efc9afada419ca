#include "http/websocket.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace example {
namespace {

constexpr std::size_t kMaxMessage = 1024 * 1024;
constexpr unsigned kContinuation = 0, kClose = 8, kPing = 9, kPong = 10;
constexpr unsigned kLast = 0x80, kMasked = 0x80;

struct Frame {
  unsigned opcode = 0;
  bool last = false;
  std::string payload;
};

// False: the connection ended, or what came is no frame of a client.
bool read_frame(Input& input, Frame& frame) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input.bytes[i]); };
  if (!input.at_least(2) || !(byte(1) & kMasked)) return false;
  std::size_t size = byte(1) & 0x7f;
  const std::size_t more = size == 127 ? 8 : size == 126 ? 2 : 0;
  if (!input.at_least(2 + more + 4)) return false;
  if (more > 0) size = 0;
  for (std::size_t i = 0; i < more; ++i) size = size << 8 | byte(2 + i);
  const std::size_t header = 2 + more + 4;
  if (size > kMaxMessage || !input.at_least(header + size)) return false;
  frame.opcode = byte(0) & 0x0f;
  frame.last = byte(0) & kLast;
  frame.payload = input.bytes.substr(header, size);
  for (std::size_t i = 0; i < size; ++i) frame.payload[i] ^= input.bytes[header - 4 + i % 4];
  input.bytes.erase(0, header + size);
  return true;
}

void send_frame(int socket, unsigned opcode, const std::string& payload) {
  std::string frame(1, static_cast<char>(kLast | opcode));
  const std::size_t more = payload.size() > 0xffff ? 8 : payload.size() > 125 ? 2 : 0;
  frame += static_cast<char>(more == 8 ? 127 : more == 2 ? 126 : payload.size());
  for (std::size_t i = more; i > 0; --i) frame += static_cast<char>(payload.size() >> 8 * (i - 1));
  send_all(socket, frame + payload);
}

}  // namespace

std::string websocket_handshake(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char accept[32];
  EVP_EncodeBlock(accept, digest, sizeof digest);
  return std::string(
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: ") +
         reinterpret_cast<const char*>(accept) + "\r\n\r\n";
}

void echo_messages(Input& input, int socket, const std::string& suffix) {
  std::string message;
  unsigned kind = 0;
  for (Frame frame; read_frame(input, frame);) {
    if (frame.opcode == kClose) return send_frame(socket, kClose, frame.payload);
    if (frame.opcode == kPing) send_frame(socket, kPong, frame.payload);
    if (frame.opcode >= kClose) continue;
    if (frame.opcode != kContinuation) kind = frame.opcode;
    message += frame.payload;
    if (message.size() > kMaxMessage) return;
    if (!frame.last) continue;
    send_frame(socket, kind, message + suffix);
    message.clear();
  }
}

}  // namespace example
