#include "dns/names.h"

#include <algorithm>
#include <utility>

#include "dns/limits.h"

namespace weir::dns {

namespace {

constexpr std::uint32_t kAuthorityTtl = 900;  // of SOA itself, seconds, as Route 53 has it

bool has(const Endpoint& endpoint, Type type) {
  switch (type) {
    case Type::a:
      return endpoint.ipv4 || !endpoint.alias.empty();
    case Type::aaaa:
      return endpoint.ipv6 || !endpoint.alias.empty();
    case Type::srv:
      return endpoint.port != 0 && !endpoint.label.empty();
    case Type::cname:
      return !endpoint.alias.empty();
    default:
      return false;
  }
}

// The healthy ones that have the record; all where none is healthy. As many as the policy gives, by lot.
std::vector<const Endpoint*> chosen(const Name& name, Type type, Random& random) {
  std::vector<const Endpoint*> all;
  for (const auto& one : name.endpoints) {
    if (has(one, type)) all.push_back(&one);
  }
  const auto healthy = [](const Endpoint* one) { return one->healthy; };
  if (std::ranges::any_of(all, healthy)) std::erase_if(all, [&](const Endpoint* one) { return !healthy(one); });
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random.below(i)]);
  const std::size_t most = name.policy == Policy::weighted ? 1 : kMostAnswers;
  if (all.size() > most) all.resize(most);
  return all;
}

Record record_of(const std::string& owner, const Endpoint& endpoint, Type type, Asker asker, std::uint32_t ttl) {
  if (type == Type::a) {
    return {owner, ttl, asker == Asker::task ? endpoint.ipv4_of_tasks.value_or(*endpoint.ipv4) : *endpoint.ipv4};
  }
  if (type == Type::aaaa) return {owner, ttl, *endpoint.ipv6};
  if (type == Type::cname) return {owner, ttl, endpoint.alias};
  return {owner, ttl, Service{.port = endpoint.port, .target = endpoint.label + "." + owner}};
}

bool has_address(const Endpoint& endpoint, Type type) {
  return (type == Type::a && endpoint.ipv4) || (type == Type::aaaa && endpoint.ipv6);
}

// What lies above the name, up to its zone or to the root.
void add_above(std::set<std::string>& between, std::string_view name, std::string_view zone) {
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    name.remove_prefix(dot + 1);
    if (name == zone || !between.emplace(name).second) return;
  }
}

}  // namespace

void NameTable::put(const std::string& id, Zone zone) {
  Layer& layer = layers_[id];
  layer = Layer{.zone = std::move(zone), .instances = {}, .between = {}};
  for (const auto& [owner, name] : layer.zone.names) {
    add_above(layer.between, owner, layer.zone.name);
    if (!name.ttls.contains(Type::srv)) continue;
    for (const auto& endpoint : name.endpoints) {
      if (!endpoint.label.empty()) layer.instances.emplace(endpoint.label + "." + owner, Found{&name, &endpoint});
    }
  }
  for (const auto& [owner, found] : layer.instances) add_above(layer.between, owner, layer.zone.name);
  arrange();
}

void NameTable::remove(const std::string& id) {
  layers_.erase(id);
  arrange();
}

void NameTable::arrange() {
  by_zone_.clear();
  for (const auto& [id, layer] : layers_) by_zone_[layer.zone.name].push_back(&layer);
  for (auto& [zone, layers] : by_zone_) {
    std::ranges::stable_sort(layers, {}, [](const Layer* layer) { return layer->zone.rank; });
  }
}

// The longest zone that the name lies in. One that lies in none, and is known all the same, is a zone of its own.
std::optional<NameTable::Place> NameTable::place_of(const std::string& name) const {
  for (std::string_view rest = name; !rest.empty();) {
    if (const auto found = by_zone_.find(rest); found != by_zone_.end()) {
      return Place{found->first, found->second.front()->zone.negative_ttl, &found->second};
    }
    const auto dot = rest.find('.');
    rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  }
  const auto alone = by_zone_.find("");
  if (alone == by_zone_.end()) return std::nullopt;
  for (const Layer* layer : alone->second) {
    if (layer->zone.names.contains(name)) return Place{name, layer->zone.negative_ttl, nullptr};
  }
  return std::nullopt;
}

