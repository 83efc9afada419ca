#include "runtime/links.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cstdio>
#include <cstring>

namespace weir::runtime {
namespace {

constexpr std::uint16_t kDo = NLM_F_REQUEST | NLM_F_ACK;
constexpr std::uint16_t kMake = kDo | NLM_F_CREATE | NLM_F_EXCL;

std::string network_order(std::uint32_t address) {
  const std::uint32_t bytes = htonl(address);
  return {reinterpret_cast<const char*>(&bytes), sizeof bytes};
}

std::string mac_bytes(const std::string& text) {
  unsigned char part[6] = {};
  std::sscanf(text.c_str(), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &part[0], &part[1], &part[2], &part[3], &part[4],
              &part[5]);
  return {part, part + 6};
}

NetlinkMessage change_link(const std::string& name, unsigned flags = 0) {
  NetlinkMessage message(RTM_NEWLINK, kDo);
  message.header(ifinfomsg{
      .ifi_family = AF_UNSPEC, .__ifi_pad = 0, .ifi_type = 0, .ifi_index = 0, .ifi_flags = flags, .ifi_change = flags});
  message.text(IFLA_IFNAME, name);
  return message;
}

// `length` bits of the destination count.
rtmsg route_to(unsigned char length, unsigned char scope) {
  return {.rtm_family = AF_INET,
          .rtm_dst_len = length,
          .rtm_src_len = 0,
          .rtm_tos = 0,
          .rtm_table = RT_TABLE_MAIN,
          .rtm_protocol = RTPROT_BOOT,
          .rtm_scope = scope,
          .rtm_type = RTN_UNICAST,
          .rtm_flags = 0};
}

}  // namespace

std::string address_text(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

std::uint32_t address_number(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ? ntohl(address.s_addr) : 0;
}

Result<Links> Links::open() { return Links(TRY(Netlink::open(NETLINK_ROUTE))); }

Result<int> Links::index_of(const std::string& name) {
  int index = 0;
  NetlinkMessage message(RTM_GETLINK, kDo);
  message.header(ifinfomsg{}).text(IFLA_IFNAME, name);
  TRY(netlink_.list(message, [&](std::string_view answer) {
    ifinfomsg head{};
    if (answer.size() < sizeof head) return;
    std::memcpy(&head, answer.data(), sizeof head);
    index = head.ifi_index;
  }));
  return index;
}

Result<> Links::make_pair(const std::string& name, const std::string& far_name, const std::string& mac,
                          int far_namespace) {
  NetlinkMessage message(RTM_NEWLINK, kMake);
  message.header(ifinfomsg{}).text(IFLA_IFNAME, name);
  message.open(IFLA_LINKINFO).text(IFLA_INFO_KIND, "veth");
  message.open(IFLA_INFO_DATA).open(VETH_INFO_PEER);
  message.header(ifinfomsg{}).text(IFLA_IFNAME, far_name).attribute(IFLA_ADDRESS, mac_bytes(mac));
  message.number(IFLA_NET_NS_FD, static_cast<std::uint32_t>(far_namespace));
  message.close().close().close();
  return netlink_.ask(message);
}

Result<> Links::remove(const std::string& name) {
  NetlinkMessage message(RTM_DELLINK, kDo);
  message.header(ifinfomsg{}).text(IFLA_IFNAME, name);
  return netlink_.ask(message);
}

Result<> Links::set_up(const std::string& name) { return netlink_.ask(change_link(name, IFF_UP)); }

Result<> Links::let_pass(const std::string& name) {
  NetlinkMessage message = change_link(name);
  message.open(IFLA_AF_SPEC).open(AF_INET).open(IFLA_INET_CONF);
  message.number(IPV4_DEVCONF_FORWARDING, 1).number(IPV4_DEVCONF_ROUTE_LOCALNET, 1);
  message.close().close().close();
  return netlink_.ask(message);
}

Result<> Links::add_address(const std::string& name, std::uint32_t address) {
  NetlinkMessage message(RTM_NEWADDR, kMake);
  message.header(ifaddrmsg{.ifa_family = AF_INET,
                           .ifa_prefixlen = 32,
                           .ifa_flags = 0,
                           .ifa_scope = RT_SCOPE_UNIVERSE,
                           .ifa_index = static_cast<std::uint32_t>(TRY(index_of(name)))});
  message.attribute(IFA_LOCAL, network_order(address)).attribute(IFA_ADDRESS, network_order(address));
  return netlink_.ask(message);
}

Result<> Links::add_route(const std::string& name, std::uint32_t address, std::uint32_t source) {
  NetlinkMessage message(RTM_NEWROUTE, kMake);
  message.header(route_to(32, RT_SCOPE_LINK));
  message.attribute(RTA_DST, network_order(address)).number(RTA_OIF, static_cast<std::uint32_t>(TRY(index_of(name))));
  if (source != 0) message.attribute(RTA_PREFSRC, network_order(source));
  return netlink_.ask(message);
}

Result<> Links::add_default_route(const std::string& name, std::uint32_t gateway) {
  NetlinkMessage message(RTM_NEWROUTE, kMake);
  message.header(route_to(0, RT_SCOPE_UNIVERSE));
  message.attribute(RTA_GATEWAY, network_order(gateway))
      .number(RTA_OIF, static_cast<std::uint32_t>(TRY(index_of(name))));
  return netlink_.ask(message);
}

Result<std::vector<std::string>> Links::list(const std::string& prefix) {
  std::vector<std::string> names;
  NetlinkMessage message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP);
  message.header(ifinfomsg{});
  TRY(netlink_.list(message, [&](std::string_view answer) {
    if (answer.size() < NLMSG_ALIGN(sizeof(ifinfomsg))) return;
    std::string_view name = find_attribute(answer.substr(NLMSG_ALIGN(sizeof(ifinfomsg))), IFLA_IFNAME);
    name = name.substr(0, name.find('\0'));
    if (name.starts_with(prefix)) names.emplace_back(name);
  }));
  return names;
}

}  // namespace weir::runtime
