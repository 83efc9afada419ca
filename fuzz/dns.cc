// Any bytes as a DNS message: no crash; what is said to it is a reply to it, within the size that was allowed; and a
// query that was read is read again from what it repeats. And any bytes as what another server replied.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "dns/limits.h"
#include "dns/names.h"
#include "dns/reply.h"

namespace {

using weir::check;

weir::dns::NameTable table() {
  weir::dns::NameTable names;
  weir::dns::Zone zone{.name = "local"};
  weir::dns::Name web{.ttls = {{weir::dns::Type::a, 60}, {weir::dns::Type::srv, 60}}};
  for (int i = 0; i < 20; ++i) {
    const auto last = static_cast<std::uint8_t>(i);
    web.endpoints.push_back(
        {.label = "i-" + std::to_string(i), .ipv4 = std::array<std::uint8_t, 4>{10, 0, 0, last}, .port = 80});
  }
  zone.names.emplace("web.local", std::move(web));
  names.put("local", std::move(zone));
  return names;
}

void check_reply(std::string_view message, const std::string& reply) {
  check(reply.size() >= weir::dns::kHead && reply.size() <= weir::dns::kLargestMessage, "a reply is no message");
  check(reply.substr(0, 2) == message.substr(0, 2), "a reply is to another query");
  check((reply[2] & 0x80) != 0, "a reply is none");
}

// As what another server says: no crash, and each name is one.
void read_as_reply(std::string_view message) {
  if (message.size() >= weir::dns::kHead) {
    const auto id = static_cast<std::uint16_t>(std::uint8_t(message[0]) << 8 | std::uint8_t(message[1]));
    (void)weir::dns::code_of_reply(message, id, weir::dns::question_of(message));
  }
  const auto answers = weir::dns::answers_of_reply(message);
  for (const auto& answer : answers.value_or(std::vector<weir::dns::Record>())) {
    check(answer.name.size() <= weir::dns::kLongestName, "a name is longer than one may be");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const weir::dns::NameTable names = table();
  weir::Random random(1);
  const std::string_view message(reinterpret_cast<const char*>(bytes), size);
  read_as_reply(message);
  const auto query = weir::dns::parse_query(message);
  if (!query) {
    if (const auto failure = weir::dns::write_failure(query.error())) check_reply(message, *failure);
    return 0;
  }
  check(message.substr(weir::dns::kHead).starts_with(query->question), "the question is another");
  const auto answer = names.answer(*query, weir::dns::Asker::host, random);
  if (!answer) return 0;
  const std::size_t limit = weir::dns::datagram_limit(*query);
  const std::string reply = weir::dns::write_reply(*query, *answer, limit);
  check_reply(message, reply);
  check(reply.size() <= limit, "a reply is longer than a datagram may be");
  check(reply.substr(weir::dns::kHead).starts_with(query->question), "the reply asks something else");
  return 0;
}
