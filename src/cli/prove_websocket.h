// A ProveConnection that speaks WebSocket (RFC 6455): one conversation, then it is over. A message leaves when the one
// before has come back; after the last one both sides say that they close.
#pragma once

#include <string>
#include <string_view>

#include "cli/prove_connection.h"
#include "http/h1_parser.h"

namespace weir::cli {

// The Sec-WebSocket-Accept that proves that `key` was understood.
std::string websocket_accept(std::string_view key);

class ProveWebSocket final : public ProveConnection {
 public:
  // `number` tells connections apart in the key that each sends.
  ProveWebSocket(net::Loop& loop, const ProveLoad& load, ProveCalls& calls, std::uint64_t number);

  bool can_take() const override { return phase() == Phase::open && !used_; }
  bool take(ProveCall& call) override;
  void abandon(ProveCall& call) override;

 private:
  struct Frame {
    unsigned opcode = 0;
    bool last = false;
    std::string_view payload;
    std::size_t size = 0;  // with its header; 0: not all of it is there
  };

  void connected() override {}
  void received(std::string_view bytes) override;
  void ended(int error_number) override;

  std::string request() const;
  // False: that was all.
  bool take_handshake(std::string_view& bytes);
  void note_head();
  void take_frames(std::string_view bytes);
  Frame first_frame() const;
  void take_frame(const Frame& frame);
  void take_message();
  void send_frame(unsigned opcode, std::string_view payload);
  void answer();
  void fail_call(std::string cause, std::string example = "");

  const std::string key_;
  http::H1Parser parser_{http::H1Parser::Role::response};
  http::ResponseHead head_;
  ProveCall* call_ = nullptr;
  bool used_ = false;
  bool switched_ = false;
  bool closing_ = false;  // we have said so
  std::string incoming_;  // frames that are not whole yet
  std::string message_;   // of frames so far
};

}  // namespace weir::cli
