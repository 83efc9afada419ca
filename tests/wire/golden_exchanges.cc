// Golden exchanges as data: what the client sends, what the backend must see, what it answers, what the client must
// get. usage: golden_exchanges PROXY CASES.yaml…   One proxy process carries all cases of a run.
//
// A case:  name; client: h1 | h2 | raw; pool: h1 | h2 | two | empty | refused (h1); backend: h1 | h2 (h1);
//          send (or a list of them); exchanges: [{sees, answers, closes, elsewhere}]; gets; closes (the proxy closes
//          afterwards). elsewhere: it comes on a new connection, though the one before is open.
// HTTP/1.1 is text whose "\n" are line ends ("␤" is a bare line feed); HTTP/2 is {head: [lines], body, trailers:
// [lines]}. "{port}" is the listener's port.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "net/socket.h"
#include "peer.h"

namespace weir::wire_test {
namespace {

net::Fd listen_anywhere() {
  const net::SocketAddress any = MUST(net::SocketAddress::parse("127.0.0.1:0"));
  return MUST(net::listen_stream(any));
}

std::string port_of(const net::Fd& fd) { return std::to_string(net::SocketAddress::local(fd.get()).port()); }

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n\n    ";
    } else {
      out += c;
    }
  }
  return out;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// The proxy, its table and the two places where its backends would be.
class Stage {
 public:
  explicit Stage(const char* proxy) {
    char name[] = "/tmp/weir-wire-XXXXXX";
    folder_ = mkdtemp(name);
    net::Fd free_port = listen_anywhere(), dead_port = listen_anywhere();
    port_ = port_of(free_port);
    std::ofstream(folder_ + "/table.json") << table(port_of(dead_port));
    free_port.reset();
    dead_port.reset();
    pid_ = fork();
    if (pid_ == 0) {
      const std::string file = folder_ + "/table.json";
      execl(proxy, proxy, "--table", file.c_str(), "--workers", "1", nullptr);
      _exit(127);
    }
  }
  ~Stage() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    unlink((folder_ + "/table.json").c_str());
    rmdir(folder_.c_str());
  }

  const std::string& port() const { return port_; }
  net::Fd connect() {
    const net::SocketAddress address = MUST(net::SocketAddress::parse("127.0.0.1:" + port_));
    for (int attempt = 0; attempt < kPatience / 10; ++attempt) {
      net::Fd fd = MUST(net::connect_stream(address));
      pollfd entry{fd.get(), POLLOUT, 0};
      poll(&entry, 1, kPatience);
      if (net::connect_error(fd.get()) == 0) return fd;
      poll(nullptr, 0, 10);  // the proxy is starting
    }
    return {};
  }

  // Connections that nobody waits for any more.
  void forget_waiting() {
    for (const net::Fd& place : places_) {
      while (net::accept_stream(place.get())) {
      }
    }
  }

  // The connection on which the proxy speaks next: `current` if it speaks there, otherwise a new one.
  net::Fd accept(int current) {
    pollfd entries[] = {{current, POLLIN, 0}, {places_[0].get(), POLLIN, 0}, {places_[1].get(), POLLIN, 0}};
    if (poll(entries, 3, kPatience) <= 0 || entries[0].revents & POLLIN) return {};
    auto socket = net::accept_stream(entries[1].revents ? places_[0].get() : places_[1].get());
    return socket ? std::move(*socket) : net::Fd();
  }

 private:
  std::string table(const std::string& dead) const {
    const std::string one = backend("a", port_of(places_[0])), two = one + "," + backend("b", port_of(places_[1]));
    return R"({"version":1,"listeners":[{"id":"l","address":"127.0.0.1","port":)" + port_ + R"(,"rules":[)" +
           R"({"id":"fixed","match":{"hosts":["fixed"]},"action":{"fixed_response":{"status":418,"body":"teapot"}}},)" +
           R"({"id":"bare","match":{"hosts":["bare"]},"action":{"fixed_response":{"status":204,"content_type":""}}},)" +
           rule("h2") + "," + rule("two") + "," + rule("two2") + "," + rule("empty") + "," + rule("refused") + "," +
           rule("h1") + R"(]}],"pools":[)" + pool("h1", "http1", one) + "," + pool("h2", "http2", one) + "," +
           pool("two", "http1", two) + "," + pool("two2", "http2", two) + "," + pool("empty", "http1", "") + "," +
           pool("refused", "http1", backend("x", dead)) + "]}";
  }
  // A case chooses its pool by the host name it asks for.
  static std::string rule(const std::string& pool) {
    return R"({"id":")" + pool + R"(","match":{"hosts":[")" + pool + R"(","*.)" + pool + R"("]},"action":)" +
           R"({"forward":[{"pool":")" + pool + R"("}]}})";
  }
  static std::string pool(const std::string& id, const std::string& protocol, const std::string& backends) {
    return R"({"id":")" + id + R"(","protocol":")" + protocol + R"(","health":{"protocol":"none"},"backends":[)" +
           backends + "]}";
  }
  static std::string backend(const std::string& id, const std::string& port) {
    return R"({"id":")" + id + R"(","address":"127.0.0.1","state":"serving","port":)" + port + "}";
  }

  net::Fd places_[2] = {listen_anywhere(), listen_anywhere()};
  std::string folder_, port_;
  pid_t pid_ = -1;
};

