// One connection of `weir prove`: sends calls, reports how each ended, exactly once. The socket is here; what is said
// over it is ProveH1's, ProveH2's and ProveWebSocket's. One loop thread; owned by the run, destroyed only between turns
// (gone()).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/prove_options.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/socket_address.h"

namespace weir::cli {

class ProveConnection;

// What came back for one call.
struct ProveAnswer {
  unsigned status = 0;
  std::string body;          // up to kProveMaxBody; of a stream or WebSocket its last message
  std::size_t messages = 0;  // of a stream or WebSocket
  std::string version;       // of the version header asked for
  std::string grpc_status;   // empty where there was none
  std::string grpc_message;
};

// One request to be sent once.
struct ProveCall {
  enum class State : std::uint8_t { waiting, under_way, done };
  Instant intended;  // when it should leave; latency counts from here
  State state = State::waiting;
  ProveConnection* connection = nullptr;  // while under way
  ProveAnswer answer;
  std::size_t body_sent = 0;      // HTTP/2; of the message under way where it is a stream
  std::size_t messages_sent = 0;  // gRPC streams
  std::string incoming;           // of a message that is not whole yet, gRPC streams
  bool left = false;              // its bytes were handed to the kernel, HTTP/2
};

// Told by connections. Nothing here may destroy a connection at once.
class ProveCalls {
 public:
  virtual ~ProveCalls() = default;
  virtual void on_answer(ProveCall& call) = 0;
  // `cause`: a few words; `example` may be empty.
  virtual void on_failure(ProveCall& call, std::string cause, std::string example) = 0;
  // No byte of the call was sent and the connection takes no more: it goes to another one.
  virtual void on_unsent(ProveCall& call) = 0;
  // The connection can take a call (again).
  virtual void on_free() = 0;
  // Closed for good. `refused`: empty, or why it could not be opened.
  virtual void on_gone(ProveConnection& connection, std::string refused) = 0;
};

class ProveConnection : public net::FdHandler {
 public:
  ProveConnection(net::Loop& loop, const ProveLoad& load, ProveCalls& calls)
      : loop_(loop), load_(load), calls_(calls) {}
  ~ProveConnection() override;

  // Starts connecting. on_gone() may come at once.
  void open(const net::SocketAddress& address);

  enum class Phase : std::uint8_t { opening, open, leaving, gone };
  // leaving: the server announced the end; calls under way go on, no new ones.
  Phase phase() const { return phase_; }
  virtual bool can_take() const = 0;
  // Sends the call. False: the connection turned out to be closed, nothing was sent.
  virtual bool take(ProveCall& call) = 0;
  // The call's time is over; nothing more will be reported of it.
  virtual void abandon(ProveCall& call) = 0;

 protected:
  virtual void connected() = 0;
  virtual void received(std::string_view bytes) = 0;
  // The peer closed, or `error_number` says what broke: everything under way is to be reported. gone() follows.
  virtual void ended(int error_number) = 0;

  // Queues bytes; what the kernel does not take at once follows when it can.
  void send(std::string_view bytes);
  // The server has closed its side although nothing was asked of it.
  bool closed_by_peer() const;
  void leave() { phase_ = Phase::leaving; }
  void close(std::string refused = "");
  const ProveLoad& load() const { return load_; }
  net::Loop& loop() { return loop_; }
  ProveCalls& calls() { return calls_; }

 private:
  void on_ready(std::uint32_t events) override;
  void finish_connecting();
  void read();
  void flush();

  net::Loop& loop_;
  const ProveLoad& load_;
  ProveCalls& calls_;
  net::Fd fd_;
  Phase phase_ = Phase::opening;
  std::string unsent_;
};

// "closed before an answer", "reset in the answer" and the like.
std::string cause_of_loss(int error_number, bool answer_begun);

}  // namespace weir::cli
