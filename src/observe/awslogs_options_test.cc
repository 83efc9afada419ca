#include "observe/awslogs_options.h"

#include <gtest/gtest.h>

#include "base/regex.h"

namespace weir::observe {
namespace {

using Options = std::map<std::string, std::string>;

Options with(Options more) {
  more.insert({{"awslogs-group", "/ecs/web"}, {"awslogs-region", "eu-west-1"}});
  return more;
}

TEST(AwslogsOptions, names_the_stream_by_prefix_container_and_task) {
  const auto options = MUST(read_awslogs_options(with({{"awslogs-stream-prefix", "ecs"}, {"mode", "non-blocking"}})));
  EXPECT_EQ(options.group, "/ecs/web");
  EXPECT_EQ(options.region, "eu-west-1");
  EXPECT_FALSE(options.create_group);
  EXPECT_EQ(options.event_start, "");
  EXPECT_EQ(stream_name(options, "app", "4711", "c0ffee"), "ecs/app/4711");
  EXPECT_EQ(stream_name(MUST(read_awslogs_options(with({}))), "app", "4711", "c0ffee"), "c0ffee");
}

TEST(AwslogsOptions, make_a_pattern_of_a_dates_format) {
  const auto options =
      MUST(read_awslogs_options(with({{"awslogs-datetime-format", "\\[%b %d, %Y %H:%M:%S%L\\] 100%"}})));
  const Regex start = MUST(Regex::compile(options.event_start));
  EXPECT_TRUE(start.found_in("x [May 01, 2017 19:00:01.123] 100% y"));
  EXPECT_FALSE(start.found_in("[May 41, 2017 19:00:01.123] 100%"));
  EXPECT_FALSE(start.found_in("  at line 7"));
  EXPECT_EQ(MUST(read_awslogs_options(with({{"awslogs-multiline-pattern", "^INFO"}}))).event_start, "^INFO");
}

TEST(AwslogsOptions, that_cannot_be_are_refused_in_a_sentence) {
  struct Row {
    Options options;
    const char* sentence;
  };
  const Row rows[] = {
      {{}, "Log driver awslogs requires options: awslogs-region, awslogs-group"},
      {{{"awslogs-group", "g"}}, "Log driver awslogs requires options: awslogs-region"},
      {with({{"tag", "x"}, {"awslogs-endpoint", "y"}}), "Log driver awslogs disallows options: awslogs-endpoint, tag"},
      {with({{"awslogs-create-group", "false"}}),
       "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option."},
      {{{"awslogs-group", "a b"}, {"awslogs-region", "r"}},
       "Log driver awslogs option 'awslogs-group' is not the name of a log group."},
      {with({{"awslogs-stream-prefix", "a:b"}}),
       "Log driver awslogs option 'awslogs-stream-prefix' cannot begin the name of a log stream."},
      {with({{"mode", "fast"}}), "Log driver awslogs option 'mode' should be 'blocking' or 'non-blocking'."},
      {with({{"awslogs-multiline-pattern", "(a"}}),
       "Log driver awslogs could not parse the multiline pattern: missing ): (a"},
      {with({{"awslogs-multiline-pattern", "a"}, {"awslogs-datetime-format", "%Y"}}),
       "Log driver awslogs options 'awslogs-datetime-format' and 'awslogs-multiline-pattern' cannot be used at the "
       "same time."},
  };
  for (const auto& row : rows) {
    const auto read = read_awslogs_options(row.options);
    ASSERT_FALSE(read) << row.sentence;
    EXPECT_EQ(read.error().message, row.sentence);
  }
}

}  // namespace
}  // namespace weir::observe
