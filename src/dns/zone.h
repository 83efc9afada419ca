// Zone: names and what each stands for, as control says it and a NameTable answers it. Control writes each into a file
// of its own, as JSON, so that a change costs what its zone costs. A value; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "dns/message.h"

namespace weir::dns {

using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

enum class Policy : std::uint8_t {
  multivalue,  // up to eight of them, in any order
  weighted,    // one, each as likely as the others
};

// One of those that a name stands for.
struct Endpoint {
  std::string label;  // its own name below the service's, for SRV
  std::optional<Ipv4> ipv4;
  std::optional<Ipv4> ipv4_of_tasks;  // what tasks with networks of their own are told instead
  std::optional<Ipv6> ipv6;
  std::uint16_t port = 0;  // 0: it has no SRV record
  std::string alias;       // of a CNAME record, or whose addresses it has; empty for none
  bool healthy = true;
  bool operator==(const Endpoint&) const = default;
};

struct Name {
  std::map<Type, std::uint32_t> ttls;  // of the records that it has: A, AAAA, SRV, CNAME; seconds
  Policy policy = Policy::multivalue;
  std::vector<Endpoint> endpoints;
  bool operator==(const Name&) const = default;
};

struct Zone {
  std::string name;                   // empty: each of its names that lies in no other zone is one of its own
  std::uint32_t negative_ttl = 15;    // seconds: how long it may be believed that a name is not there
  std::int64_t rank = 0;              // of several that have a name the one of the lowest rank is asked
  std::map<std::string, Name> names;  // whole ones, lower case, without the last dot
  bool operator==(const Zone&) const = default;
};

// Lower case and without the last dot; none where it is no name that can be asked for.
std::optional<std::string> plain_name(std::string_view text);
// Whether the name is the zone's or below it.
bool lies_in(std::string_view name, std::string_view zone);

// "10.0.0.1"; none where it is no such address.
constexpr Ipv4 ipv4_from(std::uint32_t address) {  // a number of the host's byte order
  return {static_cast<std::uint8_t>(address >> 24), static_cast<std::uint8_t>(address >> 16),
          static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)};
}
std::optional<Ipv4> ipv4_of(const std::string& text);
std::optional<Ipv6> ipv6_of(const std::string& text);

Json to_json(const Zone& zone);
// Errors: "Zone" with the member that is wrong.
Result<Zone> zone_from_json(const Json& json);

}  // namespace weir::dns
