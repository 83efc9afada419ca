// Runs the exchanges of YAML files through the facade: `api_exchanges FILE…`. A file is a list of
//
//   - name: what is shown, a sentence
//     request: "POST / HTTP/1.1\n…"         the head; line ends are made CRLF
//     body: …                              optional
//     sign: {service: ecs, region: …, key: …, secret: …}   optional; region us-east-1, key AKIDEXAMPLE
//     keys: true                           optional: the facade is configured with AKIDEXAMPLE
//     status: 200
//     fields: {content-type: …}            optional: fields the reply must have
//     reply: …                             optional: the body, with REQUEST_ID for the request's id
//     contains: […]                        optional: pieces of the body
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <string>

#include "http/h1_parser.h"
#include "sign/digest.h"
#include "sign/sigv4.h"
#include "stub.h"

namespace weir::wire {
namespace {

constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr Timestamp kNow{1'440'938'160'000};

std::string text_of(const YAML::Node& node, const std::string& otherwise = "") {
  return node ? node.as<std::string>() : otherwise;
}

http::RequestHead parse_head(const std::string& lines) {
  std::string wire;
  for (const char c : lines) wire += c == '\n' ? std::string("\r\n") : std::string(1, c);
  while (!wire.ends_with("\r\n\r\n")) wire += "\r\n";
  http::RequestHead head;
  http::H1Parser parser(http::H1Parser::Role::request);
  const auto step = parser.next(wire, head);
  EXPECT_EQ(step.event, http::H1Event::head) << step.reason;
  return head;
}

class Exchange : public testing::Test {
 public:
  explicit Exchange(YAML::Node node) : node_(std::move(node)) {}

  void TestBody() override {
    http::RequestHead head = parse_head(text_of(node_["request"]));
    const std::string body = text_of(node_["body"]);
    if (const auto signing = node_["sign"]) {
      const sign::Caller caller{text_of(signing["key"], "AKIDEXAMPLE"), "", text_of(signing["region"], "us-east-1"),
                                text_of(signing["service"])};
      sign::sign(head, sign::hex(sign::sha256(body)), caller, text_of(signing["secret"], kSecret), kNow);
    }
    StubFacade stub(node_["keys"] ? sign::Keys{{"AKIDEXAMPLE", kSecret}} : sign::Keys{});
    compare(stub.facade().handle(head, body));
  }

 private:
  void compare(const Reply& reply) {
    EXPECT_EQ(reply.status, node_["status"].as<int>()) << reply.body;
    for (const auto& pair : node_["fields"]) {
      EXPECT_EQ(field(reply, pair.first.as<std::string>()), pair.second.as<std::string>());
    }
    const std::string id = field(reply, "x-amzn-requestid");
    EXPECT_EQ(id.size(), 36u);
    if (node_["reply"]) {
      std::string wanted = text_of(node_["reply"]);
      while (!wanted.empty() && wanted.back() == '\n') wanted.pop_back();
      if (const auto at = wanted.find("REQUEST_ID"); at != std::string::npos) wanted.replace(at, 10, id);
      EXPECT_EQ(reply.body, wanted);
    }
    for (const auto& piece : node_["contains"]) {
      EXPECT_NE(reply.body.find(piece.as<std::string>()), std::string::npos)
          << piece.as<std::string>() << "\nis not in\n"
          << reply.body;
    }
  }

  static std::string field(const Reply& reply, const std::string& name) {
    for (const auto& [held, value] : reply.fields) {
      if (held == name) return value;
    }
    return "";
  }

  YAML::Node node_;
};

void add_file(const std::string& path) {
  const std::string stem = path.substr(path.rfind('/') + 1, path.rfind('.') - path.rfind('/') - 1);
  for (const auto& node : YAML::LoadFile(path)) {
    std::string name = node["name"].as<std::string>();
    std::ranges::replace_if(
        name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    testing::RegisterTest(stem.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [node]() -> Exchange* { return new Exchange(node); });
  }
}

}  // namespace
}  // namespace weir::wire

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) weir::wire::add_file(argv[i]);
  return RUN_ALL_TESTS();
}
