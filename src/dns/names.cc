#include "dns/names.h"

#include <algorithm>

#include "dns/limits.h"

namespace weir::dns {

namespace {

constexpr std::uint32_t kAuthorityTtl = 900;  // of SOA itself, seconds, as Route 53 has it

bool lies_in(std::string_view name, std::string_view zone) {
  if (name == zone) return true;
  return name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.';
}

bool has(const Endpoint& endpoint, Type type) {
  switch (type) {
    case Type::a:
      return endpoint.ipv4.has_value();
    case Type::aaaa:
      return endpoint.ipv6.has_value();
    case Type::srv:
      return endpoint.port != 0;
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

Record record_of(const std::string& owner, const Endpoint& endpoint, Type type, std::uint32_t ttl) {
  if (type == Type::a) return {owner, ttl, *endpoint.ipv4};
  if (type == Type::aaaa) return {owner, ttl, *endpoint.ipv6};
  if (type == Type::cname) return {owner, ttl, endpoint.alias};
  return {owner, ttl, Service{.port = endpoint.port, .target = endpoint.label + "." + owner}};
}

}  // namespace

void NameTable::add_zone(std::string name, std::uint32_t negative_ttl) {
  zones_.emplace(std::move(name), negative_ttl);
}

void NameTable::add(std::string name, Name what) { names_.emplace(std::move(name), std::move(what)); }

// The longest that the name lies in.
const std::pair<const std::string, std::uint32_t>* NameTable::zone_of(std::string_view name) const {
  while (true) {
    if (const auto found = zones_.find(name); found != zones_.end()) return &*found;
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    name.remove_prefix(dot + 1);
  }
}

std::optional<NameTable::Found> NameTable::find(const std::string& name) const {
  if (const auto found = names_.find(name); found != names_.end()) return Found{&found->second, nullptr};
  const auto dot = name.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const auto above = names_.find(name.substr(dot + 1));
  if (above == names_.end() || !above->second.ttls.contains(Type::srv)) return std::nullopt;
  const auto one = std::ranges::find(above->second.endpoints, name.substr(0, dot), &Endpoint::label);
  if (one == above->second.endpoints.end()) return std::nullopt;
  return Found{&above->second, &*one};
}

// Whether there are names below it: then it is there, without records of its own (RFC 8020).
bool NameTable::is_between(const std::string& name) const {
  return std::ranges::any_of(names_, [&](const auto& one) {
    return one.first != name && lies_in(one.first, name) && !one.second.endpoints.empty();
  });
}

void NameTable::add_records(Reply& reply, const std::string& owner, const Found& found, Type type,
                            Random& random) const {
  if (found.only) {  // its addresses, with the TTL of the SRV record that names it
    if ((type == Type::a || type == Type::aaaa) && has(*found.only, type)) {
      reply.answers.push_back(record_of(owner, *found.only, type, found.name->ttls.at(Type::srv)));
    }
    return;
  }
  const auto ttl = found.name->ttls.find(type);
  if (ttl == found.name->ttls.end()) return;
  for (const Endpoint* one : chosen(*found.name, type, random)) {
    reply.answers.push_back(record_of(owner, *one, type, ttl->second));
    if (type != Type::srv) continue;
    for (const Type address : {Type::a, Type::aaaa}) {
      if (has(*one, address)) reply.more.push_back(record_of(one->label + "." + owner, *one, address, ttl->second));
    }
  }
}

std::optional<Reply> NameTable::answer(const Query& query, Random& random) const {
  const auto* zone = zone_of(query.name);
  if (!zone) return std::nullopt;
  Reply reply;
  const Authority authority{"ns." + zone->first, "hostmaster." + zone->first, 1, zone->second};
  const Record start{zone->first, std::min(kAuthorityTtl, zone->second), authority};
  if (query.name == zone->first && query.type == Type::soa) {
    reply.answers.push_back({zone->first, kAuthorityTtl, authority});
    return reply;
  }
  std::string owner = query.name;
  bool there = owner == zone->first || is_between(owner);
  for (std::size_t follow = 0; follow <= kMostAliases; ++follow) {
    const auto found = find(owner);
    if (!found) break;
    there |= found->only || !found->name->endpoints.empty();
    const auto before = reply.answers.size();
    add_records(reply, owner, *found, query.type, random);
    if (reply.answers.size() > before || query.type == Type::cname) break;
    add_records(reply, owner, *found, Type::cname, random);  // who asks for an address is told the alias first
    if (reply.answers.size() == before) break;
    owner = std::get<std::string>(reply.answers.back().data);
  }
  if (!reply.answers.empty()) return reply;
  reply.code = there ? Code::no_error : Code::name_error;
  reply.authorities.push_back(start);
  return reply;
}

}  // namespace weir::dns
