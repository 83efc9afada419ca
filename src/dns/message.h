// DNS messages, RFC 1035 with the EDNS of RFC 6891: bytes to a query, a reply to bytes. Nothing here knows a socket or
// a table. Names are lower case with dots and without the last one; their case on the wire is kept in replies. Pure;
// any thread.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::dns {

enum class Type : std::uint16_t { a = 1, cname = 5, soa = 6, opt = 41, aaaa = 28, srv = 33, any = 255 };

enum class Code : std::uint8_t {
  no_error = 0,
  form_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4,
  refused = 5,
  bad_version = 16,  // of EDNS; told by its record
};

struct Query {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  std::string name;  // a label with a dot in it, which no table has, shows one as a slash
  Type type = Type::a;
  std::string question;                        // as it was on the wire
  std::optional<std::uint16_t> datagram_size;  // of EDNS: what the client takes; none without EDNS
};

// Why a message is no query that can be answered.
struct BadQuery {
  std::optional<std::uint16_t> id;  // none: nothing can be said to it, a reply or less than a head
  Code code = Code::form_error;
  std::string question;  // where it could be read
  bool edns = false;
  bool recursion_desired = false;
};

std::expected<Query, BadQuery> parse_query(std::string_view message);

struct Service {  // of SRV
  std::uint16_t priority = 1;
  std::uint16_t weight = 1;
  std::uint16_t port = 0;
  std::string target;
};
struct Authority {  // of SOA
  std::string server;
  std::string mailbox;
  std::uint32_t serial = 1;
  std::uint32_t negative_ttl = 0;  // seconds: how long it may be believed that a name is not there
};

struct Record {
  std::string name;
  std::uint32_t ttl = 0;  // seconds
  // An IPv4 address, an IPv6 address, a CNAME's target, SRV, SOA.
  std::variant<std::array<std::uint8_t, 4>, std::array<std::uint8_t, 16>, std::string, Service, Authority> data;
};
Type type_of(const Record& record);

struct Reply {
  Code code = Code::no_error;
  bool authoritative = true;
  bool recursion_available = false;
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> more;  // the additional section
};

// The reply's bytes, at most `size`: without its additional section where that alone is too much, else without records
// and marked as truncated, so that the client asks again over TCP.
std::string write_reply(const Query& query, const Reply& reply, std::size_t size);
// What may be answered in a datagram.
std::size_t datagram_limit(const Query& query);
// None where nothing can be said.
std::optional<std::string> write_failure(const BadQuery& bad);
// That a good query has no answer.
std::string write_failure(const Query& query, Code code);
// The query's own bytes, made of its id, name and type.
std::string write_question(const Query& query);

}  // namespace weir::dns
