#include "proxy/redirect.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

TEST(RedirectTest, keeps_what_it_does_not_change_and_puts_in_what_it_names) {
  const RedirectedRequest with{"http", "a.example", "8080", "/x/y", "k=v"}, without{"http", "[::1]", "80", "/", ""};
  struct Row {
    route::Redirect redirect;
    const RedirectedRequest& request;
    const char* location;
  };
  const Row rows[] = {
      {{}, with, "http://a.example:8080/x/y?k=v"},
      {{}, without, "http://[::1]:80/"},
      {{.protocol = "https", .port = "443"}, with, "https://a.example:443/x/y?k=v"},
      {{.host = "www.#{host}", .path = "/new/#{path}"}, with, "http://www.a.example:8080/new/x/y?k=v"},
      {{.path = "/#{host}/#{port}/#{protocol}", .query = ""}, with, "http://a.example:8080/a.example/8080/http"},
      {{.query = "from=#{path}&#{query}"}, with, "http://a.example:8080/x/y?from=x/y&k=v"},
      {{.path = "/#{nothing}/#"}, without, "http://[::1]:80/#{nothing}/#"},
  };
  for (const Row& row : rows) EXPECT_EQ(location_of(row.redirect, row.request), row.location);
}

}  // namespace
}  // namespace weir::proxy
