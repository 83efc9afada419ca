#include "base/environment_file.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Variables = std::map<std::string, std::string>;

TEST(EnvironmentFile, has_a_variable_a_line_and_interprets_nothing) {
  Variables variables;
  add_environment_file(
      "A=1\n# a comment\nB=two words \n\nQUOTED=\"x\"\nURL=http://h/?a=b&c==d\r\n=none\nEMPTY=\nWORD\n C=3\n#D=4\n"
      "E==5\nF=a#b\nLAST=end",
      variables);
  EXPECT_EQ(variables, (Variables{{"A", "1"},
                                  {"B", "two words "},
                                  {"QUOTED", "\"x\""},
                                  {"URL", "http://h/?a=b&c==d"},
                                  {" C", "3"},
                                  {"F", "a#b"},
                                  {"LAST", "end"}}));
}

TEST(EnvironmentFile, what_was_said_before_goes_before) {
  Variables variables{{"A", "own"}};
  add_environment_file("A=first\nB=first\nB=again\n", variables);
  add_environment_file("B=second\nC=second\n", variables);
  EXPECT_EQ(variables, (Variables{{"A", "own"}, {"B", "first"}, {"C", "second"}}));
}

TEST(EnvironmentFile, any_bytes_are_read_without_harm) {
  Variables variables;
  add_environment_file(std::string_view("A\0B=1\nC=2\0\n\xff=\xfe\n\n\n=", 18), variables);
  EXPECT_EQ(variables, (Variables{{"\xff", "\xfe"}}));
  add_environment_file("", variables);
  EXPECT_EQ(variables.size(), 1u);
}

TEST(EnvironmentFile, a_bucket_is_a_folder_that_no_key_leaves) {
  EXPECT_EQ(bucket_path("arn:aws:s3:::my-bucket/app.env"), "my-bucket/app.env");
  EXPECT_EQ(bucket_path("arn:aws:s3:::a.b.c/deep/er/..env.env"), "a.b.c/deep/er/..env.env");
  for (const char* wrong :
       {"", "my-bucket/app.env", "s3://my-bucket/app.env", "arn:aws:s3:::", "arn:aws:s3:::my-bucket",
        "arn:aws:s3:::my-bucket/", "arn:aws:s3:::/app.env", "arn:aws:s3:::../app.env", "arn:aws:s3:::...a/app.env",
        "arn:aws:s3:::my-bucket/../other/app.env", "arn:aws:s3:::my-bucket/a/../app.env",
        "arn:aws:s3:::my-bucket/./app.env", "arn:aws:s3:::my-bucket//app.env", "arn:aws:s3:::my-bucket/a/",
        "arn:aws:s3:::Upper/app.env", "arn:aws:s3:::ab/app.env", "arn:aws:ec2:::my-bucket/app.env"}) {
    EXPECT_FALSE(bucket_path(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace weir
