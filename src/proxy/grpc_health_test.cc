#include "proxy/grpc_health.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

std::string framed(std::string_view message) {
  return std::string("\0\0\0\0", 4) + static_cast<char>(message.size()) + std::string(message);
}

TEST(GrpcHealth, serving_is_healthy_whatever_else_the_message_has) {
  EXPECT_EQ(why_not_serving(framed("\x08\x01")), "");
  EXPECT_EQ(why_not_serving(framed(std::string_view("\x08\x02\x08\x01", 4))), "") << "the last counts";
  EXPECT_EQ(why_not_serving(framed(std::string_view("\x08\x81\x80\x00", 4))), "") << "a long form of 1";
  EXPECT_EQ(why_not_serving(framed("\x12\x03xyz\x08\x01")), "") << "a field of bytes";
  EXPECT_EQ(why_not_serving(framed("\x1d"
                                   "abcd\x21"
                                   "abcdefgh\x08\x01")),
            "")
      << "fixed ones";
  EXPECT_EQ(why_not_serving(framed("\x10\x02\x08\x01")), "") << "another number";
}

TEST(GrpcHealth, another_status_is_told_by_its_name) {
  EXPECT_EQ(why_not_serving(framed("")), "the service says UNKNOWN");
  EXPECT_EQ(why_not_serving(framed("\x08\x02")), "the service says NOT_SERVING");
  EXPECT_EQ(why_not_serving(framed("\x08\x03")), "the service says SERVICE_UNKNOWN");
  EXPECT_EQ(why_not_serving(framed("\x08\x09")), "the service says the status 9");
}

TEST(GrpcHealth, what_is_no_answer_is_not_healthy) {
  EXPECT_EQ(why_not_serving(""), "the answer has no message");
  const std::string unreadable = "the answer is no HealthCheckResponse";
  EXPECT_EQ(why_not_serving(std::string_view("\0\0\0", 3)), unreadable);
  EXPECT_EQ(why_not_serving(framed("\x08\x01") + "more"), unreadable);
  EXPECT_EQ(why_not_serving(framed("\x08\x01").substr(0, 6)), unreadable);
  EXPECT_EQ(why_not_serving(framed("\x08")), unreadable) << "a number without its value";
  EXPECT_EQ(why_not_serving(framed("\x12\x09xyz")), unreadable) << "bytes that are not there";
  EXPECT_EQ(why_not_serving(framed("\x0b\x0c")), unreadable) << "a group";
  EXPECT_EQ(why_not_serving(framed(std::string_view("\x00\x01", 2))), unreadable) << "field 0";
  EXPECT_EQ(why_not_serving(framed("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), unreadable) << "over 64 bits";
  std::string compressed = framed("\x08\x01");
  compressed[0] = 1;
  EXPECT_EQ(why_not_serving(compressed), "the answer is compressed, which was not asked for");
}

}  // namespace
}  // namespace weir::proxy
