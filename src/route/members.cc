#include "route/members.h"

#include <arpa/inet.h>

#include "route/limits.h"

namespace weir::route {

Members::Members(const Json& json, std::string path, Faults& faults)
    : json_(json), path_(std::move(path)), faults_(faults) {
  if (!json.is_object()) faults_.add(path_.empty() ? "(top)" : path_, "is not an object");
}

Members::Members(const Json& json, ItemPath path, Faults& faults) : json_(json), item_(path), faults_(faults) {
  if (!json.is_object()) faults_.add(path, "is not an object");
}

std::string Members::here() const { return item_ ? std::string(*item_) : path_; }

std::string Members::path(std::string_view name) const {
  const std::string place = here();
  return place.empty() ? std::string(name) : place + "." + std::string(name);
}

const Json& Members::find(std::string_view name) {
  static const Json kNothing;
  const Json::Object& members = json_.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].first != name) continue;
    if (i < kMaxMembers) asked_ |= std::uint64_t{1} << i;
    return members[i].second;
  }
  return kNothing;
}

std::string Members::text(std::string_view name) {
  const Json& value = find(name);
  if (!value.is_string()) fault(name, "a text is missing");
  return value.as_string();
}

std::string Members::text_or(std::string_view name, std::string otherwise) {
  const Json& value = find(name);
  if (value.is_null()) return otherwise;
  if (!value.is_string()) fault(name, "is not a text");
  return value.as_string();
}

std::int64_t Members::number(std::string_view name, std::int64_t low, std::int64_t high) {
  if (find(name).is_null()) {
    fault(name, "a number is missing");
    return low;
  }
  return number_or(name, low, high, low);
}

std::int64_t Members::number_or(std::string_view name, std::int64_t low, std::int64_t high, std::int64_t otherwise) {
  const Json& value = find(name);
  if (value.is_null()) return otherwise;
  if (!value.is_int()) {
    fault(name, "is not a whole number");
    return otherwise;
  }
  if (value.as_int() < low || value.as_int() > high) {
    fault(name,
          std::to_string(value.as_int()) + " is not within " + std::to_string(low) + " to " + std::to_string(high));
    return otherwise;
  }
  return value.as_int();
}

unsigned Members::count_or(std::string_view name, std::int64_t low, std::int64_t high, unsigned otherwise) {
  return static_cast<unsigned>(number_or(name, low, high, otherwise));
}

milliseconds Members::millis_or(std::string_view name, milliseconds otherwise) {
  return milliseconds(number_or(name, 0, kMaxMillis, otherwise.count()));
}

std::string Members::ip_literal(std::string_view name) {
  std::string address = text(name);
  unsigned char bytes[16];
  if (inet_pton(AF_INET, address.c_str(), bytes) != 1 && inet_pton(AF_INET6, address.c_str(), bytes) != 1) {
    fault(name, "'" + address + "' is no IPv4 or IPv6 address");
  }
  return address;
}

std::string Members::identity(Ids& seen) {
  const Json& value = find("id");
  if (!value.is_string()) fault("id", "a text is missing");
  const std::string& id = value.as_string();
  if (!seen.insert(id).second) fault("id", "'" + id + "' repeats");
  return id;
}

bool Members::flag(std::string_view name) {
  const Json& value = find(name);
  if (!value.is_bool()) fault(name, "true or false is missing");
  return value.as_bool();
}

bool Members::flag_or(std::string_view name, bool otherwise) { return find(name).is_null() ? otherwise : flag(name); }

std::size_t Members::word(std::string_view name, Words words, std::size_t otherwise) {
  const Json& value = find(name);
  if (value.is_null()) return otherwise;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (value.is_string() && value.as_string() == words[i]) return i;
  }
  std::string known;
  for (const std::string_view each : words) known.append(known.empty() ? "" : ", ").append(each);
  fault(name, "is none of: " + known);
  return otherwise;
}

MemberList Members::list(std::string_view name) {
  const Json& value = find(name);
  if (!value.is_null() && !value.is_array()) fault(name, "is not an array");
  return {value, path(name)};
}

std::vector<std::string> Members::texts(std::string_view name) {
  std::vector<std::string> out;
  for (const auto& [item, where] : list(name)) {
    if (!item->is_string()) faults_.add(where, "is not a text");
    out.push_back(item->as_string());
  }
  return out;
}

void Members::finish() {
  const Json::Object& members = json_.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i >= kMaxMembers || (asked_ >> i & 1) == 0) fault(members[i].first, "is not known");
  }
}

}  // namespace weir::route
