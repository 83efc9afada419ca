#include "net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "net/limits.h"

namespace weir::net {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kLine = "PROXY ";
constexpr std::size_t kFixed = 16;       // signature, version and command, family, length
constexpr std::size_t kAddresses4 = 12;  // two addresses, two ports
constexpr std::size_t kAddresses6 = 36;
constexpr std::size_t kAddressesUnix = 216;
constexpr std::uint8_t kChecksum = 0x03;  // PP2_TYPE_CRC32C
constexpr std::uint8_t kVersion2 = 0x20;
constexpr std::uint8_t kLocal = 0, kProxied = 1;
constexpr std::uint8_t kInet = 1, kInet6 = 2, kUnix = 3;  // families; above them nothing is defined
constexpr std::uint8_t kStream = 1, kDatagram = 2;        // transports

ProxyHeader malformed(const char* reason) { return {.status = ProxyHeader::Status::malformed, .reason = reason}; }

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::uint16_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

SocketAddress address_of(std::string_view ip, std::uint16_t port) {
  SocketAddress address;
  if (ip.size() == sizeof(in_addr)) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip.data(), ip.size());
    std::memcpy(address.data(), &v4, sizeof v4);
    address.set_size(sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, ip.data(), ip.size());
    std::memcpy(address.data(), &v6, sizeof v6);
    address.set_size(sizeof v6);
  }
  return address;
}

// Castagnoli's polynomial, reflected.
std::uint32_t crc32c(std::uint32_t crc, std::uint8_t byte) {
  crc ^= byte;
  for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
  return crc;
}

// The checksum of a header whose own checksum lies at `hole`: there it counts as zeros.
std::uint32_t checksum_of(std::string_view header, std::size_t hole) {
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < header.size(); ++i) {
    crc = crc32c(crc, i >= hole && i < hole + 4 ? 0 : byte_at(header, i));
  }
  return ~crc;
}

// What follows the addresses: type, length and value, again and again. An error's sentence, or null.
const char* fault_in_values(std::string_view header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < 3) return "a value is cut short";
    const std::uint8_t type = byte_at(header, at);
    const std::size_t size = number_at(header, at + 1);
    at += 3;
    if (header.size() - at < size) return "a value is cut short";
    if (type == kChecksum) {
      if (size != 4) return "the checksum does not have four bytes";
      const std::uint32_t said = std::uint32_t{number_at(header, at)} << 16 | number_at(header, at + 2);
      if (checksum_of(header, at) != said) return "the checksum is wrong";
    }
    at += size;
  }
  return nullptr;
}

ProxyHeader parse_version2(std::string_view bytes) {
  if (bytes.size() < kFixed) return {};
  const std::uint8_t command = byte_at(bytes, 12) & 0x0F;
  const std::uint8_t family = byte_at(bytes, 13) >> 4, transport = byte_at(bytes, 13) & 0x0F;
  const std::size_t size = kFixed + number_at(bytes, 14);
  if ((byte_at(bytes, 12) & 0xF0) != kVersion2) return malformed("the version is neither 1 nor 2");
  if (command > kProxied) return malformed("the command is unknown");
  if (family > kUnix || transport > kDatagram) return malformed("the family or the transport is unknown");
  if (size > kMaxProxyHeader) return malformed("the header is longer than the limit");
  if (bytes.size() < size) return {};
  const std::string_view header = bytes.substr(0, size);
  ProxyHeader done{.status = ProxyHeader::Status::done, .size = size};
  if (command == kLocal) return done;
  const std::size_t addresses = family == kInet    ? kAddresses4
                                : family == kInet6 ? kAddresses6
                                : family == kUnix  ? kAddressesUnix
                                                   : 0;
  if (size - kFixed < addresses) return malformed("the addresses are cut short");
  // Where the family is not said nobody knows where its addresses end: all that follows is skipped.
  if (addresses == 0) return done;
  if (const char* fault = fault_in_values(header, kFixed + addresses)) return malformed(fault);
  if (transport != kStream || family == kUnix) return done;
  const std::size_t ip = family == kInet ? 4 : 16;
  done.has_addresses = true;
  done.source = address_of(header.substr(kFixed, ip), number_at(header, kFixed + 2 * ip));
  done.destination = address_of(header.substr(kFixed + ip, ip), number_at(header, kFixed + 2 * ip + 2));
  return done;
}

