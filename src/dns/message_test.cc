#include "dns/message.h"

#include <gtest/gtest.h>

#include "dns/limits.h"

namespace weir::dns {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

const std::string kHeadOfOne = bytes({0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0});
const std::string kQuestion = std::string("\4Echo\5local\0\0\1\0\1", 16);
// The root's name, OPT, a size of 4096 octets, no extended code, version 0, no flags, no options.
const std::string kEdns = bytes({0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0});

std::string with_edns(std::string message, const std::string& record = kEdns) {
  message[11] = 1;
  return message + record;
}

TEST(DnsMessage, a_query_is_read_and_its_name_is_lower_case) {
  const auto query = parse_query(kHeadOfOne + kQuestion);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->id, 0x1234);
  EXPECT_EQ(query->name, "echo.local");
  EXPECT_EQ(query->type, Type::a);
  EXPECT_TRUE(query->recursion_desired);
  EXPECT_EQ(query->question, kQuestion);
  EXPECT_FALSE(query->datagram_size);
  EXPECT_EQ(datagram_limit(*query), kPlainDatagram);
}

TEST(DnsMessage, edns_says_how_much_the_client_takes) {
  const auto query = parse_query(with_edns(kHeadOfOne + kQuestion));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->datagram_size, 4096);
  EXPECT_EQ(datagram_limit(*query), kLargestDatagram);
  EXPECT_EQ(datagram_limit({.datagram_size = 0}), kPlainDatagram);
  EXPECT_EQ(datagram_limit({.datagram_size = 700}), 700u);
}

TEST(DnsMessage, a_dot_within_a_label_is_no_dot_between_labels) {
  const auto query = parse_query(kHeadOfOne + std::string("\3a.b\0\0\1\0\1", 9));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->name, "a/b");
}

struct Row {
  const char* says;
  std::string message;
  std::optional<Code> code;  // none: nothing is said to it
};

TEST(DnsMessage, what_is_no_query_gets_its_code_or_silence) {
  std::string reply = kHeadOfOne, update = kHeadOfOne, none = kHeadOfOne, two = kHeadOfOne;
  reply[2] = static_cast<char>(0x81);
  update[2] = 0x28;
  none[5] = 0;
  two[5] = 2;
  std::string chaos = kQuestion;
  chaos.back() = 3;
  std::string newer = kEdns;
  newer[6] = 1;
  std::string longest = kHeadOfOne;
  for (int i = 0; i < 4; ++i) longest += static_cast<char>(63) + std::string(63, 'a');
  const Row rows[] = {
      {"nothing", "", std::nullopt},
      {"less than a head", kHeadOfOne.substr(0, 11), std::nullopt},
      {"a reply", reply + kQuestion, std::nullopt},
      {"an update", update + kQuestion, Code::not_implemented},
      {"no question", none, Code::form_error},
      {"two questions", two + kQuestion + kQuestion, Code::form_error},
      {"a name cut off", kHeadOfOne + "\4Ech", Code::form_error},
      {"a name without end", kHeadOfOne + "\4Echo", Code::form_error},
      {"a pointer in the first name", kHeadOfOne + bytes({0xC0, 12, 0, 1, 0, 1}), Code::form_error},
      {"a label with reserved bits", kHeadOfOne + bytes({0x41, 'a', 0, 0, 1, 0, 1}), Code::form_error},
      {"a name of 257 octets", longest + bytes({0, 0, 1, 0, 1}), Code::form_error},
      {"a type cut off", kHeadOfOne + kQuestion.substr(0, 13), Code::form_error},
      {"another class", kHeadOfOne + chaos, Code::refused},
      {"an EDNS record cut off", with_edns(kHeadOfOne + kQuestion, kEdns.substr(0, 10)), Code::form_error},
      {"a newer EDNS", with_edns(kHeadOfOne + kQuestion, newer), Code::bad_version},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.says);
    const auto query = parse_query(row.message);
    ASSERT_FALSE(query);
    const auto failure = write_failure(query.error());
    ASSERT_EQ(failure.has_value(), row.code.has_value());
    if (!failure) continue;
    EXPECT_EQ(query.error().code, *row.code);
    EXPECT_EQ(failure->substr(0, 2), kHeadOfOne.substr(0, 2));
    EXPECT_EQ((*failure)[3] & 0xF, static_cast<int>(*row.code) & 0xF);
    EXPECT_TRUE((*failure)[2] & 0x80);
  }
}

TEST(DnsMessage, a_reply_repeats_the_question_and_points_to_its_name) {
  const auto query = parse_query(kHeadOfOne + kQuestion);
  Reply reply;
  reply.answers.push_back({"echo.local", 300, std::array<std::uint8_t, 4>{169, 254, 172, 2}});
  const std::string expected = bytes({0x12, 0x34, 0x85, 0x00, 0, 1, 0, 1, 0, 0, 0, 0}) + kQuestion +
                               bytes({0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 169, 254, 172, 2});
  EXPECT_EQ(write_reply(*query, reply, kPlainDatagram), expected);
}

TEST(DnsMessage, every_kind_of_record_is_written) {
  const auto query = parse_query(with_edns(kHeadOfOne + kQuestion));
  Reply reply{.code = Code::name_error};
  reply.answers.push_back({"b", 1, std::string("c.d")});
  reply.answers.push_back({"b", 1, Service{.port = 80, .target = "c"}});
  reply.authorities.push_back({"b", 1, Authority{"n", "h", 1, 15}});
  reply.more.push_back({"b", 1, std::array<std::uint8_t, 16>{1}});
  const std::string head = bytes({0x12, 0x34, 0x85, 0x03, 0, 1, 0, 2, 0, 1, 0, 2});
  const auto record = [&](int type, int length) { return bytes({1, 'b', 0, 0, type, 0, 1, 0, 0, 0, 1, 0, length}); };
  const std::string expected =
      head + kQuestion + record(5, 5) + bytes({1, 'c', 1, 'd', 0}) + record(33, 9) +
      bytes({0, 1, 0, 1, 0, 80, 1, 'c', 0}) + record(6, 26) +
      bytes({1, 'n', 0, 1, 'h', 0, 0, 0, 0, 1, 0, 0, 0x1C, 0x20, 0, 0, 3, 0x84, 0, 0x12, 0x75, 0, 0, 0, 0, 15}) +
      record(28, 16) + bytes({1}) + std::string(15, '\0') + bytes({0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(write_reply(*query, reply, kLargestMessage), expected);
}

TEST(DnsMessage, what_does_not_fit_is_left_out_or_marked) {
  const auto query = parse_query(kHeadOfOne + kQuestion);
  Reply reply;
  for (int i = 0; i < 8; ++i)
    reply.answers.push_back({"echo.local", 1, Service{.port = 80, .target = std::string(40, 'a')}});
  reply.more.push_back({"x", 1, std::array<std::uint8_t, 4>{}});
  const std::string whole = write_reply(*query, reply, kLargestMessage);
  const std::string less = write_reply(*query, reply, whole.size() - 1);
  EXPECT_EQ(less.size(), whole.size() - 17);
  EXPECT_EQ(less[2] & 2, 0);
  EXPECT_EQ(less[11], 0);
  const std::string cut = write_reply(*query, reply, less.size() - 1);
  EXPECT_EQ(cut[2] & 2, 2);
  EXPECT_EQ(cut.substr(12), kQuestion);
}

}  // namespace
}  // namespace weir::dns
