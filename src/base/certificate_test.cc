#include "base/certificate.h"

#include <gtest/gtest.h>

#include "base/test_certificates.h"

namespace weir {
namespace {

using testing::kCertificate;
using testing::kKey;
using testing::kOldCertificate;
using testing::kOldKey;
using testing::kRoot;

TEST(Certificate, says_who_it_is_for_and_how_long) {
  const auto facts = read_certificate(kCertificate);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->domain_name, "a.test");
  EXPECT_EQ(facts->names, (std::vector<std::string>{"a.test", "*.a.test"}));
  EXPECT_EQ(facts->serial, "0a:1b:2c");
  EXPECT_EQ(facts->subject, "O=Weir,CN=a.test");
  EXPECT_EQ(facts->issuer, "O=Weir,CN=root.test");
  EXPECT_EQ(facts->key_algorithm, "EC_prime256v1");
  EXPECT_EQ(facts->not_before.millis, 0);
  EXPECT_EQ(facts->not_after.millis, 32472144000000);
  EXPECT_EQ(read_certificate(kOldCertificate)->names, std::vector<std::string>{"old.test"}) << "its common name";
}

TEST(Certificate, is_one_and_nothing_else) {
  const std::string both = std::string(kCertificate) + kRoot;
  for (const std::string& bad : {std::string(), std::string("x"), std::string(kKey), both}) {
    EXPECT_FALSE(read_certificate(bad)) << bad;
  }
}

TEST(Certificate, has_its_own_key_and_chain) {
  EXPECT_TRUE(check_private_key(kCertificate, kKey));
  EXPECT_FALSE(check_private_key(kCertificate, kOldKey));
  EXPECT_FALSE(check_private_key(kCertificate, kCertificate));
  EXPECT_TRUE(check_chain(kCertificate, kRoot));
  EXPECT_TRUE(check_chain(kCertificate, std::string(kRoot) + kRoot)) << "the root has issued itself";
  EXPECT_FALSE(check_chain(kCertificate, kOldCertificate));
  EXPECT_FALSE(check_chain(kCertificate, ""));
}

}  // namespace
}  // namespace weir
