// A ProveConnection that speaks HTTP/2 with prior knowledge: many calls at once, for plain HTTP/2 and gRPC.
// After a GOAWAY it leaves: calls under way go on, calls that had not left yet go to another connection.
#pragma once

#include <vector>

#include "cli/prove_connection.h"
#include "http/h2_session.h"

namespace weir::cli {

// The head of the one request that is sent again and again.
http::RequestHead prove_h2_request(const ProveLoad& load);

class ProveH2 final : public ProveConnection, private http::H2Events, private net::TurnTask {
 public:
  // `request` must outlive the connection.
  ProveH2(net::Loop& loop, const ProveLoad& load, ProveCalls& calls, const http::RequestHead& request);

  bool can_take() const override;
  bool take(ProveCall& call) override;
  void abandon(ProveCall& call) override;

 private:
  struct Open {
    http::StreamId stream;
    ProveCall* call;
  };

  void connected() override;
  void received(std::string_view bytes) override;
  void ended(int error_number) override;

  void on_response(http::StreamId, void* user, http::ResponseHead& head, bool end) override;
  void on_data(http::StreamId stream, void* user, std::string_view bytes) override;
  void on_trailers(http::StreamId, void* user, http::HeaderBlock& trailers) override;
  void on_end(http::StreamId stream, void* user) override;
  void on_closed(http::StreamId stream, void* user, http::H2Code code) override;
  http::H2BodyPart next_body(http::StreamId, void* user, std::size_t max) override;
  void on_settings() override;
  void on_goaway(http::StreamId last, http::H2Code code) override;

  void take_messages(http::StreamId stream, ProveCall& call, std::string_view bytes);

  void at_turn_end() override;
  void flush();
  // The call is no longer this connection's; null if it was abandoned or answered already.
  ProveCall* forget(http::StreamId stream, void* user);
  void note_grpc(ProveCall& call, const http::HeaderBlock& fields);

  const http::RequestHead& request_;
  http::H2Session session_;
  bool ready_ = false;
  std::vector<Open> open_;
  ProveCall nobody_;  // the user of streams whose call is over
};

}  // namespace weir::cli
