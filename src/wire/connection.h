// Connection: one client of the ApiServer: reads a request, has it answered, writes the answer, again. The loop's
// thread; owned by the ApiServer, which frees it at the end of the turn in which it closes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/message.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/timer.h"
#include "sign/digest.h"
#include "wire/route.h"

namespace weir::wire {

class ApiServer;

class Connection final : private net::FdHandler {
 public:
  Connection(ApiServer& server, net::Fd socket);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  friend class ApiServer;
  friend class ResponseStream;

  enum class State : std::uint8_t {
    reading,    // a request's head or body, or waiting for one
    answering,  // the request is whole; its answer is not
    lingering,  // the last answer is written; what the client still sends is dropped, so that it can read the answer
    closed,
  };

  void on_ready(std::uint32_t events) override;
  void on_timeout();
  void receive();
  void parse();
  bool take(const http::H1Step& step);  // false: stop parsing

  void on_head();
  void on_body(std::string_view bytes);
  void on_complete();
  void choose_route();
  bool admit_upload();
  void handle_route();
  bool body_fits(std::uint64_t size) const;

  // What ResponseStream does.
  void send_reply(const Reply& reply);
  void start_stream(const Reply& head);
  void write_stream(std::string_view bytes);
  void finish_stream();
  void abandon();

  void refuse(const Reply& reply);  // answers, then closes
  void refuse_body();               // 413
  void release_body();              // gives back what this body counts among all
  void write_head(const Reply& reply, http::H1WriteOptions options);
  void answered();  // the answer is complete in out_
  void flush();
  // A client that has taken of its answer since it was last asked has kept nobody waiting until now.
  void note_progress();
  void settle();  // watches and times what the state asks for
  void linger();
  void close();

  ApiServer& server_;
  net::Fd socket_;
  net::Timer timer_;
  State state_ = State::reading;
  bool parsing_ = false;
  bool peer_done_ = false;    // the client sends no more
  bool close_after_ = false;  // the current answer
  bool chunked_ = false;      // the current answer
  bool streaming_ = false;
  bool half_read_ = false;  // part of a request has come
  Instant waiting_since_;   // for a request, for the rest of one, or for the client to take its answer
  std::uint32_t watched_ = 0;

  http::H1Parser parser_{http::H1Parser::Role::request};
  http::RequestHead head_;
  std::string in_;   // received and not yet parsed
  std::string out_;  // to be sent, from sent_ on
  std::size_t sent_ = 0;
  std::size_t untaken_ = 0;  // bytes of answers that the client had not taken when it was last asked

  const Route* route_ = nullptr;  // null: the facade
  std::string body_;
  std::optional<SpooledFile> file_;
  std::optional<sign::Sha256> digest_;  // of a spooled body, where the head claims one
  std::uint64_t body_size_ = 0;
  std::uint64_t held_ = 0;  // bytes of body_ counted by the server
  ResponseStream* stream_ = nullptr;
};

}  // namespace weir::wire
