#include "proxy/rewrite.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

// The rows of App Mesh's user guide ("Gateway routes") are among them.
TEST(RewriteTest, replaces_a_prefix_or_the_whole_path_and_leaves_the_query) {
  struct Row {
    route::Rewrite rewrite;
    const char *target, *becomes;
  };
  const Row rows[] = {
      {{.path = "/", .prefix = "/chapter"}, "/chapter/page", "/page"},
      {{.path = "/", .prefix = "/chapter"}, "/chapter1", "/1"},
      {{.path = "/", .prefix = "/chapter"}, "/chapter", "/"},
      {{.path = "/", .prefix = "/chapter"}, "/chapter?a=/b", "/?a=/b"},
      {{.path = "/", .prefix = "/chapter/"}, "/chapter/page?a", "/page?a"},
      {{.path = "/", .prefix = "/"}, "/page", "/page"},
      {{.path = "/", .prefix = "/"}, "//page", "/page"},
      {{.path = "/book/", .prefix = "/"}, "/page", "/book/page"},
      {{.path = "/book", .prefix = "/chapter"}, "/chapter/1?q", "/book/1?q"},
      {{.path = "/book", .prefix = "/chapter"}, "/other?/chapter", "/other?/chapter"},
      {{.path = "/exactly/this"}, "/any/thing?k=v", "/exactly/this?k=v"},
      {{.path = "/exactly/"}, "/any/", "/exactly/"},
      {{.path = "/", .prefix = "/a"}, "*", "*"},
  };
  for (const Row& row : rows) EXPECT_EQ(rewritten_target(row.rewrite, row.target), row.becomes) << row.target;
}

TEST(RewriteTest, changes_the_host_and_only_what_it_names) {
  http::RequestHead request;
  request.set_target("/a?b");
  request.set_authority("outside.example:8080");
  apply({.host = "service.local"}, request);
  EXPECT_EQ(request.target(), "/a?b");
  EXPECT_EQ(request.authority(), "service.local");
  apply({.path = "/c"}, request);
  EXPECT_EQ(request.target(), "/c?b");
  EXPECT_EQ(request.authority(), "service.local");
}

}  // namespace
}  // namespace weir::proxy
