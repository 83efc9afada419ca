#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "net/limits.h"

namespace weir::net {
namespace {

using Status = ProxyHeader::Status;

SocketAddress at(const char* text) { return MUST(SocketAddress::parse(text)); }

std::string written(const SocketAddress& source, const SocketAddress& destination) {
  std::array<char, kProxyHeaderSize> out;
  return {out.data(), write_proxy_header(out, source, destination)};
}

std::string version2(unsigned command, unsigned family, const std::string& rest) {
  std::string text("\r\n\r\n\0\r\nQUIT\n", 12);
  text += static_cast<char>(command);
  text += static_cast<char>(family);
  text += static_cast<char>(rest.size() >> 8);
  text += static_cast<char>(rest.size() & 0xFF);
  return text + rest;
}

// "1.2.3.4:5 6.7.8.9:10", "own" for a header without addresses, or "malformed".
std::string outcome(const std::string& bytes) {
  const ProxyHeader header = parse_proxy_header(bytes);
  if (header.status == Status::more) return "more";
  if (header.status == Status::malformed) return std::string("malformed: ") + header.reason;
  EXPECT_LE(header.size, bytes.size());
  return header.has_addresses ? header.source.text() + " " + header.destination.text() : "own";
}

const std::string kFour("\x01\x02\x03\x04\x06\x07\x08\x09\x00\x05\x00\x0A", 12);

TEST(ProxyProtocol, reads_lines_of_version_1) {
  EXPECT_EQ(outcome("PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\nGET"), "1.2.3.4:5 6.7.8.9:10");
  EXPECT_EQ(parse_proxy_header("PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\nGET").size, 33u);
  EXPECT_EQ(outcome("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n"), "[2001:db8::1]:65535 [::1]:0");
  EXPECT_EQ(outcome("PROXY UNKNOWN\r\n"), "own");
  EXPECT_EQ(outcome("PROXY UNKNOWN ffff::1 whatever\r\n"), "own");
}

TEST(ProxyProtocol, refuses_lines_that_are_none) {
  for (const char* line :
       {"PROXY TCP4 1.2.3.4 6.7.8.9 5\r\n", "PROXY TCP4 1.2.3.4 6.7.8.9 5 10 \r\n",
        "PROXY TCP4  1.2.3.4 6.7.8.9 5 10\r\n", "PROXY TCP4 1.2.3.4 6.7.8.9 5 65536\r\n",
        "PROXY TCP4 1.2.3.4 6.7.8.9 05 10\r\n", "PROXY TCP4 1.2.3.4 6.7.8.9 +5 10\r\n",
        "PROXY TCP4 1.2.3 6.7.8.9 5 10\r\n", "PROXY TCP4 ::1 ::1 5 10\r\n", "PROXY TCP6 1.2.3.4 6.7.8.9 5 10\r\n",
        "PROXY tcp4 1.2.3.4 6.7.8.9 5 10\r\n", "PROXY UDP4 1.2.3.4 6.7.8.9 5 10\r\n", "PROXY \r\n",
        "PROXY UNKNOWNX\r\n", "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\n\r\n", "PROXY TCP4 1.2.3.4 6.7.8.9 5 \r\n"}) {
    EXPECT_TRUE(outcome(line).starts_with("malformed")) << line;
  }
  EXPECT_TRUE(outcome(std::string("PROXY TCP4 1.2.3.4\0 6.7.8.9 5 10\r\n", 35)).starts_with("malformed"));
}

TEST(ProxyProtocol, a_line_has_at_most_107_bytes) {
  EXPECT_EQ(outcome("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "own");
  EXPECT_EQ(outcome("PROXY UNKNOWN " + std::string(92, 'x')), "more");
  EXPECT_EQ(outcome("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), "malformed: the line is longer than the limit");
  EXPECT_EQ(outcome("PROXY UNKNOWN " + std::string(200, 'x')), "malformed: the line is longer than the limit");
}

TEST(ProxyProtocol, reads_version_2) {
  EXPECT_EQ(outcome(version2(0x21, 0x11, kFour)), "1.2.3.4:5 6.7.8.9:10");
  const std::string six =
      std::string(15, '\0') + "\x01" + std::string(15, '\0') + "\x02" + std::string("\x12\x34\0\x50", 4);
  EXPECT_EQ(outcome(version2(0x21, 0x21, six)), "[::1]:4660 [::2]:80");
  EXPECT_EQ(outcome(version2(0x21, 0x31, std::string(216, 'x'))), "own");
  EXPECT_EQ(outcome(version2(0x21, 0x12, kFour)), "own");  // datagrams: not this connection
  EXPECT_EQ(outcome(version2(0x21, 0x00, "anything")), "own");
  EXPECT_EQ(outcome(version2(0x20, 0x00, "")), "own");
  EXPECT_EQ(outcome(version2(0x20, 0x11, kFour)), "own");
  EXPECT_EQ(outcome(version2(0x21, 0x11, kFour + std::string("\x04\x00\x02xy", 5))), "1.2.3.4:5 6.7.8.9:10");
  EXPECT_EQ(parse_proxy_header(version2(0x21, 0x11, kFour) + "more").size, 28u);
}

TEST(ProxyProtocol, refuses_what_is_no_version_2) {
  EXPECT_TRUE(outcome(version2(0x11, 0x11, kFour)).starts_with("malformed"));
  EXPECT_TRUE(outcome(version2(0x22, 0x11, kFour)).starts_with("malformed"));
  EXPECT_TRUE(outcome(version2(0x21, 0x41, kFour)).starts_with("malformed"));
  EXPECT_TRUE(outcome(version2(0x21, 0x13, kFour)).starts_with("malformed"));
  EXPECT_EQ(outcome(version2(0x21, 0x11, kFour.substr(1))), "malformed: the addresses are cut short");
  EXPECT_EQ(outcome(version2(0x21, 0x11, kFour + "\x04")), "malformed: a value is cut short");
  EXPECT_EQ(outcome(version2(0x21, 0x11, kFour + std::string("\x04\x00\x03xy", 5))), "malformed: a value is cut short");
  EXPECT_TRUE(outcome("GET / HTTP/1.1\r\n").starts_with("malformed"));
  EXPECT_TRUE(outcome("\r\n\r\nGET").starts_with("malformed"));
}

TEST(ProxyProtocol, a_checksum_is_verified) {
  // Made by the specification's rule over the whole header, the checksum itself as zeros.
  std::string header = version2(0x21, 0x11, kFour + std::string("\x03\x00\x04", 3) + std::string(4, '\0'));
  std::uint32_t crc = ~0u;
  for (const char c : header) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc & 1 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
  }
  crc = ~crc;
  for (std::size_t i = 0; i < 4; ++i) header[header.size() - 4 + i] = static_cast<char>(crc >> (24 - 8 * i));
  EXPECT_EQ(outcome(header), "1.2.3.4:5 6.7.8.9:10");
  header[17] ^= 1;
  EXPECT_EQ(outcome(header), "malformed: the checksum is wrong");
}

TEST(ProxyProtocol, no_header_is_longer_than_the_limit) {
  const std::string most(kMaxProxyHeader - 16, 'x');
  EXPECT_EQ(outcome(version2(0x21, 0x00, most)), "own");
  EXPECT_TRUE(outcome(version2(0x21, 0x00, most + "x").substr(0, 16)).starts_with("malformed"));
}

TEST(ProxyProtocol, every_beginning_of_a_header_asks_for_more) {
  for (const std::string& whole : {version2(0x21, 0x11, kFour), std::string("PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n")}) {
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(outcome(whole.substr(0, size)), "more") << size;
  }
}

TEST(ProxyProtocol, what_is_written_is_read) {
  EXPECT_EQ(written(at("1.2.3.4:5"), at("6.7.8.9:10")), version2(0x21, 0x11, kFour));
  EXPECT_EQ(outcome(written(at("[2001:db8::1]:443"), at("[::1]:65535"))), "[2001:db8::1]:443 [::1]:65535");
  EXPECT_EQ(outcome(written(at("1.2.3.4:5"), at("[::1]:6"))), "[::ffff:1.2.3.4]:5 [::1]:6");
  EXPECT_EQ(outcome(written(MUST(SocketAddress::unix_path("/x")), at("[::1]:6"))), "own");
  EXPECT_EQ(outcome(written({}, {})), "own");
}

}  // namespace
}  // namespace weir::net