// Names without a zone are asked first.
std::optional<NameTable::Found> NameTable::find(const std::string& name) const {
  const auto in = [&](const Layers& layers) -> std::optional<Found> {
    for (const Layer* layer : layers) {
      if (const auto found = layer->zone.names.find(name); found != layer->zone.names.end()) {
        return Found{&found->second, nullptr};
      }
      if (const auto one = layer->instances.find(name); one != layer->instances.end()) return one->second;
    }
    return std::nullopt;
  };
  if (const auto alone = by_zone_.find(""); alone != by_zone_.end()) {
    if (const auto found = in(alone->second)) return found;
  }
  const auto place = place_of(name);
  return place && place->layers ? in(*place->layers) : std::nullopt;
}

bool NameTable::is_between(const Place& place, const std::string& name) const {
  const auto has_below = [&](const Layer* layer) { return layer->between.contains(name); };
  if (place.layers && std::ranges::any_of(*place.layers, has_below)) return true;
  const auto alone = by_zone_.find("");
  return alone != by_zone_.end() && std::ranges::any_of(alone->second, has_below);
}

// The addresses of what the endpoint stands for, under its own name: a client sees no alias.
void NameTable::add_aliased(Reply& reply, const std::string& owner, const Endpoint& endpoint, Type type, Asker asker,
                            Random& random) const {
  const auto found = find(endpoint.alias);
  if (!found || found->only) return;
  const auto ttl = found->name->ttls.find(type);
  if (ttl == found->name->ttls.end()) return;
  for (const Endpoint* one : chosen(*found->name, type, random)) {
    if (has_address(*one, type)) reply.answers.push_back(record_of(owner, *one, type, asker, ttl->second));
  }
}

void NameTable::add_records(Reply& reply, const std::string& owner, const Found& found, Type type, Asker asker,
                            Random& random) const {
  if (found.only) {  // its addresses, with the TTL of the SRV record that names it
    if (has_address(*found.only, type)) {
      reply.answers.push_back(record_of(owner, *found.only, type, asker, found.name->ttls.at(Type::srv)));
    }
    return;
  }
  const auto ttl = found.name->ttls.find(type);
  if (ttl == found.name->ttls.end()) return;
  for (const Endpoint* one : chosen(*found.name, type, random)) {
    if ((type == Type::a || type == Type::aaaa) && !has_address(*one, type)) {
      add_aliased(reply, owner, *one, type, asker, random);
      continue;
    }
    reply.answers.push_back(record_of(owner, *one, type, asker, ttl->second));
    if (type != Type::srv) continue;
    for (const Type address : {Type::a, Type::aaaa}) {
      if (!has_address(*one, address)) continue;
      reply.more.push_back(record_of(one->label + "." + owner, *one, address, asker, ttl->second));
    }
  }
}

std::optional<Reply> NameTable::answer(const Query& query, Asker asker, Random& random) const {
  const auto place = place_of(query.name);
  if (!place) return std::nullopt;
  Reply reply;
  const Authority authority{"ns." + place->zone, "hostmaster." + place->zone, 1, place->negative_ttl};
  const Record start{place->zone, std::min(kAuthorityTtl, place->negative_ttl), authority};
  if (query.name == place->zone && query.type == Type::soa) {
    reply.answers.push_back({place->zone, kAuthorityTtl, authority});
    return reply;
  }
  std::string owner = query.name;
  bool there = owner == place->zone || is_between(*place, owner);
  for (std::size_t follow = 0; follow <= kMostAliases; ++follow) {
    const auto found = find(owner);
    if (!found) break;
    there = true;
    const auto before = reply.answers.size();
    add_records(reply, owner, *found, query.type, asker, random);
    if (reply.answers.size() > before || query.type == Type::cname) break;
    add_records(reply, owner, *found, Type::cname, asker, random);  // who asks for an address is told the alias first
    if (reply.answers.size() == before) break;
    owner = std::get<std::string>(reply.answers.back().data);
  }
  if (!reply.answers.empty()) return reply;
  reply.code = there ? Code::no_error : Code::name_error;
  reply.authorities.push_back(start);
  return reply;
}

}  // namespace weir::dns
