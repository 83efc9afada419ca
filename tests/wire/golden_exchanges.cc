// Golden exchanges as data: what the client sends, what the backend must see, what it answers, what the client must
// get. usage: golden_exchanges PROXY CASES.yaml…   One proxy process carries all cases of a run.
//
// A case:  name; client: h1 | h2 | raw; pool: h1 | h2 | two | empty | refused | told (h1); backend: h1 | h2 (h1);
//          listener: impatient (one with a short idle timeout), small (takes bodies of 5 bytes at most), preserving,
//          removing (of X-Forwarded-*), inside (that others enter);
//          send (or a list of them); half_closes (the client sends no more); exchanges: [{sees, answers, closes,
//          elsewhere}]; gets; any_order (of what it gets); closes (the proxy closes afterwards).
//          elsewhere: it comes on a new connection, though the one before is open.
// HTTP/1.1 is text whose "\n" are line ends ("␤" is a bare line feed); HTTP/2 is {head: [lines], body, trailers:
// [lines], interim: [lines], unfinished, reset}. In all text "{port}" is the listener's port, "{forwarded}" the lines
// that tell the backend of its client, "{repeat:TEXT:COUNT}" many times TEXT; as a line, "{times:COUNT:LINE}" many such
// lines.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
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

// A port that nobody else is given while this is open; who shares ports may listen on it, and until then nobody does.
net::Fd hold_a_port() {
  net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  const net::SocketAddress any = MUST(net::SocketAddress::parse("127.0.0.1:0"));
  if (bind(fd.get(), any.data(), any.size()) != 0) std::abort();
  return fd;
}

std::string port_of(const net::Fd& fd) { return std::to_string(net::SocketAddress::local(fd.get()).port()); }

std::string escaped(const std::string& whole) {
  static constexpr std::size_t kShown = 4000;  // bytes
  const std::string text = whole.size() > kShown ? whole.substr(0, kShown) + "…" : whole;
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

// What the cases of rules.yaml, redirects.yaml and rewrites.yaml ask for, by host name: a rule answers with its own
// name.
constexpr const char* kRules = R"-(
  {"id":"like","match":{"hosts":["rules"],"paths":["/mysfits/*/like","/either"]},"action":{"fixed_response":{"body":"like"}}},
  {"id":"put","match":{"hosts":["rules"],"paths":["/method"],"methods":["PUT","PURGE"]},"action":{"fixed_response":{"body":"put"}}},
  {"id":"header","match":{"hosts":["rules"],"headers":[{"name":"User-Agent","values":["curl/*","wget"]},{"name":"X-Beta","values":["?"]}]},"action":{"fixed_response":{"body":"header"}}},
  {"id":"query","match":{"hosts":["rules"],"queries":[{"any":[{"key":"version","value":"v1*"},{"value":"any"}]}]},"action":{"fixed_response":{"body":"query"}}},
  {"id":"elsewhere","match":{"hosts":["rules"],"paths":["/from"],"sources":["192.0.2.0/24"]},"action":{"fixed_response":{"body":"elsewhere"}}},
  {"id":"here","match":{"hosts":["rules"],"paths":["/from"],"sources":["192.0.2.0/24","127.0.0.0/8"]},"action":{"fixed_response":{"body":"here"}}},
  {"id":"wild","match":{"hosts":["*.rules"],"paths":["/a?c"]},"action":{"fixed_response":{"body":"wild"}}},
  {"id":"exact","match":{"hosts":["kinds"],"paths":[{"exact":"/a*"}]},"action":{"fixed_response":{"body":"exact"}}},
  {"id":"prefix","match":{"hosts":["kinds"],"paths":[{"prefix":"/p/"}]},"action":{"fixed_response":{"body":"prefix"}}},
  {"id":"suffix","match":{"hosts":["kinds"],"paths":[{"suffix":".png"}]},"action":{"fixed_response":{"body":"suffix"}}},
  {"id":"regex","match":{"hosts":["kinds"],"paths":[{"regex":"/v[0-9]+/(a|b)"}]},"action":{"fixed_response":{"body":"regex"}}},
  {"id":"range","match":{"hosts":["kinds"],"headers":[{"name":"X-N","values":[{"range":[1,10]}]}]},"action":{"fixed_response":{"body":"range"}}},
  {"id":"lacks","match":{"hosts":["kinds"],"paths":["/h"],"headers":[{"name":"X-V","values":[{"prefix":"old"}],"invert":true}]},"action":{"fixed_response":{"body":"lacks"}}},
  {"id":"there","match":{"hosts":["kinds"],"paths":["/h"],"headers":[{"name":"X-There"}]},"action":{"fixed_response":{"body":"there"}}},
  {"id":"method","match":{"hosts":["kinds"],"grpc":{"service":"s.S","method":"M"}},"action":{"fixed_response":{"body":"method"}}},
  {"id":"service","match":{"hosts":["kinds"],"grpc":{"service":"s.S"}},"action":{"fixed_response":{"body":"service"}}},
  {"id":"grpc","match":{"hosts":["kinds"],"grpc":{}},"action":{"fixed_response":{"body":"grpc"}}},
  {"id":"none","match":{"hosts":["kinds"]},"action":{"fixed_response":{"status":404,"body":"none"}}},
  {"id":"again","match":{"hosts":["again"]},"action":{"forward":{"pools":[{"pool":"two"}],"retry":{"retries":1,"on":["server_error","client_error","reset"]}}}},
  {"id":"again2","match":{"hosts":["again2"]},"action":{"forward":{"pools":[{"pool":"two2"}],"retry":{"retries":1,"on":["gateway_error","unavailable","reset"]}}}},
  {"id":"chapter","match":{"hosts":["book"],"paths":[{"prefix":"/chapter"}]},"rewrite":{"prefix":"/chapter","path":"/","host":"h1.inside"},"action":{"forward":[{"pool":"h1"}]}},
  {"id":"index","match":{"hosts":["book"],"paths":["/index/*"]},"rewrite":{"path":"/toc"},"action":{"forward":[{"pool":"h1"}]}},
  {"id":"appendix","match":{"hosts":["book"],"paths":[{"prefix":"/appendix"}]},"rewrite":{"prefix":"/appendix","path":"/a/b","host":"h2.inside"},"action":{"forward":[{"pool":"h2"}]}},
  {"id":"proof","match":{"hosts":["book"],"paths":[{"prefix":"/proof"}]},"rewrite":{"prefix":"/proof","path":"/"},"action":{"forward":{"pools":[{"pool":"two"}],"retry":{"retries":1,"on":["server_error"]}}}},
  {"id":"in","match":{"hosts":["gate"],"paths":[{"prefix":"/in"}]},"rewrite":{"prefix":"/in","path":"/","host":"service.local"},"action":{"enter":"inside"}},
  {"id":"in-as-is","match":{"hosts":["gate"],"paths":["/as/is"]},"action":{"enter":"inside"}},
  {"id":"rest","match":{"hosts":["rules","*.rules"]},"action":{"fixed_response":{"status":404,"body":"rest"}}},
  {"id":"tls","match":{"hosts":["moved"],"paths":["/tls*"]},"action":{"redirect":{"status":301,"protocol":"https","port":"443"}}},
  {"id":"plain","match":{"hosts":["moved"],"paths":["/same"]},"action":{"redirect":{}}},
  {"id":"parts","match":{"hosts":["moved"]},"action":{"redirect":{"host":"www.#{host}","path":"/new/#{path}","query":"was=#{path}&#{query}"}}},
)-";

