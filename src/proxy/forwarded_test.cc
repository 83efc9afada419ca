#include "proxy/forwarded.h"

#include <gtest/gtest.h>

#include "proxy/client_connection.h"
#include "proxy/limits.h"

namespace weir::proxy {
namespace {

using Mode = route::Forwarded::Mode;
using route::PoolProtocol;

struct World {
  explicit World(route::Forwarded forwarded, const char* peer = "192.0.2.1:4711") {
    spec.forwarded = forwarded;
    listener.spec = &spec;
    entrance.port = "80";
    entrance.listener = &listener;
    origin.emplace(entrance, MUST(net::SocketAddress::parse(peer)), MUST(net::SocketAddress::parse("192.0.2.2:80")));
  }
  // What the backend sees, one line a field.
  std::string told(PoolProtocol protocol, std::initializer_list<std::pair<const char*, const char*>> sent = {}) {
    http::HeaderBlock fields;
    for (const auto& [name, value] : sent) fields.add(name, value);
    const std::string_view lines = tell_origin(fields, entrance, *origin, protocol);
    std::string out;
    for (const http::HeaderField field : fields) out.append(field.name).append(": ").append(field.value).append("\n");
    for (const char c : lines) {
      if (c != '\r') out += c;
    }
    return out;
  }

  route::Listener spec;
  LiveListener listener;
  Entrance entrance;
  std::optional<ClientOrigin> origin;
};

TEST(ForwardedTest, the_client_is_appended_to_those_who_are_named) {
  World world({});
  EXPECT_EQ(world.told(PoolProtocol::http1),
            "X-Forwarded-For: 192.0.2.1\nX-Forwarded-Proto: http\nX-Forwarded-Port: 80\n");
  EXPECT_EQ(world.told(PoolProtocol::http2, {{"X-Forwarded-For", "a"}, {"X-Forwarded-For", "b"}}),
            "x-forwarded-for: a, b, 192.0.2.1\nx-forwarded-proto: http\nx-forwarded-port: 80\n");
}

TEST(ForwardedTest, a_clients_port_stands_behind_its_address) {
  World v4({.client_port = true});
  EXPECT_EQ(v4.told(PoolProtocol::http1),
            "X-Forwarded-For: 192.0.2.1:4711\nX-Forwarded-Proto: http\nX-Forwarded-Port: 80\n");
  World v6({.client_port = true}, "[::1]:4711");
  EXPECT_EQ(v6.told(PoolProtocol::grpc, {{"x-forwarded-for", "::2"}}),
            "x-forwarded-for: ::2, [::1]:4711\nx-forwarded-proto: http\nx-forwarded-port: 80\n");
  World bare({}, "[::1]:4711");
  EXPECT_EQ(bare.told(PoolProtocol::http1), "X-Forwarded-For: ::1\nX-Forwarded-Proto: http\nX-Forwarded-Port: 80\n");
}

TEST(ForwardedTest, a_listener_that_changes_its_mind_is_heeded_on_connections_it_has) {
  World world({});
  world.spec.forwarded.client_port = true;
  EXPECT_EQ(world.told(PoolProtocol::http1),
            "x-forwarded-for: 192.0.2.1:4711\nx-forwarded-proto: http\nx-forwarded-port: 80\n");
}

TEST(ForwardedTest, what_is_preserved_goes_on_as_it_came) {
  World world({.mode = Mode::preserve, .client_port = true});
  EXPECT_EQ(world.told(PoolProtocol::http1), "");
  EXPECT_EQ(world.told(PoolProtocol::http1, {{"X-Forwarded-For", "a"}, {"X-Forwarded-Port", "1"}}),
            "X-Forwarded-For: a\nX-Forwarded-Port: 1\n");
}

TEST(ForwardedTest, what_is_removed_does_not_arrive) {
  World world({.mode = Mode::remove});
  EXPECT_EQ(world.told(PoolProtocol::http2, {{"X-Forwarded-For", "a"},
                                             {"X-Forwarded-For", "b"},
                                             {"X-Forwarded-Port", "1"},
                                             {"X-Forwarded-Proto", "https"},
                                             {"X-Forwarded-Host", "h"}}),
            "X-Forwarded-Host: h\n");
}

TEST(TraceTest, a_trace_begins_or_goes_on_as_ALB_has_it) {
  Random random(1);
  const auto traced = [&](std::string_view before) {
    std::string text = continued_trace(before, Timestamp{0x67891233LL * 1000}, random);
    const std::size_t id = text.find("1-67891233-");
    EXPECT_NE(id, std::string::npos);
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef", id + 11), text.size() > id + 35 ? id + 35 : std::string::npos);
    return text.replace(id, 35, "ID");
  };
  EXPECT_EQ(traced(""), "Root=ID");
  EXPECT_EQ(traced("Root=1-5-6"), "Self=ID;Root=1-5-6");
  EXPECT_EQ(traced("Root=1-5-6;CalledFrom=app"), "Self=ID;Root=1-5-6;CalledFrom=app");
  EXPECT_EQ(traced("Self=1-1-1;Root=1-5-6"), "Self=ID;Root=1-5-6");
  EXPECT_EQ(traced("CalledFrom=app; Self=1"), "Root=ID;CalledFrom=app");
  EXPECT_EQ(traced(";;"), "Root=ID");
  EXPECT_EQ(traced("Root=" + std::string(kMaxTrace, 'a')), "Root=ID");
}

}  // namespace
}  // namespace weir::proxy
