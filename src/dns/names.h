// NameTable: the zones that Weir answers for, and what it answers. Chance is a parameter, since who asks again shall
// find others first. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "dns/message.h"
#include "dns/zone.h"

namespace weir::dns {

// Who asks: each is told addresses that it can reach.
enum class Asker : std::uint8_t {
  host,
  task,  // with a network of its own
};

class NameTable {
 public:
  // `id` is what the zone is known by; one that was put before is replaced.
  void put(const std::string& id, Zone zone);
  void remove(const std::string& id);

  // None where the name lies in no zone: somebody else knows.
  std::optional<Reply> answer(const Query& query, Asker asker, Random& random) const;
  // Whether the name lies in a zone.
  bool knows(const std::string& name) const { return place_of(name).has_value(); }

 private:
  struct Found {
    const Name* name = nullptr;
    const Endpoint* only = nullptr;  // the name is that of one endpoint
  };
  // A zone with what it is asked by.
  struct Layer {
    Zone zone;
    std::map<std::string, Found> instances;  // by the names of single endpoints
    std::set<std::string> between;  // names above those that it has: they are there, without records (RFC 8020)
  };
  // The zones of one name, or those without, the lowest rank first.
  using Layers = std::vector<const Layer*>;
  struct Place {
    std::string zone;
    std::uint32_t negative_ttl = 0;
    const Layers* layers = nullptr;
  };

  void arrange();
  std::optional<Place> place_of(const std::string& name) const;
  std::optional<Found> find(const std::string& name) const;
  bool is_between(const Place& place, const std::string& name) const;
  void add_records(Reply& reply, const std::string& owner, const Found& found, Type type, Asker asker,
                   Random& random) const;
  void add_aliased(Reply& reply, const std::string& owner, const Endpoint& endpoint, Type type, Asker asker,
                   Random& random) const;

  std::map<std::string, Layer> layers_;                 // by id
  std::map<std::string, Layers, std::less<>> by_zone_;  // "" for those without one
};

}  // namespace weir::dns
