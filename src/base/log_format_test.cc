#include "base/log_format.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(LogFormat, envoys_default_is_known) {
  const auto format = parse_log_format(kDefaultLogFormat);
  ASSERT_TRUE(format) << format.error().message;
  EXPECT_EQ((*format)[0].text, "[");
  EXPECT_EQ((*format)[1].what, LogOperator::start_time);
  EXPECT_EQ((*format)[5].first, "x-envoy-original-path");
  EXPECT_EQ((*format)[5].second, ":path");
  EXPECT_EQ(format->back().text, "\"\n");
}

TEST(LogFormat, percent_signs_and_lengths) {
  const auto format = parse_log_format("100%% of %REQ(Host):12%");
  ASSERT_TRUE(format);
  ASSERT_EQ(format->size(), 2u);
  EXPECT_EQ((*format)[0].text, "100% of ");
  EXPECT_EQ((*format)[1].first, "host");
  EXPECT_EQ((*format)[1].most, 12u);
  EXPECT_EQ(MUST(parse_log_format("")).size(), 0u);
}

TEST(LogFormat, what_is_not_known_is_named) {
  const std::pair<const char*, const char*> rows[] = {
      {"%NONSENSE%", "%NONSENSE% is not known here"},
      {"%TRAILER(grpc-status)%", "%TRAILER(grpc-status)% is not known here"},
      {"%START_TIME(%s)%", "%START_TIME(%s)% is not known here"},
      {"a %PROTOCOL", "a percent sign is not closed: %PROTOCOL"},
      {"%REQ(host%", "%REQ(host%: its parenthesis is not closed"},
      {"%REQ()%", "%REQ()%: it names no field"},
      {"%REQ(a)5%", "%REQ(a)5%: after the parenthesis there may be a colon and a length"},
      {"%REQ(a):0%", "%REQ(a):0%: after the parenthesis there may be a colon and a length"},
      {"%REQ(a):99999999999999999999%",
       "%REQ(a):99999999999999999999%: after the parenthesis there may be a colon and a length"},
  };
  for (const auto& [text, message] : rows) {
    const auto format = parse_log_format(text);
    ASSERT_FALSE(format) << text;
    EXPECT_EQ(format.error().message, message);
  }
}

}  // namespace
}  // namespace weir
