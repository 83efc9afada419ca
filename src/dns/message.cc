#include "dns/message.h"

#include <algorithm>

#include "dns/limits.h"
#include "dns/reader.h"

namespace weir::dns {

namespace {

constexpr std::uint16_t kInternet = 1;
constexpr std::uint16_t kReply = 0x8000;
constexpr std::uint16_t kOpcode = 0x7800;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRecursionAvailable = 0x0080;

struct Edns {
  bool there = false;
  bool twice = false;
  std::uint16_t size = 0;
  std::uint8_t version = 0;
};

// Goes over a record; notes it where it is OPT.
bool read_record(Reader& reader, Edns& edns) {
  if (!reader.skip_name()) return false;
  const auto type = reader.number();
  const auto size = reader.number();
  const auto high = reader.number();
  const auto low = reader.number();
  const auto length = reader.number();
  if (!length || !reader.skip(*length)) return false;
  if (*type != static_cast<std::uint16_t>(Type::opt)) return true;
  edns.twice = edns.there;
  edns.there = true;
  edns.size = *size;
  edns.version = static_cast<std::uint8_t>(*high & 0xFF);
  (void)low;
  return true;
}

void put(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}
void put_long(std::string& out, std::uint32_t value) {
  put(out, static_cast<std::uint16_t>(value >> 16));
  put(out, static_cast<std::uint16_t>(value & 0xFFFF));
}

// Labels beyond what a name may have are cut: tables hold none such.
void put_name(std::string& out, std::string_view name) {
  while (!name.empty()) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot).substr(0, kLongestLabel);
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
  }
  out += '\0';
}

struct DataWriter {
  std::string& out;
  void operator()(const std::array<std::uint8_t, 4>& address) { out.append(address.begin(), address.end()); }
  void operator()(const std::array<std::uint8_t, 16>& address) { out.append(address.begin(), address.end()); }
  void operator()(const std::string& target) { put_name(out, target); }
  void operator()(const Service& service) {
    put(out, service.priority);
    put(out, service.weight);
    put(out, service.port);
    put_name(out, service.target);
  }
  void operator()(const Authority& authority) {
    constexpr std::uint32_t kRefresh = 7200, kRetry = 900, kExpire = 1209600;  // as Route 53 has them
    put_name(out, authority.server);
    put_name(out, authority.mailbox);
    for (const std::uint32_t each : {authority.serial, kRefresh, kRetry, kExpire, authority.negative_ttl}) {
      put_long(out, each);
    }
  }
};

void put_record(std::string& out, const Query& query, const Record& record) {
  if (record.name == query.name) {
    put(out, static_cast<std::uint16_t>(kPointer << 8 | kHead));  // the question's name, in the client's own case
  } else {
    put_name(out, record.name);
  }
  put(out, static_cast<std::uint16_t>(type_of(record)));
  put(out, kInternet);
  put_long(out, record.ttl);
  std::string data;
  std::visit(DataWriter{data}, record.data);
  put(out, static_cast<std::uint16_t>(data.size()));
  out += data;
}

void put_edns(std::string& out, Code code) {
  out += '\0';
  put(out, static_cast<std::uint16_t>(Type::opt));
  put(out, static_cast<std::uint16_t>(kLargestDatagram));
  put_long(out, static_cast<std::uint32_t>(static_cast<unsigned>(code) >> 4) << 24);
  put(out, 0);
}

void put_head(std::string& out, std::uint16_t id, unsigned flags, bool question, std::size_t answers,
              std::size_t authorities, std::size_t more) {
  put(out, id);
  put(out, static_cast<std::uint16_t>(flags));
  put(out, question ? 1 : 0);
  for (const std::size_t each : {answers, authorities, more}) put(out, static_cast<std::uint16_t>(each));
}

unsigned flags_of(const Query& query, const Reply& reply) {
  unsigned flags = kReply | (static_cast<unsigned>(reply.code) & 0xF);
  if (reply.authoritative) flags |= kAuthoritative;
  if (query.recursion_desired) flags |= kRecursionDesired;
  if (reply.recursion_available) flags |= kRecursionAvailable;
  return flags;
}