// Takes what stands before the next space, and the space.
std::string_view take_word(std::string_view& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(std::min(space + 1, line.size()));
  return word;
}

std::optional<std::uint16_t> port_of(std::string_view word) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
  const bool number = error == std::errc() && end == word.data() + word.size();
  if (!number || port > 65535 || (word.size() > 1 && word[0] == '0')) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

ProxyHeader parse_line(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kMaxProxyLine).find("\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= kMaxProxyLine) return malformed("the line is longer than the limit");
    return {};
  }
  ProxyHeader done{.status = ProxyHeader::Status::done, .size = end + 2};
  std::string_view line = bytes.substr(kLine.size(), end - kLine.size());
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return done;
  const bool single = !line.ends_with(' ') && std::ranges::count(line, ' ') == 4;
  const std::string_view family = take_word(line);
  if (!single || (family != "TCP4" && family != "TCP6")) return malformed("the line is none of a PROXY header");
  const std::string_view hosts[] = {take_word(line), take_word(line)};
  const std::string_view ports[] = {take_word(line), take_word(line)};
  SocketAddress* const places[] = {&done.source, &done.destination};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto port = port_of(ports[i]);
    if (!port) return malformed("a port is none");
    // A NUL would end the address early for the C library.
    auto address = SocketAddress::ip(hosts[i].substr(0, hosts[i].find('\0')), *port);
    const int wanted = family == "TCP4" ? AF_INET : AF_INET6;
    if (hosts[i].find('\0') != std::string_view::npos || !address || address->family() != wanted) {
      return malformed("an address is none of its family");
    }
    *places[i] = *address;
  }
  done.has_addresses = true;
  return done;
}

bool may_begin(std::string_view bytes, std::string_view with) {
  const std::size_t size = std::min(bytes.size(), with.size());
  return bytes.substr(0, size) == with.substr(0, size);
}

std::uint16_t family_of(const SocketAddress& address) { return static_cast<std::uint16_t>(address.family()); }

// An IPv4 address as one of IPv6 where `wide`.
std::string_view ip_of(const SocketAddress& address, bool wide, std::array<char, 16>& room) {
  if (address.family() == AF_INET6) {
    std::memcpy(room.data(), &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr, 16);
    return {room.data(), 16};
  }
  room = {};
  room[10] = room[11] = static_cast<char>(0xFF);
  std::memcpy(room.data() + 12, &reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
  return wide ? std::string_view(room.data(), 16) : std::string_view(room.data() + 12, 4);
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (may_begin(bytes, kSignature)) return bytes.size() < kSignature.size() ? ProxyHeader{} : parse_version2(bytes);
  if (may_begin(bytes, kLine)) return bytes.size() < kLine.size() ? ProxyHeader{} : parse_line(bytes);
  return malformed("there is no PROXY header");
}

std::size_t write_proxy_header(std::span<char, kProxyHeaderSize> out, const SocketAddress& source,
                               const SocketAddress& destination) {
  char* at = std::ranges::copy(kSignature, out.data()).out;
  const auto put = [&at](unsigned value) { *at++ = static_cast<char>(value); };
  const auto is_ip = [](const SocketAddress& a) { return family_of(a) == AF_INET || family_of(a) == AF_INET6; };
  const bool proxied = is_ip(source) && is_ip(destination);
  const bool wide = source.family() == AF_INET6 || destination.family() == AF_INET6;
  put(kVersion2 | (proxied ? kProxied : kLocal));
  put(proxied ? (wide ? kInet6 : kInet) << 4 | kStream : 0);
  put(0);
  put(static_cast<unsigned>(!proxied ? 0 : wide ? kAddresses6 : kAddresses4));
  if (proxied) {
    std::array<char, 16> room;
    at = std::ranges::copy(ip_of(source, wide, room), at).out;
    at = std::ranges::copy(ip_of(destination, wide, room), at).out;
    for (const SocketAddress* each : {&source, &destination}) {
      put(each->port() >> 8);
      put(each->port() & 0xFFu);
    }
  }
  return static_cast<std::size_t>(at - out.data());
}

}  // namespace weir::net