// The listeners that a case may name, and what makes them different; all have the same rules.
const std::map<std::string, std::string> kListeners = {
    {"usual", ""},
    {"impatient", R"("idle_timeout_ms":200,)"},
    {"small", R"("max_request_body":5,)"},
    {"preserving", R"("forwarded":{"mode":"preserve"},)"},
    {"removing", R"("forwarded":{"mode":"remove"},)"},
};

// What is entered through "gate".
constexpr const char* kInside = R"-(
  {"id":"stranger","match":{"sources":["0.0.0.0/0"]},"action":{"fixed_response":{"body":"stranger"}}},
  {"id":"teapot","match":{"hosts":["service.local"],"paths":["/teapot"]},"action":{"fixed_response":{"status":418,"body":"inside"}}},
  {"id":"again","match":{"paths":["/again/*"]},"rewrite":{"prefix":"/again","path":"/"},"action":{"forward":[{"pool":"h1"}]}},
  {"id":"one","match":{"paths":["/one"]},"action":{"forward":[{"pool":"h1"}]}}
)-";
constexpr const char* kInsideListener = "inside";

// Fills in what a case only names.
std::string expanded(std::string text, const std::string& port) {
  replace_all(text, "{forwarded}", "X-Forwarded-For: 127.0.0.1\nX-Forwarded-Proto: http\nX-Forwarded-Port: {port}\n");
  replace_all(text, "{port}", port);
  static constexpr std::string_view kRepeat = "{repeat:";
  for (std::size_t at = text.find(kRepeat); at != std::string::npos; at = text.find(kRepeat, at)) {
    const std::size_t end = text.find('}', at), colon = text.rfind(':', end), begin = at + kRepeat.size();
    const std::string piece = text.substr(begin, colon - begin);
    std::string all;
    for (int i = std::stoi(text.substr(colon + 1)); i > 0; --i) all += piece;
    text.replace(at, end + 1 - at, all);
    at += all.size();
  }
  return text;
}

constexpr std::string_view kTimes = "{times:";

YAML::Node expanded(const YAML::Node& node, const std::string& port) {
  if (node.IsScalar()) return YAML::Node(expanded(node.Scalar(), port));
  YAML::Node filled(node.Type());
  if (node.IsMap()) {
    for (const auto& entry : node) filled[entry.first.Scalar()] = expanded(entry.second, port);
  }
  if (!node.IsSequence()) return filled;
  for (const auto& item : node) {
    if (item.IsScalar() && item.Scalar() == "{forwarded}") {
      filled.push_back("x-forwarded-for: 127.0.0.1");
      filled.push_back("x-forwarded-proto: http");
      filled.push_back("x-forwarded-port: " + port);
    } else if (item.IsScalar() && item.Scalar().starts_with(kTimes)) {
      const std::string rest = item.Scalar().substr(kTimes.size());
      const std::size_t colon = rest.find(':');
      for (int i = std::stoi(rest); i > 0; --i) filled.push_back(rest.substr(colon + 1, rest.size() - colon - 2));
    } else {
      filled.push_back(expanded(item, port));
    }
  }
  return filled;
}

