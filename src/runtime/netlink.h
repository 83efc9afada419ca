// Netlink: requests to the kernel about links, addresses, routes and packet filters, and their answers, without forking
// `ip` or `nft`. A socket stays in the network namespace in which it was opened, wherever its thread goes. Any thread;
// waits for the kernel, never longer than kNetlinkPatience.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/fd.h"

struct nlmsghdr;
struct rtattr;

namespace weir::runtime {

// One request, built from its family's header and attributes that may hold others.
class NetlinkMessage {
 public:
  NetlinkMessage(std::uint16_t type, std::uint16_t flags);

  template <class Header>
  NetlinkMessage& header(const Header& header) {
    return raw({reinterpret_cast<const char*>(&header), sizeof header});
  }
  NetlinkMessage& raw(std::string_view bytes);
  NetlinkMessage& attribute(std::uint16_t type, std::string_view bytes);
  NetlinkMessage& text(std::uint16_t type, const std::string& value) {  // with its zero
    return attribute(type, {value.c_str(), value.size() + 1});
  }
  NetlinkMessage& number(std::uint16_t type, std::uint32_t value) {
    return attribute(type, {reinterpret_cast<const char*>(&value), sizeof value});
  }
  // What is added until close() lies inside of this attribute.
  NetlinkMessage& open(std::uint16_t type);
  NetlinkMessage& close();

  // The finished message, under this number.
  std::string bytes(std::uint32_t sequence) const;

 private:
  void pad();

  std::string content_;
  std::vector<std::size_t> opened_;
};

// An attribute of an answer, if it is there.
std::string_view find_attribute(std::string_view attributes, std::uint16_t type);

class Netlink {
 public:
  // In the network namespace of the calling thread. Errors: "Io".
  static Result<Netlink> open(int protocol);

  // Sends a request and waits until it is done. Errors: "NotFound", "Exists", "NotPermitted", otherwise "Io".
  Result<> ask(const NetlinkMessage& request);
  // All of them or none, as the packet filter has it. Errors as above.
  Result<> ask_together(const std::vector<NetlinkMessage>& requests);
  // Sees each message of the answer, without the netlink header.
  Result<> list(const NetlinkMessage& request, const std::function<void(std::string_view)>& see);

 private:
  explicit Netlink(net::Fd fd) : fd_(std::move(fd)) {}
  Result<> send(const std::string& bytes);
  Result<> await_end(const std::function<void(std::string_view)>& see);

  net::Fd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace weir::runtime
