// NameTable: the zones and names that Weir answers for, and what it answers. A value, constant once made; chance is a
// parameter, since who asks again shall find others first. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "dns/message.h"

namespace weir::dns {

enum class Policy : std::uint8_t {
  multivalue,  // up to eight of them, in any order
  weighted,    // one, each as likely as the others
};

// One of those that a name stands for.
struct Endpoint {
  std::string label;  // its own name below the service's, for SRV
  std::optional<std::array<std::uint8_t, 4>> ipv4;
  std::optional<std::array<std::uint8_t, 16>> ipv6;
  std::uint16_t port = 0;  // 0: it has no SRV record
  std::string alias;       // of a CNAME record; empty for none
  bool healthy = true;
};

struct Name {
  std::map<Type, std::uint32_t> ttls;  // of the records that it has: A, AAAA, SRV, CNAME; seconds
  Policy policy = Policy::multivalue;
  std::vector<Endpoint> endpoints;
};

class NameTable {
 public:
  // Names are lower case, without the last dot; of two that are the same the first stays. `negative_ttl` in seconds.
  void add_zone(std::string name, std::uint32_t negative_ttl);
  void add(std::string name, Name what);

  // None where the name lies in no zone: somebody else knows.
  std::optional<Reply> answer(const Query& query, Random& random) const;

 private:
  struct Found {
    const Name* name = nullptr;
    const Endpoint* only = nullptr;  // the name is that of one endpoint
  };
  const std::pair<const std::string, std::uint32_t>* zone_of(std::string_view name) const;
  std::optional<Found> find(const std::string& name) const;
  bool is_between(const std::string& name) const;
  void add_records(Reply& reply, const std::string& owner, const Found& found, Type type, Random& random) const;

  std::map<std::string, std::uint32_t, std::less<>> zones_;
  std::map<std::string, Name> names_;
};

}  // namespace weir::dns
