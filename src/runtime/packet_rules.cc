#include "runtime/packet_rules.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#include <cstddef>
#include <cstring>

#include "runtime/mesh_range.h"

namespace weir::runtime {
namespace {

// As nft names them: "ct state new" is this bit.
constexpr std::uint32_t kStateNew = 1U << (IP_CT_NEW + 1);
constexpr std::uint32_t kDestinationPort = 2;  // its place in the headers of UDP and TCP alike
constexpr std::uint16_t kNamePort = 53;

// Numbers of nf_tables are in network order, those that a packet's registers hold in the host's.
std::string big(std::uint32_t value) {
  value = htonl(value);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string big_short(std::uint16_t value) {
  value = htons(value);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string host(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

NetlinkMessage message(int what, int flags) {
  NetlinkMessage made(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | what),
                      static_cast<std::uint16_t>(NLM_F_REQUEST | flags));
  made.header(nfgenmsg{.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0, .res_id = 0});
  return made;
}

NetlinkMessage table(int what, int flags, const std::string& name) {
  NetlinkMessage made = message(what, flags);
  made.text(NFTA_TABLE_NAME, name);
  return made;
}

NetlinkMessage chain(const std::string& in_table, const char* name, const char* type, int hook, int priority) {
  NetlinkMessage made = message(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  made.text(NFTA_CHAIN_TABLE, in_table).text(NFTA_CHAIN_NAME, name).text(NFTA_CHAIN_TYPE, type);
  made.open(NFTA_CHAIN_HOOK)
      .attribute(NFTA_HOOK_HOOKNUM, big(static_cast<std::uint32_t>(hook)))
      .attribute(NFTA_HOOK_PRIORITY, big(static_cast<std::uint32_t>(priority)))
      .close();
  return made;
}

constexpr std::size_t kSource = offsetof(iphdr, saddr);
constexpr std::size_t kDestination = offsetof(iphdr, daddr);

// One rule: conditions, all of which a packet must meet, then what happens to it. Each puts something into register 1.
class Rule {
 public:
  Rule(const std::string& in_table, const char* in_chain)
      : message_(message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND)) {
    message_.text(NFTA_RULE_TABLE, in_table).text(NFTA_RULE_CHAIN, in_chain).open(NFTA_RULE_EXPRESSIONS);
  }

  // The link that it came by or leaves by has, or has not, a name that begins so.
  Rule& link(std::uint32_t key, std::uint32_t comparison, const std::string& prefix) {
    begin("meta").attribute(NFTA_META_DREG, big(NFT_REG_1)).attribute(NFTA_META_KEY, big(key));
    end();
    return compare(comparison, prefix);
  }
  // Its source or destination (by its place in the header), masked, is that address.
  Rule& address(std::size_t offset, std::uint32_t mask, std::uint32_t wanted) {
    load(offset);
    masked(big(mask));
    return compare(NFT_CMP_EQ, big(wanted & mask));
  }
  // It is of the protocol and goes to the port.
  Rule& port(std::uint8_t protocol, std::uint16_t wanted) {
    begin("meta").attribute(NFTA_META_DREG, big(NFT_REG_1)).attribute(NFTA_META_KEY, big(NFT_META_L4PROTO));
    end();
    compare(NFT_CMP_EQ, std::string(1, static_cast<char>(protocol)));
    begin("payload")
        .attribute(NFTA_PAYLOAD_DREG, big(NFT_REG_1))
        .attribute(NFTA_PAYLOAD_BASE, big(NFT_PAYLOAD_TRANSPORT_HEADER))
        .attribute(NFTA_PAYLOAD_OFFSET, big(kDestinationPort))
        .attribute(NFTA_PAYLOAD_LEN, big(sizeof wanted));
    end();
    return compare(NFT_CMP_EQ, big_short(wanted));
  }
  Rule& is_new() {
    begin("ct").attribute(NFTA_CT_DREG, big(NFT_REG_1)).attribute(NFTA_CT_KEY, big(NFT_CT_STATE));
    end();
    masked(host(kStateNew));
    return compare(NFT_CMP_NEQ, host(0));
  }

  NetlinkMessage masquerade() {
    begin("masq");
    end();
    return finish();
  }
  // `port` 0: the one that it goes to already.
  NetlinkMessage send_to(std::uint32_t destination, std::uint16_t port = 0) {
    put(NFT_REG_1, big(destination));
    if (port != 0) put(NFT_REG_2, big_short(port));
    return send_to_register(port != 0);
  }
  // To the same place of another range: `mask` tells the range, `first` is where it begins.
  NetlinkMessage send_to_range(std::uint32_t mask, std::uint32_t first) {
    load(kDestination);
    masked(big(~mask), big(first));
    return send_to_register(false);
  }
  NetlinkMessage drop() {
    begin("immediate").attribute(NFTA_IMMEDIATE_DREG, big(NFT_REG_VERDICT));
    message_.open(NFTA_IMMEDIATE_DATA).open(NFTA_DATA_VERDICT).attribute(NFTA_VERDICT_CODE, big(NF_DROP)).close();
    message_.close();
    end();
    return finish();
  }

 private:
  NetlinkMessage& begin(const char* expression) {
    return message_.open(NFTA_LIST_ELEM).text(NFTA_EXPR_NAME, expression).open(NFTA_EXPR_DATA);
  }
  void end() { message_.close().close(); }
  void put(std::uint32_t place, const std::string& bytes) {
    begin("immediate").attribute(NFTA_IMMEDIATE_DREG, big(place));
    value(NFTA_IMMEDIATE_DATA, bytes);
    end();
  }
  void value(std::uint16_t type, const std::string& bytes) {
    message_.open(type).attribute(NFTA_DATA_VALUE, bytes).close();
  }
  void load(std::size_t offset) {
    begin("payload")
        .attribute(NFTA_PAYLOAD_DREG, big(NFT_REG_1))
        .attribute(NFTA_PAYLOAD_BASE, big(NFT_PAYLOAD_NETWORK_HEADER))
        .attribute(NFTA_PAYLOAD_OFFSET, big(static_cast<std::uint32_t>(offset)))
        .attribute(NFTA_PAYLOAD_LEN, big(sizeof(std::uint32_t)));
    end();
  }
  // The address is in register 1, its port, where it has one, in register 2.
  NetlinkMessage send_to_register(bool has_port) {
    begin("nat")
        .attribute(NFTA_NAT_TYPE, big(NFT_NAT_DNAT))
        .attribute(NFTA_NAT_FAMILY, big(NFPROTO_IPV4))
        .attribute(NFTA_NAT_REG_ADDR_MIN, big(NFT_REG_1));
    if (has_port) message_.attribute(NFTA_NAT_REG_PROTO_MIN, big(NFT_REG_2));
    end();
    return finish();
  }
  // And then each bit of `flip` turned round.
  void masked(const std::string& mask, const std::string& flip = big(0)) {
    begin("bitwise")
        .attribute(NFTA_BITWISE_SREG, big(NFT_REG_1))
        .attribute(NFTA_BITWISE_DREG, big(NFT_REG_1))
        .attribute(NFTA_BITWISE_LEN, big(sizeof(std::uint32_t)));
    value(NFTA_BITWISE_MASK, mask);
    value(NFTA_BITWISE_XOR, flip);
    end();
  }
  Rule& compare(std::uint32_t comparison, const std::string& wanted) {
    begin("cmp").attribute(NFTA_CMP_SREG, big(NFT_REG_1)).attribute(NFTA_CMP_OP, big(comparison));
    value(NFTA_CMP_DATA, wanted);
    end();
    return *this;
  }
  NetlinkMessage finish() {
    message_.close();
    return message_;
  }

  NetlinkMessage message_;
};

}  // namespace

Result<PacketRules> PacketRules::open() { return PacketRules(TRY(Netlink::open(NETLINK_NETFILTER))); }

Result<> PacketRules::make(const PacketPlan& plan) {
  const auto& name = plan.table;
  constexpr std::uint32_t whole = 0xffffffff;
  std::vector<NetlinkMessage> all{table(NFT_MSG_NEWTABLE, NLM_F_CREATE, name),
                                  table(NFT_MSG_DELTABLE, 0, name),
                                  table(NFT_MSG_NEWTABLE, NLM_F_CREATE, name),
                                  chain(name, "to-host", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST),
                                  chain(name, "out", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC),
                                  chain(name, "in", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER)};
  const auto to_gateway = [&] {
    Rule rule(name, "to-host");
    rule.link(NFT_META_IIFNAME, NFT_CMP_EQ, plan.links).address(kDestination, whole, plan.gateway);
    return rule;
  };
  if (plan.name_port != 0) {
    for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
      all.push_back(to_gateway().port(protocol, kNamePort).send_to(INADDR_LOOPBACK, plan.name_port));
    }
  }
  all.push_back(to_gateway().send_to(INADDR_LOOPBACK));
  all.push_back(Rule(name, "out")
                    .address(kSource, plan.mask, plan.network)
                    .link(NFT_META_OIFNAME, NFT_CMP_NEQ, plan.all_links)
                    .masquerade());
  all.push_back(Rule(name, "in")
                    .link(NFT_META_OIFNAME, NFT_CMP_EQ, plan.links)
                    .link(NFT_META_IIFNAME, NFT_CMP_NEQ, plan.all_links)
                    .is_new()
                    .drop());
  if (plan.services != 0) {
    all.push_back(Rule(name, "to-host")
                      .link(NFT_META_IIFNAME, NFT_CMP_EQ, plan.links)
                      .address(kDestination, kMeshMask, kMeshTwins)
                      .send_to_range(kMeshMask, plan.services));
  }
  const NetlinkMessage last = table(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, name);
  all.push_back(last);
  return netlink_.ask_together(all);
}

Result<> PacketRules::make_note(const std::string& name) {
  return netlink_.ask_together({table(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, name)});
}

Result<> PacketRules::remove(const std::string& name) {
  return netlink_.ask_together({table(NFT_MSG_DELTABLE, NLM_F_ACK, name)});
}

Result<std::vector<std::string>> PacketRules::list(const std::string& prefix) {
  std::vector<std::string> names;
  TRY(netlink_.list(message(NFT_MSG_GETTABLE, NLM_F_DUMP), [&](std::string_view answer) {
    if (answer.size() < sizeof(nfgenmsg)) return;
    std::string_view name = find_attribute(answer.substr(sizeof(nfgenmsg)), NFTA_TABLE_NAME);
    name = name.substr(0, name.find('\0'));
    if (name.starts_with(prefix)) names.emplace_back(name);
  }));
  return names;
}

}  // namespace weir::runtime
