#include "dns/resolvers.h"

#include <gtest/gtest.h>

namespace weir::dns {
namespace {

std::vector<std::string> texts(const std::string& conf) {
  std::vector<std::string> all;
  for (const auto& server : resolvers_in(conf)) all.push_back(server.text());
  return all;
}

TEST(DnsResolvers, are_read_as_the_c_library_reads_them) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts("# nameserver 1.1.1.1\nsearch a.b\n nameserver\t10.0.0.1 # office\nnameserver ::1\noptions rotate\n"),
            (Texts{"10.0.0.1:53", "[::1]:53"}));
  EXPECT_EQ(texts("nameserver [127.0.0.1]:5300\nnameserver [::1]:54\n"), (Texts{"127.0.0.1:5300", "[::1]:54"}));
  EXPECT_EQ(texts("nameserver one\nnameserver\nnameserver 1.2.3\nnameserver [x]:1\nnameserver fe80::1%eth0\n"),
            Texts{});
  EXPECT_EQ(texts("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n").size(), 3u);
  EXPECT_EQ(texts(""), Texts{});
}

}  // namespace
}  // namespace weir::dns