class Case {
 public:
  Case(Stage& stage, YAML::Node data) : stage_(stage), data_(std::move(data)) {}

  bool run() {
    stage_.forget_waiting();
    name_ = data_["name"].as<std::string>();
    auto client = make_peer(data_["client"].as<std::string>("h1"), PeerSide::client, stage_.connect());
    if (data_["send"].IsSequence()) {
      for (const auto& message : data_["send"]) client->send(message);
    } else {
      client->send(data_["send"]);
    }
    std::unique_ptr<Peer> backend;
    for (const auto& exchange : data_["exchanges"]) play(exchange, backend);
    if (data_["gets"]) {
      std::vector<YAML::Node> messages;
      if (data_["gets"].IsSequence()) {
        for (const auto& message : data_["gets"]) messages.push_back(message);
      }
      if (!data_["gets"].IsSequence()) messages.push_back(data_["gets"]);
      for (const YAML::Node& message : messages) compare("the client gets", *client, message);
    }
    if (data_["closes"].as<bool>(false)) expect("afterwards the proxy says and closes", "", client->rest());
    return good_;
  }

 private:
  void play(const YAML::Node& exchange, std::unique_ptr<Peer>& backend) {
    const bool stays = backend && !exchange["elsewhere"].as<bool>(false);
    net::Fd socket = stage_.accept(stays ? backend->fd() : -1);
    if (socket && backend) left_.push_back(std::move(backend));
    if (socket) backend = make_peer(data_["backend"].as<std::string>("h1"), PeerSide::backend, std::move(socket));
    if (!backend) return expect("the proxy", "connects to a backend", "does not");
    compare("the backend sees", *backend, exchange["sees"]);
    if (exchange["answers"]) backend->send(exchange["answers"]);
    if (exchange["closes"].as<bool>(false)) backend.reset();
  }
  void compare(const char* what, Peer& peer, const YAML::Node& expected) {
    std::string text = expected.IsScalar() ? expected.as<std::string>() : "";
    replace_all(text, "{port}", stage_.port());
    const YAML::Node filled = expected.IsScalar() ? YAML::Node(text) : YAML::Clone(expected);
    std::string want = peer.text_of(filled);
    replace_all(want, "{port}", stage_.port());
    expect(what, want, peer.receive(filled));
  }
  void expect(const char* what, const std::string& want, const std::string& got) {
    if (want == got) return;
    good_ = false;
    std::printf("FAILED %s\n  %s:\n    %s\n  expected:\n    %s\n", name_.c_str(), what, escaped(got).c_str(),
                escaped(want).c_str());
  }

  Stage& stage_;
  std::vector<std::unique_ptr<Peer>> left_;  // earlier backend connections, kept open
  YAML::Node data_;
  std::string name_;
  bool good_ = true;
};

int run(int argc, char** argv) {
  Stage stage(argv[1]);
  int cases = 0, failed = 0;
  for (int i = 2; i < argc; ++i) {
    for (const auto& data : YAML::LoadFile(argv[i])) {
      ++cases;
      if (!Case(stage, data).run()) ++failed;
    }
  }
  std::printf("%d cases, %d failed\n", cases, failed);
  return failed == 0 && cases > 0 ? 0 : 1;
}

}  // namespace
}  // namespace weir::wire_test

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: golden_exchanges PROXY CASES.yaml…\n");
    return 2;
  }
  try {
    return weir::wire_test::run(argc, argv);
  } catch (const YAML::Exception& error) {
    std::fprintf(stderr, "golden_exchanges: %s\n", error.what());
    return 2;
  }
}
