#include "http/upgrade.h"

#include <gtest/gtest.h>

#include <string>

#include "http/h1_parser.h"

namespace weir::http {
namespace {

RequestHead request(const std::string& lines) {
  RequestHead head;
  H1Parser parser(H1Parser::Role::request);
  EXPECT_EQ(parser.next(lines + "\r\n", head).event, H1Event::head) << lines;
  return head;
}

std::string offer_of(const std::string& fields, const std::string& start = "GET / HTTP/1.1\r\nHost: x\r\n") {
  RequestHead head = request(start + fields);
  keep_offer(head);
  strip_hop_by_hop(head.fields);
  EXPECT_FALSE(head.fields.has(HeaderId::upgrade));
  return std::string(head.offer());
}

TEST(Upgrade, what_is_offered_is_passed_on) {
  EXPECT_EQ(offer_of("Connection: Upgrade\r\nUpgrade: websocket\r\n"), "websocket");
  EXPECT_EQ(offer_of("Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n"), "WebSocket");
  EXPECT_EQ(offer_of("Connection: keep-alive\r\nConnection: upgrade\r\nUpgrade: a\r\nUpgrade: , b/1.0\r\n"),
            "a, b/1.0");
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n"), "tcp");
}

TEST(Upgrade, what_is_no_offer_on_this_connection_is_not) {
  EXPECT_EQ(offer_of("Upgrade: websocket\r\n"), "");
  EXPECT_EQ(offer_of("Connection: close\r\nUpgrade: websocket\r\n"), "");
  EXPECT_EQ(offer_of("Connection: upgrade\r\n"), "");
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade:\r\n"), "");
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade: websocket\r\n", "GET / HTTP/1.0\r\nHost: x\r\n"), "");
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade: websocket\r\n", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n"), "");
}

TEST(Upgrade, http_in_a_tunnel_is_not_offered) {
  EXPECT_EQ(offer_of("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"), "");
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade: H2C, websocket, HTTP/2.0, h2\r\n"), "websocket");
}

TEST(Upgrade, what_is_no_name_is_not_offered) {
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade: web socket, a/, /b, a/b/c, \"x\"\r\n"), "");
}

TEST(Upgrade, behind_a_body_nothing_is_offered) {
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n"), "");
  EXPECT_EQ(offer_of("Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n"), "");
}

bool accepted(const std::string& offer, const std::string& answer) {
  RequestHead head = request("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: " + offer + "\r\n");
  keep_offer(head);
  ResponseHead response;
  H1Parser parser(H1Parser::Role::response);
  parser.expect(Method::get);
  EXPECT_EQ(parser.next("HTTP/1.1 " + answer + "\r\n", response).event, H1Event::head);
  return accepts_offer(head, response);
}

TEST(Upgrade, only_what_was_offered_is_accepted) {
  EXPECT_TRUE(accepted("websocket", "101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n"));
  EXPECT_TRUE(accepted("a, b", "101 Switching Protocols\r\nUpgrade: b\r\n"));
  EXPECT_FALSE(accepted("websocket", "101 Switching Protocols\r\nUpgrade: h2c\r\n"));
  EXPECT_FALSE(accepted("a, h2c", "101 Switching Protocols\r\nUpgrade: a, h2c\r\n"));
  EXPECT_FALSE(accepted("websocket", "101 Switching Protocols\r\n"));
  EXPECT_FALSE(accepted("websocket", "200 OK\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"));
  EXPECT_FALSE(accepted("h2c", "101 Switching Protocols\r\nUpgrade: h2c\r\n"));
}

}  // namespace
}  // namespace weir::http