// The proxy, its table and the two places where its backends would be.
class Stage {
 public:
  explicit Stage(const char* proxy) {
    char name[] = "/tmp/weir-wire-XXXXXX";
    folder_ = mkdtemp(name);
    for (const auto& [listener, members] : kListeners) ports_[listener] = held_port();
    ports_[kInsideListener] = held_port();
    std::ofstream(folder_ + "/table.json") << table(held_port());
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

  const std::string& port(const std::string& listener) const { return ports_.at(listener); }
  net::Fd connect(const std::string& port) {
    const net::SocketAddress address = MUST(net::SocketAddress::parse("127.0.0.1:" + port));
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
    std::string listeners;
    for (const auto& [id, members] : kListeners) {
      listeners += (listeners.empty() ? "" : ",") + listener(id, ports_.at(id), members);
    }
    listeners += R"(,{"id":")" + std::string(kInsideListener) + R"(","address":"127.0.0.1","port":)" +
                 ports_.at(kInsideListener) + R"(,"rules":[)" + kInside + "]}";
    return R"({"version":1,"listeners":[)" + listeners + R"(],"pools":[)" + pool("h1", "http1", one) + "," +
           pool("h2", "http2", one) + "," + pool("two", "http1", two) + "," + pool("two2", "http2", two) + "," +
           pool("empty", "http1", "") + "," + pool("refused", "http1", backend("x", dead)) +
           R"(,{"id":"told","health":{"protocol":"none"},"refusal":"It is told why."}]})";
  }
  std::string held_port() {
    held_.push_back(hold_a_port());
    return port_of(held_.back());
  }
  static std::string listener(const std::string& id, const std::string& port, const std::string& more) {
    return R"({"id":")" + id + R"(","address":"127.0.0.1",)" + more + R"("port":)" + port + R"(,"rules":[)" +
           R"({"id":"fixed","match":{"hosts":["fixed"]},"action":{"fixed_response":{"status":418,"body":"teapot"}}},)" +
           R"({"id":"bare","match":{"hosts":["bare"]},"action":{"fixed_response":{"status":204,"content_type":""}}},)" +
           kRules + rule("h2") + "," + rule("two") + "," + rule("two2") + "," + rule("empty") + "," + rule("refused") +
           "," + rule("told") + "," + rule("h1") + "]}";
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
  std::string folder_;
  std::vector<net::Fd> held_;                 // one for each port of the table, and one where nobody answers
  std::map<std::string, std::string> ports_;  // by listener
  pid_t pid_ = -1;
};

class Case {
 public:
  Case(Stage& stage, const YAML::Node& data)
      : stage_(stage), port_(stage.port(data["listener"].as<std::string>("usual"))), data_(expanded(data, port_)) {}

  bool run() {
    stage_.forget_waiting();
    name_ = data_["name"].as<std::string>();
    auto client = make_peer(data_["client"].as<std::string>("h1"), PeerSide::client, stage_.connect(port_));
    if (data_["send"].IsSequence()) {
      for (const auto& message : data_["send"]) client->send(message);
    } else {
      client->send(data_["send"]);
    }
    if (data_["half_closes"].as<bool>(false)) shutdown(client->fd(), SHUT_WR);
    std::unique_ptr<Peer> backend;
    for (const auto& exchange : data_["exchanges"]) play(exchange, backend);
    if (data_["gets"]) {
      std::vector<YAML::Node> messages;
      if (data_["gets"].IsSequence()) {
        for (const auto& message : data_["gets"]) messages.push_back(message);
      }
      if (!data_["gets"].IsSequence()) messages.push_back(data_["gets"]);
      if (data_["any_order"].as<bool>(false)) {
        compare_in_any_order("the client gets", *client, messages);
      } else {
        for (const YAML::Node& message : messages) compare("the client gets", *client, message);
      }
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
    expect(what, peer.text_of(expected), peer.receive(expected));
  }
  // For answers on streams of their own: which comes first is nobody's promise.
  void compare_in_any_order(const char* what, Peer& peer, const std::vector<YAML::Node>& expected) {
    std::vector<std::string> want, got;
    for (const YAML::Node& message : expected) {
      want.push_back(peer.text_of(message));
      got.push_back(peer.receive(message));
    }
    std::ranges::sort(want);
    std::ranges::sort(got);
    for (std::size_t i = 0; i < want.size(); ++i) expect(what, want[i], got[i]);
  }
  void expect(const char* what, const std::string& want, const std::string& got) {
    if (want == got) return;
    good_ = false;
    std::printf("FAILED %s\n  %s:\n    %s\n  expected:\n    %s\n", name_.c_str(), what, escaped(got).c_str(),
                escaped(want).c_str());
  }

  Stage& stage_;
  std::string port_;
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