std::string written(const Query& query, const Reply& reply, unsigned flags) {
  std::string out;
  put_head(out, query.id, flags, true, reply.answers.size(), reply.authorities.size(),
           reply.more.size() + (query.datagram_size ? 1 : 0));
  out += query.question;
  for (const auto* section : {&reply.answers, &reply.authorities, &reply.more}) {
    for (const auto& record : *section) put_record(out, query, record);
  }
  if (query.datagram_size) put_edns(out, reply.code);
  return out;
}

}  // namespace

Type type_of(const Record& record) {
  constexpr Type kTypes[] = {Type::a, Type::aaaa, Type::cname, Type::srv, Type::soa};
  return kTypes[record.data.index()];
}

std::expected<Query, BadQuery> parse_query(std::string_view message) {
  Reader reader(message);
  const auto id = reader.number();
  const auto flags = reader.number();
  std::array<std::uint16_t, 4> counts{};
  for (auto& count : counts) {
    const auto read = reader.number();
    if (!read) return std::unexpected(BadQuery{});
    count = *read;
  }
  if (*flags & kReply) return std::unexpected(BadQuery{});
  BadQuery bad{.id = id, .recursion_desired = (*flags & kRecursionDesired) != 0};
  if (*flags & kOpcode) bad.code = Code::not_implemented;
  if ((*flags & kOpcode) || counts[0] != 1) return std::unexpected(bad);
  auto name = reader.name();
  const auto type = name ? reader.number() : std::nullopt;
  const auto kind = type ? reader.number() : std::nullopt;
  if (!kind) return std::unexpected(bad);
  bad.question = reader.since(kHead);
  Edns edns;
  for (unsigned left = counts[1] + counts[2] + counts[3]; left > 0; --left) {
    if (!read_record(reader, edns) || edns.twice) return std::unexpected(bad);
  }
  bad.edns = edns.there;
  if (edns.version != 0) bad.code = Code::bad_version;
  if (*kind != kInternet) bad.code = Code::refused;
  if (bad.code != Code::form_error) return std::unexpected(bad);
  Query query{.id = *id,
              .recursion_desired = bad.recursion_desired,
              .name = std::move(*name),
              .type = static_cast<Type>(*type),
              .question = std::move(bad.question)};
  if (edns.there) query.datagram_size = edns.size;
  return query;
}

std::size_t datagram_limit(const Query& query) {
  return std::clamp<std::size_t>(query.datagram_size.value_or(0), kPlainDatagram, kLargestDatagram);
}

std::string write_reply(const Query& query, const Reply& reply, std::size_t size) {
  const unsigned flags = flags_of(query, reply);
  std::string out = written(query, reply, flags);
  if (out.size() <= size) return out;
  Reply less = reply;
  less.more.clear();
  out = written(query, less, flags);
  if (out.size() <= size) return out;
  less.answers.clear();
  less.authorities.clear();
  return written(query, less, flags | kTruncated);
}

std::string write_question(const Query& query) {
  std::string out;
  put_head(out, query.id, query.recursion_desired ? kRecursionDesired : 0, true, 0, 0, 0);
  put_name(out, query.name);
  put(out, static_cast<std::uint16_t>(query.type));
  put(out, kInternet);
  return out;
}

std::optional<std::string> write_failure(const BadQuery& bad) {
  if (!bad.id) return std::nullopt;
  std::string out;
  const unsigned flags =
      kReply | (static_cast<unsigned>(bad.code) & 0xF) | (bad.recursion_desired ? kRecursionDesired : 0);
  put_head(out, *bad.id, flags, !bad.question.empty(), 0, 0, bad.edns ? 1 : 0);
  out += bad.question;
  if (bad.edns) put_edns(out, bad.code);
  return out;
}

std::string write_failure(const Query& query, Code code) {
  const Reply reply{.code = code, .authoritative = false, .recursion_available = true};
  return written(query, reply, flags_of(query, reply));
}

}  // namespace weir::dns
