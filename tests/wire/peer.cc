#include "peer.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <map>

#include "http/h2_session.h"

namespace weir::wire_test {
namespace {

using http::H2Body;
using http::H2BodyPart;
using http::StreamId;

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    pollfd entry{fd, POLLOUT, 0};
    if (errno != EAGAIN || poll(&entry, 1, kPatience) <= 0) return false;
  }
  return true;
}

// Empty where the other side has closed, or where nothing came in time.
std::string receive_some(int fd) {
  if (!wait_readable(fd, kPatience)) return "";
  std::array<char, 65536> buffer;
  const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : "";
}

// "\n" in a case is a line end of HTTP, "␤" a bare line feed.
std::string with_line_ends(const std::string& text) {
  static constexpr std::string_view kLineFeed = "␤";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::string_view(text).substr(i).starts_with(kLineFeed)) {
      out += '\n';
      i += kLineFeed.size() - 1;
      continue;
    }
    if (text[i] == '\n') out += '\r';
    out += text[i];
  }
  return out;
}

class H1Peer final : public Peer {
 public:
  H1Peer(bool raw, net::Fd socket) : raw_(raw), fd_(std::move(socket)) {}
  int fd() const override { return fd_.get(); }
  std::string text_of(const YAML::Node& expected) override {
    const std::string text = expected.as<std::string>();
    return raw_ ? text : with_line_ends(text);
  }
  void send(const YAML::Node& message) override { send_all(fd_.get(), text_of(message)); }
  std::string receive(const YAML::Node& expected) override {
    const std::size_t size = text_of(expected).size();
    while (in_.size() < size) {
      const std::string more = receive_some(fd_.get());
      if (more.empty()) break;
      in_ += more;
    }
    const std::string got = in_.substr(0, size);
    in_.erase(0, size);
    return got;
  }

 private:
  bool raw_;
  net::Fd fd_;
  std::string in_;
};

// One message a receive() or send(); a client's messages go on streams 1, 3, 5, a backend answers in that order.
class H2Peer final : public Peer, private http::H2Events {
 public:
  H2Peer(PeerSide side, net::Fd socket)
      : client_(side == PeerSide::client),
        fd_(std::move(socket)),
        session_(client_ ? http::H2Session::Side::client : http::H2Session::Side::server, *this) {
    flush();
    while (client_ && !heard_ && read()) {  // requests leave only then
    }
  }
  int fd() const override { return fd_.get(); }

  std::string text_of(const YAML::Node& expected) override {
    std::string text;
    for (const auto& line : expected["interim"]) text += line.as<std::string>() + "\n";
    for (const auto& line : expected["head"]) text += line.as<std::string>() + "\n";
    text += "\n" + expected["body"].as<std::string>("");
    for (const auto& line : expected["trailers"]) text += "\n" + line.as<std::string>();
    if (expected["reset"]) text = "reset " + expected["reset"].as<std::string>();
    return text;
  }

  void send(const YAML::Node& message) override {
    Outgoing out;
    out.body = message["body"].as<std::string>("");
    out.unfinished = message["unfinished"].as<bool>(false);
    add_fields(message["trailers"], out.trailers);
    const bool body = !out.body.empty() || !out.trailers.empty() || out.unfinished;
    if (message["reset"]) {
      session_.reset(answering_, http::H2Code::refused_stream);
    } else if (client_) {
      http::RequestHead head;
      fill(message["head"], head);
      const auto stream = session_.submit_request(head, body ? H2Body::follows : H2Body::none, this);
      if (stream) outgoing_[*stream] = std::move(out);
    } else {
      http::ResponseHead head;
      if (message["interim"]) {
        fill(message["interim"], head);
        (void)session_.submit_response(answering_, head, H2Body::follows);
        head.clear();
      }
      fill(message["head"], head);
      outgoing_[answering_] = std::move(out);
      (void)session_.submit_response(answering_, head, body ? H2Body::follows : H2Body::none);
    }
    flush();
  }

  std::string receive(const YAML::Node&) override {
    while (complete_.empty()) {
      if (!read()) return broken_ ? "(the other side broke HTTP/2)" : "(nothing complete came)";
    }
    const std::string text = complete_.begin()->second;
    answering_ = complete_.begin()->first;
    complete_.erase(complete_.begin());
    return text;
  }

 private:
  struct Outgoing {
    std::string body;
    std::size_t taken = 0;
    http::HeaderBlock trailers;
    bool unfinished = false;
  };
  struct Incoming {
    std::string head, body, trailers;
  };

