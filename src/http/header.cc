#include "http/header.h"

#include <algorithm>
#include <array>

namespace weir::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr std::array<std::string_view, static_cast<std::size_t>(HeaderId::count_)> kNames = {
    "",
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "grpc-encoding",
    "grpc-message",
    "grpc-status",
    "grpc-timeout",
    "host",
    "http2-settings",
    "keep-alive",
    "location",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "sec-websocket-key",
    "sec-websocket-version",
    "server",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
};

constexpr std::size_t kLongestName =
    std::ranges::max_element(kNames, {}, [](std::string_view name) { return name.size(); })->size();

// The ids ordered by the length of their name, and where each length starts: a look-up compares the few names of its
// own length only, and of those only the ones with the same first letter.
struct NamesByLength {
  std::array<HeaderId, kNames.size()> ids{};
  std::array<char, kNames.size()> first{};
  std::array<std::uint8_t, kLongestName + 2> start{};
};

constexpr NamesByLength kByLength = [] {
  NamesByLength table;
  std::size_t filled = 0;
  for (std::size_t length = 0; length <= kLongestName; ++length) {
    table.start[length] = static_cast<std::uint8_t>(filled);
    for (std::size_t id = 1; id < kNames.size(); ++id) {
      if (kNames[id].size() != length) continue;
      table.ids[filled] = static_cast<HeaderId>(id);
      table.first[filled++] = kNames[id][0];
    }
  }
  table.start[kLongestName + 1] = static_cast<std::uint8_t>(filled);
  return table;
}();

constexpr std::uint64_t bit(HeaderId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }

// For one connection only, whatever Connection says. TE is looked at more closely.
constexpr std::uint64_t kHopByHop = bit(HeaderId::connection) | bit(HeaderId::keep_alive) |
                                    bit(HeaderId::proxy_connection) | bit(HeaderId::transfer_encoding) |
                                    bit(HeaderId::upgrade) | bit(HeaderId::http2_settings) | bit(HeaderId::te);

// What a sender must not be able to take away from us or from the backend by naming it in Connection.
constexpr std::uint64_t kEndToEnd = bit(HeaderId::host) | bit(HeaderId::content_length) | bit(HeaderId::content_type) |
                                    bit(HeaderId::content_encoding) | bit(HeaderId::authorization) |
                                    bit(HeaderId::cookie) | bit(HeaderId::forwarded) | bit(HeaderId::via) |
                                    bit(HeaderId::x_forwarded_for) | bit(HeaderId::x_forwarded_host) |
                                    bit(HeaderId::x_forwarded_port) | bit(HeaderId::x_forwarded_proto) |
                                    bit(HeaderId::x_amzn_trace_id) | bit(HeaderId::x_request_id);

constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

// Takes the next member off a comma-separated list, without the white space around it; may be empty.
std::string_view next_member(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  std::string_view member = list.substr(0, comma);
  list.remove_prefix(std::min(comma + 1, list.size()));
  while (!member.empty() && is_space(member.front())) member.remove_prefix(1);
  while (!member.empty() && is_space(member.back())) member.remove_suffix(1);
  return member;
}

}  // namespace

HeaderId header_id(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return HeaderId::other;
  const char first = lower(name[0]);
  const std::size_t end = kByLength.start[name.size() + 1];
  for (std::size_t i = kByLength.start[name.size()]; i < end; ++i) {
    if (kByLength.first[i] != first) continue;
    const std::string_view known = kNames[static_cast<std::size_t>(kByLength.ids[i])];
    if (equals_ignoring_case(known, name)) return kByLength.ids[i];
  }
  return HeaderId::other;
}

std::string_view header_name(HeaderId id) { return kNames[static_cast<std::size_t>(id)]; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool list_contains(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    if (equals_ignoring_case(next_member(value), token)) return true;
  }
  return false;
}

void HeaderBlock::clear() {
  arena_.clear();
  entries_.clear();
  present_ = 0;
}

std::optional<std::string_view> HeaderBlock::find(HeaderId id) const {
  if (!has(id)) return std::nullopt;
  for (const Entry& entry : entries_) {
    if (entry.id == id) return field(entry).value;
  }
  return std::nullopt;
}

std::optional<std::string_view> HeaderBlock::find(std::string_view name) const {
  const HeaderId id = header_id(name);
  if (id != HeaderId::other) return find(id);
  for (const Entry& entry : entries_) {
    if (entry.id == id && equals_ignoring_case(field(entry).name, name)) return field(entry).value;
  }
  return std::nullopt;
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  const auto name_at = static_cast<std::uint32_t>(arena_.size());
  const auto value_at = static_cast<std::uint32_t>(name_at + name.size() + 2);
  arena_.append(name).append(": ").append(value).append("\r\n");
  push({name_at, value_at, static_cast<std::uint32_t>(value.size()), static_cast<std::uint16_t>(name.size()),
        header_id(name)});
}

void HeaderBlock::set(HeaderId id, std::string_view value) {
  remove(id);
  add(id, value);
}

std::size_t HeaderBlock::remove(HeaderId id) {
  if (!has(id)) return 0;
  present_ &= ~bit(id);
  return std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; });
}

std::size_t HeaderBlock::remove(std::string_view name) {
  const HeaderId id = header_id(name);
  if (id != HeaderId::other) return remove(id);
  return std::erase_if(
      entries_, [&](const Entry& entry) { return entry.id == id && equals_ignoring_case(field(entry).name, name); });
}

void HeaderBlock::remove_first(HeaderId id) {
  if (!has(id)) return;
  const auto same = [id](const Entry& entry) { return entry.id == id; };
  entries_.erase(std::ranges::find_if(entries_, same));
  if (std::ranges::none_of(entries_, same)) present_ &= ~bit(id);
}

void HeaderBlock::remove_all(std::uint64_t ids) {
  if ((present_ & ids) == 0) return;
  present_ &= ~ids;
  std::erase_if(entries_, [ids](const Entry& entry) { return ids & bit(entry.id); });
}

Slice HeaderBlock::keep(std::string_view text) {
  const Slice slice{static_cast<std::uint32_t>(arena_.size()), static_cast<std::uint32_t>(text.size())};
  arena_.append(text);
  return slice;
}

void strip_hop_by_hop(HeaderBlock& fields) {
  const bool trailers = list_contains(fields.get(HeaderId::te), "trailers");
  // The views into the arena stay good while entries go: removing never moves text.
  while (const auto listed = fields.find(HeaderId::connection)) {
    std::string_view list = *listed;
    while (!list.empty()) {
      const std::string_view name = next_member(list);
      const std::uint64_t known = bit(header_id(name));
      const bool about_the_connection = known & kHopByHop;  // removed below in any case
      if (name.empty() || about_the_connection || known & kEndToEnd || equals_ignoring_case(name, "close")) continue;
      fields.remove(name);
    }
    fields.remove_first(HeaderId::connection);
  }
  fields.remove_all(kHopByHop);
  if (trailers) fields.add(HeaderId::te, "trailers");
}

}  // namespace weir::http
