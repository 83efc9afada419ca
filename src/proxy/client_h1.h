// ClientH1: one HTTP/1.1 connection from a client, one exchange at a time. A connection that starts with HTTP/2's
// preface is handed to a ClientH2 instead. One thread; owned by the Lane.
#pragma once

#include <string>

#include "http/h1_parser.h"
#include "net/timer.h"
#include "proxy/client_connection.h"
#include "proxy/lane.h"
#include "proxy/out_queue.h"
#include "proxy/streams.h"

namespace weir::proxy {

class ClientH1 final : public ClientConnection, private ClientStream, private Flushable {
 public:
  // `tls`: an established session, or null.
  ClientH1(Lane& lane, Entrance& entrance, ClientOrigin origin, net::Fd socket, TlsPointer tls = nullptr);
  ~ClientH1() override;
  void finish_soon(Duration grace) override;
  void end() override;
  // After a handshake: what came with its end lies in the session, and no event will tell of it.
  void take_over();

 private:
  enum class State : std::uint8_t {
    sniffing,   // not a byte yet
    request,    // reading a request, or between two
    response,   // the request is complete, its response is not
    lingering,  // the last answer is on its way; what still comes is dropped
  };

  void on_ready(std::uint32_t events) override;
  void flush() override;
  void read();
  void receive(std::string_view in);
  bool sniff(std::string_view in);
  void become_h2(std::string_view in);
  void process(std::string_view in);
  bool take_step(const http::H1Step& step);
  void refuse(unsigned status, const char* reason);
  void end_of_input();
  void on_idle();

  void send_continue() override;
  void send_interim(const http::ResponseHead& head) override;
  void send_head(const http::ResponseHead& head, bool end) override;
  void send_body(std::string_view bytes) override;
  void send_end(const http::HeaderBlock* trailers) override;
  void send_switch(const http::ResponseHead& head, std::string_view protocol, TunnelPlace place,
                   TunnelSocket backend) override;
  void send_abort() override;
  bool speaks_http2() const override { return false; }
  void refuse_rest() override { close_after_ = true; }
  std::size_t unsent() const override { return out_.size(); }
  std::uint64_t progress() const override;
  void body_taken(std::size_t size) override;

  void write_head(const http::ResponseHead& head);
  void finish_response();
  void next_request();
  void resume();
  void close();
  void abandon();
  void update_interest();
  void push_idle();

  Lane& lane_;
  net::Fd fd_;
  TlsPointer tls_;
  Exchange* exchange_ = nullptr;
  http::H1Parser parser_{http::H1Parser::Role::request};
  OutQueue out_;
  net::Timer idle_timer_;
  State state_ = State::sniffing;
  bool processing_ = false;  // process() is on the stack
  bool started_ = false;     // the exchange has the head
  bool head_sent_ = false;   // of the response
  bool response_done_ = false;
  bool continued_ = false;      // 100 (Continue) was sent
  bool close_after_ = false;    // this response is the last
  bool head_request_ = false;   // the response has no body, whatever its head says
  bool chunked_ = false;        // the response's body
  bool paused_ = false;         // the backend side cannot keep up
  bool blocked_ = false;        // the socket takes no more
  bool broken_ = false;         // a send has failed
  bool stop_reading_ = false;   // told to epoll
  bool half_closed_ = false;    // the client will send no more, but still reads
  std::size_t body_debt_ = 0;   // bytes given to the exchange and not taken yet
  std::uint64_t progress_ = 0;  // when the idle timer last looked
  std::string pending_;         // read, but not yet parsed
};

}  // namespace weir::proxy