  // False: nothing more comes, or nothing that is HTTP/2.
  bool read() {
    const std::string more = receive_some(fd_.get());
    if (more.empty()) return false;
    broken_ = !session_.feed(more);
    flush();
    return !broken_;
  }
  void flush() {
    std::array<char, 65536> buffer;
    while (const std::size_t size = session_.drain(buffer)) send_all(fd_.get(), {buffer.data(), size});
  }
  static void add_fields(const YAML::Node& lines, http::HeaderBlock& fields) {
    for (const auto& node : lines) {
      const std::string line = node.as<std::string>();
      const std::size_t colon = line.find(": ", 1);
      if (line[0] != ':') fields.add(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  static std::string pseudo(const YAML::Node& lines, const std::string& name) {
    for (const auto& node : lines) {
      const std::string line = node.as<std::string>();
      if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
    }
    return "";
  }
  static void fill(const YAML::Node& lines, http::RequestHead& head) {
    head.set_method(pseudo(lines, ":method"));
    head.set_target(pseudo(lines, ":path"));
    head.set_authority(pseudo(lines, ":authority"));
    add_fields(lines, head.fields);
  }
  static void fill(const YAML::Node& lines, http::ResponseHead& head) {
    head.status = static_cast<std::uint16_t>(std::stoi(pseudo(lines, ":status")));
    add_fields(lines, head.fields);
  }
  static std::string lines_of(const http::HeaderBlock& fields) {
    std::string text;
    for (const http::HeaderField field : fields) {
      text.append(field.name).append(": ").append(field.value).append("\n");
    }
    return text;
  }

  void on_settings() override { heard_ = true; }
  void* on_request(StreamId id, http::RequestHead& head, bool) override {
    std::string& text = incoming_[id].head;
    text.append(":method: ").append(head.method_name()).append("\n:path: ").append(head.target());
    text.append("\n:authority: ").append(head.authority()).append("\n").append(lines_of(head.fields));
    return this;
  }
  void on_response(StreamId id, void*, http::ResponseHead& head, bool) override {
    incoming_[id].head += ":status: " + std::to_string(head.status) + "\n" + lines_of(head.fields);
  }
  void on_data(StreamId id, void*, std::string_view bytes) override {
    incoming_[id].body.append(bytes);
    session_.consume(id, bytes.size());
  }
  void on_trailers(StreamId id, void*, http::HeaderBlock& trailers) override {
    incoming_[id].trailers = lines_of(trailers);
  }
  void on_end(StreamId id, void*) override {
    const Incoming& in = incoming_[id];
    std::string text = in.head + "\n" + in.body;
    if (!in.trailers.empty()) text += "\n" + in.trailers.substr(0, in.trailers.size() - 1);
    complete_[id] = text;
    incoming_.erase(id);
  }
  void on_closed(StreamId id, void*, http::H2Code code) override {
    incoming_.erase(id);
    if (client_ && code != http::H2Code::no_error) {
      complete_.try_emplace(id, std::string("reset ") + http::name_of(code));
    }
  }
  H2BodyPart next_body(StreamId id, void*, std::size_t max) override {
    Outgoing& out = outgoing_[id];
    const std::string_view piece = std::string_view(out.body).substr(out.taken, max);
    out.taken += piece.size();
    if (out.taken < out.body.size() || out.unfinished) return {piece, H2BodyPart::Then::more};
    if (out.trailers.empty()) return {piece, H2BodyPart::Then::end};
    (void)session_.submit_trailers(id, out.trailers);
    return {piece, H2BodyPart::Then::trailers};
  }

  bool client_;
  net::Fd fd_;
  http::H2Session session_;
  bool heard_ = false;
  bool broken_ = false;
  StreamId answering_ = 0;
  std::map<StreamId, Outgoing> outgoing_;
  std::map<StreamId, Incoming> incoming_;
  std::map<StreamId, std::string> complete_;
};

}  // namespace

bool wait_readable(int fd, int millis) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, millis) > 0;
}

std::string Peer::rest() {
  std::string text;
  while (true) {
    if (!wait_readable(fd(), kPatience)) return text + "(still open)";
    std::array<char, 4096> buffer;
    const ssize_t size = recv(fd(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

std::unique_ptr<Peer> make_peer(const std::string& protocol, PeerSide side, net::Fd socket) {
  if (protocol == "h2") return std::make_unique<H2Peer>(side, std::move(socket));
  return std::make_unique<H1Peer>(protocol == "raw", std::move(socket));
}

}  // namespace weir::wire_test
