#include "http/header.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii.h"

namespace weir::http {
namespace {

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

// A perfect hash of the names over their length and three letters, checked below when it is compiled. `| 0x20` makes
// capitals small; what it does to other bytes does not matter, because a hit is compared whole.
constexpr std::size_t kSlots = 128;
constexpr std::size_t slot_of(std::string_view name) {
  const auto letter = [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(c) | 0x20); };
  const std::size_t late = name.size() < 4 ? 0 : name.size() - 4;
  return (22 * name.size() + 59 * letter(name.front()) + 124 * letter(name.back()) + letter(name[late])) % kSlots;
}

constexpr std::array<HeaderId, kSlots> kIdOfSlot = [] {
  std::array<HeaderId, kSlots> slots{};
  for (std::size_t id = 1; id < kNames.size(); ++id) slots[slot_of(kNames[id])] = static_cast<HeaderId>(id);
  return slots;
}();

constexpr bool every_name_has_its_slot() {
  for (std::size_t id = 1; id < kNames.size(); ++id) {
    if (kIdOfSlot[slot_of(kNames[id])] != static_cast<HeaderId>(id)) return false;
  }
  return true;
}
static_assert(every_name_has_its_slot(), "two names share a slot: choose other factors in slot_of");

template <class Word>
Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Whether `name` is `known`, a small-letter name of the same size, in any case. A word at a time, the last two
// overlapping. A name is a token, so that no byte becomes a '-' or a digit of `known` by `| 0x20`.
template <class Word>
bool same_words(const char* known, const char* name, std::size_t size) {
  constexpr Word kSmall = static_cast<Word>(0x2020202020202020);
  for (std::size_t at = 0; at + sizeof(Word) < size; at += sizeof(Word)) {
    if ((load<Word>(name + at) | kSmall) != (load<Word>(known + at) | kSmall)) return false;
  }
  const std::size_t last = size - sizeof(Word);
  return (load<Word>(name + last) | kSmall) == (load<Word>(known + last) | kSmall);
}

bool same_name(std::string_view known, std::string_view name) {
  if (known.size() != name.size()) return false;
  if (name.size() >= 8) return same_words<std::uint64_t>(known.data(), name.data(), name.size());
  if (name.size() >= 4) return same_words<std::uint32_t>(known.data(), name.data(), name.size());
  return same_words<std::uint16_t>(known.data(), name.data(), name.size());
}

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

}  // namespace

HeaderId header_id(std::string_view name) {
  if (name.size() < 2) return HeaderId::other;
  const HeaderId id = kIdOfSlot[slot_of(name)];
  return same_name(kNames[static_cast<std::size_t>(id)], name) ? id : HeaderId::other;
}

std::string_view header_name(HeaderId id) { return kNames[static_cast<std::size_t>(id)]; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a == b) return true;  // nearly always, where they are equal at all
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower_letter(a[i]) != lower_letter(b[i])) return false;
  }
  return true;
}

std::string_view next_member(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  std::string_view member = list.substr(0, comma);
  list.remove_prefix(std::min(comma + 1, list.size()));
  while (!member.empty() && is_space(member.front())) member.remove_prefix(1);
  while (!member.empty() && is_space(member.back())) member.remove_suffix(1);
  return member;
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
  present_ = repeated_ = 0;
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

void HeaderBlock::add_as(HeaderId id, std::string_view name, std::string_view value) {
  const std::size_t name_at = arena_.size();
  const std::size_t value_at = name_at + name.size() + 2;
  const std::size_t end = value_at + value.size() + 2;
  arena_.resize_and_overwrite(end, [&](char* text, std::size_t) {  // libstdc++ 12 passes the capacity, not `end`
    std::memcpy(text + name_at, name.data(), name.size());
    std::memcpy(text + value_at - 2, ": ", 2);
    if (!value.empty()) std::memcpy(text + value_at, value.data(), value.size());
    std::memcpy(text + end - 2, "\r\n", 2);
    return end;
  });
  push({static_cast<std::uint32_t>(name_at), static_cast<std::uint32_t>(value_at),
        static_cast<std::uint32_t>(value.size()), static_cast<std::uint16_t>(name.size()), id});
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
  if (!repeated(id)) {
    remove(id);
    return;
  }
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

namespace {

// Removes what one Connection value names, but for what may not be taken away.
void remove_named(HeaderBlock& fields, std::string_view list) {
  if (equals_ignoring_case(list, "keep-alive") || equals_ignoring_case(list, "close")) return;  // nearly always
  while (!list.empty()) {
    const std::string_view name = next_member(list);
    const std::uint64_t known = bit(header_id(name));
    if (name.empty() || known & (kHopByHop | kEndToEnd) || equals_ignoring_case(name, "close")) continue;
    fields.remove(name);
  }
}

}  // namespace

void strip_hop_by_hop(HeaderBlock& fields) {
  const bool trailers = fields.has(HeaderId::te) && list_contains(fields.get(HeaderId::te), "trailers");
  // The view into the arena stays good while entries go: removing never moves text.
  while (const auto listed = fields.find(HeaderId::connection)) {
    fields.remove_first(HeaderId::connection);
    remove_named(fields, *listed);
  }
  fields.remove_all(kHopByHop);
  if (trailers) fields.add(HeaderId::te, "trailers");
}

}  // namespace weir::http
