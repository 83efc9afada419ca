// Header fields of one message, as flat text: names and values are views into one reusable arena, so that a message
// costs no allocation once a connection has warmed up. The arena keeps fields in wire form ("Name: value\r\n"), which
// lets the writer copy runs of fields at once. Names keep the sender's case; look-up ignores case; the fields a proxy
// must understand are resolved to a HeaderId while parsing. One thread; owned by the message it belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

// The fields that we look at by name. `other` is every field not listed.
enum class HeaderId : std::uint8_t {
  other,
  accept,
  accept_encoding,
  authorization,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  expect,
  forwarded,
  grpc_encoding,
  grpc_message,
  grpc_status,
  grpc_timeout,
  host,
  http2_settings,
  keep_alive,
  location,
  origin,
  proxy_authorization,
  proxy_connection,
  referer,
  sec_websocket_key,
  sec_websocket_version,
  server,
  set_cookie,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  via,
  x_amzn_trace_id,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_port,
  x_forwarded_proto,
  x_request_id,
  count_,
};

// The id of `name`, a token in any case; HeaderId::other when it is none of ours.
HeaderId header_id(std::string_view name);
// One name as a member of a set of them.
constexpr std::uint64_t bit(HeaderId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }
// The lower-case name of a known id; empty for `other`.
std::string_view header_name(HeaderId id);

// A piece of a HeaderBlock's arena; stays valid when the arena grows, unlike a string_view.
struct Slice {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

// One field. The views live until the block is next added to or cleared.
struct HeaderField {
  HeaderId id;
  std::string_view name;
  std::string_view value;
};

class HeaderBlock {
 public:
  // Forgets the fields and the text, keeps the memory.
  void clear();

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  HeaderField operator[](std::size_t index) const { return field(entries_[index]); }

  // Bytes of the fields in HTTP/1.1's form: "Name: value\r\n" each.
  std::size_t wire_size() const {
    std::size_t size = 0;
    for (const Entry& entry : entries_) size += entry.name_size + entry.value_size + 4;
    return size;
  }
  bool has(HeaderId id) const { return (present_ >> static_cast<unsigned>(id)) & 1; }
  // False: there is at most one of that id. True: there was more than one at some time.
  bool repeated(HeaderId id) const { return (repeated_ >> static_cast<unsigned>(id)) & 1; }
  // The first field of that id or name.
  std::optional<std::string_view> find(HeaderId id) const;
  std::optional<std::string_view> find(std::string_view name) const;
  // find(id), or empty text.
  std::string_view get(HeaderId id) const { return find(id).value_or(std::string_view{}); }

  // Appends. `name` and `value` must be free of CR, LF and NUL, and must not point into this block.
  void add(std::string_view name, std::string_view value) { add_as(header_id(name), name, value); }
  void add(HeaderId id, std::string_view value) { add_as(id, header_name(id), value); }
  // Replaces every field of that id by one (at the end).
  void set(HeaderId id, std::string_view value);
  // Removes every field of that id or name; returns how many there were.
  std::size_t remove(HeaderId id);
  std::size_t remove(std::string_view name);

  // Removes the first field of that id only.
  void remove_first(HeaderId id);
  // Removes every field whose id has its bit (1 << id) set in `ids`.
  void remove_all(std::uint64_t ids);

  // Text that belongs to the message but is no field (method, target, reason).
  Slice keep(std::string_view text);
  std::string_view text(Slice slice) const { return {arena_.data() + slice.at, slice.size}; }

  class Iterator {
   public:
    Iterator(const HeaderBlock& block, std::size_t index) : block_(&block), index_(index) {}
    HeaderField operator*() const { return (*block_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const HeaderBlock* block_;
    std::size_t index_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  friend class H1Parser;  // fills arena_ and entries_ in one pass
  friend class H1Writer;  // copies runs of arena_

  struct Entry {
    std::uint32_t name_at;
    std::uint32_t value_at;
    std::uint32_t value_size;
    std::uint16_t name_size;
    HeaderId id;
  };
  HeaderField field(const Entry& e) const {
    return {e.id, {arena_.data() + e.name_at, e.name_size}, {arena_.data() + e.value_at, e.value_size}};
  }
  void push(const Entry& entry) {
    entries_.push_back(entry);
    const std::uint64_t id = std::uint64_t{1} << static_cast<unsigned>(entry.id);
    repeated_ |= present_ & id;
    present_ |= id;
  }
  void add_as(HeaderId id, std::string_view name, std::string_view value);

  std::string arena_;
  std::vector<Entry> entries_;
  std::uint64_t present_ = 0;   // a bit per HeaderId
  std::uint64_t repeated_ = 0;  // a bit per HeaderId
};
static_assert(static_cast<unsigned>(HeaderId::count_) <= 64);

// Equal but for ASCII case.
bool equals_ignoring_case(std::string_view a, std::string_view b);
// Takes the next member off a comma-separated list, without the white space around it; may be empty.
std::string_view next_member(std::string_view& list);
// Whether a comma-separated field value has `token` as one of its members, ignoring case.
bool list_contains(std::string_view value, std::string_view token);

// Removes what concerns one connection only (RFC 9110 7.6.1): Connection and every field it names, Keep-Alive,
// Proxy-Connection, Transfer-Encoding, Upgrade, HTTP2-Settings, and TE unless it says "trailers" (then it becomes
// exactly that, for gRPC). Fields that a proxy depends on (Host, Content-Length, X-Forwarded-*, ...) stay even if
// Connection names them.
void strip_hop_by_hop(HeaderBlock& fields);

}  // namespace weir::http
