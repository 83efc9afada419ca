// A ProveConnection that speaks HTTP/1.1: one call at a time, no pipelining. Leaves when the server says
// "Connection: close"; a server that closes without saying so fails the call that met it.
#pragma once

#include "cli/prove_connection.h"
#include "http/h1_parser.h"

namespace weir::cli {

// The bytes of the one request that is sent again and again.
std::string prove_h1_request(const ProveLoad& load);

class ProveH1 final : public ProveConnection {
 public:
  // `request` must outlive the connection.
  ProveH1(net::Loop& loop, const ProveLoad& load, ProveCalls& calls, const std::string& request);

  bool can_take() const override { return phase() == Phase::open && call_ == nullptr; }
  bool take(ProveCall& call) override;
  void abandon(ProveCall& call) override;

 private:
  void connected() override {}
  void received(std::string_view bytes) override;
  void ended(int error_number) override;
  // False when the connection is over.
  bool step(const http::H1Step& step);
  void note_head();
  void complete();

  const std::string& request_;
  http::H1Parser parser_{http::H1Parser::Role::response};
  http::ResponseHead head_;
  http::Method method_;
  ProveCall* call_ = nullptr;
  bool answer_begun_ = false;
  bool keep_alive_ = true;
};

}  // namespace weir::cli
