#include "dns/reply.h"

#include <gtest/gtest.h>

#include <array>

namespace weir::dns {
namespace {

// A reply with id 0x1234 to "Echo.local A": an alias to "a.Echo.local" by a pointer, its address, a record unknown
// here.
const std::string kReply(
    "\x12\x34\x81\x80\0\1\0\3\0\0\0\0"
    "\4Echo\5local\0\0\1\0\1"
    "\xC0\x0C\0\5\0\1\0\0\0\x3C\0\4\1a\xC0\x0C"
    "\1a\xC0\x0C\0\1\0\1\0\0\0\x1E\0\4\12\0\0\7"
    "\xC0\x0C\0\x10\0\1\0\0\0\x1E\0\2\1x",
    12 + 16 + 16 + 18 + 14);

TEST(DnsReply, answers_are_read_and_pointers_followed) {
  const auto answers = answers_of_reply(kReply);
  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 2u);
  EXPECT_EQ((*answers)[0].name, "echo.local");
  EXPECT_EQ((*answers)[0].ttl, 60u);
  EXPECT_EQ(std::get<std::string>((*answers)[0].data), "a.echo.local");
  EXPECT_EQ((*answers)[1].name, "a.echo.local");
  EXPECT_EQ(std::get<0>((*answers)[1].data), (std::array<std::uint8_t, 4>{10, 0, 0, 7}));
}

TEST(DnsReply, one_that_is_cut_anywhere_is_none) {
  for (std::size_t size = 0; size < kReply.size(); ++size)
    EXPECT_FALSE(answers_of_reply(kReply.substr(0, size))) << size;
}

TEST(DnsReply, pointers_that_lead_nowhere_or_round_are_malformed) {
  for (const char* pointer : {"\xC0\x1C", "\xC0\x20", "\xFF\xFF"}) {
    std::string reply = kReply;
    reply.replace(28, 2, std::string(pointer, 2));  // the name of the first record, which stands at 28
    EXPECT_FALSE(answers_of_reply(reply));
  }
}

TEST(DnsReply, it_is_to_its_own_query) {
  const std::string question = kReply.substr(12, 16);
  EXPECT_EQ(code_of_reply(kReply, 0x1234, question), Code::no_error);
  std::string lower = question;
  lower[1] = 'e';
  EXPECT_EQ(code_of_reply(kReply, 0x1234, lower), Code::no_error) << "the case of letters says nothing";
  lower[1] = 'f';
  EXPECT_FALSE(code_of_reply(kReply, 0x1234, lower));
  EXPECT_FALSE(code_of_reply(kReply, 0x1235, question));
  EXPECT_FALSE(code_of_reply(kReply.substr(0, 20), 0x1234, question));
  std::string none = kReply;
  none[2] = 1;
  EXPECT_FALSE(code_of_reply(none, 0x1234, question)) << "it is a query";
  std::string bare = kReply.substr(0, 12);
  bare[3] = static_cast<char>(0x81);
  bare[5] = 0;
  EXPECT_EQ(code_of_reply(bare, 0x1234, question), Code::form_error);
  bare[3] = static_cast<char>(0x80);
  EXPECT_FALSE(code_of_reply(bare, 0x1234, question));
}

TEST(DnsReply, the_question_of_a_query_is_found_and_its_id_is_set) {
  std::string query = write_question({.id = 7, .recursion_desired = true, .name = "echo.local", .type = Type::aaaa});
  EXPECT_EQ(question_of(query), std::string("\4echo\5local\0\0\x1C\0\1", 16));
  set_id(query, 0xABCD);
  EXPECT_EQ(query.substr(0, 2), "\xAB\xCD");
  EXPECT_EQ(parse_query(query)->id, 0xABCD);
}

}  // namespace
}  // namespace weir::dns
