#include "dns/reply.h"

#include <algorithm>

#include "base/ascii.h"
#include "dns/limits.h"
#include "dns/reader.h"

namespace weir::dns {

namespace {

constexpr std::uint16_t kReplyBit = 0x8000;
constexpr std::uint16_t kCodeBits = 0x000F;

// The data of a record of the type, which are those bytes; names in them are read where they stand.
bool read_data(Reader at_data, std::string_view data, Type type, Record& record) {
  if (type == Type::a && data.size() == sizeof(std::array<std::uint8_t, 4>)) {
    std::array<std::uint8_t, 4> address;
    std::ranges::copy(data, address.begin());
    record.data = address;
    return true;
  }
  if (type == Type::aaaa && data.size() == sizeof(std::array<std::uint8_t, 16>)) {
    std::array<std::uint8_t, 16> address;
    std::ranges::copy(data, address.begin());
    record.data = address;
    return true;
  }
  if (type != Type::cname) return false;
  auto target = at_data.record_name();
  if (!target) return false;
  record.data = std::move(*target);
  return true;
}

}  // namespace

std::string_view question_of(std::string_view query) {
  Reader reader(query);
  if (!reader.skip(kHead) || !reader.skip_name() || !reader.skip(4)) return {};
  return reader.since(kHead);
}

Code code_in(std::string_view message) { return static_cast<Code>(static_cast<std::uint8_t>(message[3]) & kCodeBits); }

void set_id(std::string& message, std::uint16_t id) {
  message[0] = static_cast<char>(id >> 8);
  message[1] = static_cast<char>(id & 0xFF);
}

std::optional<Code> code_of_reply(std::string_view message, std::uint16_t id, std::string_view question) {
  Reader reader(message);
  const auto its_id = reader.number();
  const auto flags = reader.number();
  const auto questions = reader.number();
  if (!questions || message.size() < kHead || *its_id != id || !(*flags & kReplyBit)) return std::nullopt;
  const auto code = static_cast<Code>(*flags & kCodeBits);
  if (*questions == 0 && code != Code::no_error) return code;
  if (*questions != 1 || !same_letters(message.substr(kHead, question.size()), question)) return std::nullopt;
  return code;
}

std::optional<std::vector<Record>> answers_of_reply(std::string_view message) {
  Reader reader(message);
  if (!reader.skip(4)) return std::nullopt;
  const auto questions = reader.number();
  const auto count = reader.number();
  if (!count || !reader.skip(4)) return std::nullopt;
  for (unsigned i = 0; i < *questions; ++i) {
    if (!reader.skip_name() || !reader.skip(4)) return std::nullopt;
  }
  std::vector<Record> answers;
  for (unsigned i = 0; i < *count; ++i) {
    auto name = reader.record_name();
    const auto type = name ? reader.number() : std::nullopt;
    if (!type || !reader.skip(2)) return std::nullopt;
    const auto ttl = reader.long_number();
    const auto size = ttl ? reader.number() : std::nullopt;
    const Reader at_data = reader;
    const auto data = size ? reader.bytes(*size) : std::nullopt;
    if (!data) return std::nullopt;
    Record record{.name = std::move(*name), .ttl = *ttl};
    if (read_data(at_data, *data, static_cast<Type>(*type), record)) answers.push_back(std::move(record));
  }
  return answers;
}

}  // namespace weir::dns
