#include "net/tls_rehearsal.h"

#include <gtest/gtest.h>

#include "base/test_certificates.h"

namespace weir::net {
namespace {

constexpr Timestamp kNow{1'700'000'000'000};  // 2023
constexpr Timestamp kFirstDay{3'600'000};     // 1 January 1970, when old.test is still valid

TlsEnd shows(const char* chain, const char* key) { return {.certificate = {chain, key}}; }
TlsEnd a_test() { return shows(testing::kCertificate, testing::kKey); }
TlsEnd trusts(const char* trust, std::vector<std::string> names = {}) {
  return {.trust = trust, .names = std::move(names)};
}

std::string refusal(const TlsEnd& client, const TlsEnd& server, Timestamp now = kNow) {
  return rehearse(client, server, now).refusal;
}

TEST(TlsRehearsal, who_does_not_verify_agrees_with_everybody) {
  EXPECT_EQ(refusal({}, a_test()), "");
  EXPECT_EQ(refusal({}, shows(testing::kOldCertificate, testing::kOldKey)), "") << "expired";
}

TEST(TlsRehearsal, a_certificate_has_to_lead_to_an_authority_and_be_for_a_name) {
  EXPECT_EQ(refusal(trusts(testing::kRoot, {"a.test"}), a_test()), "");
  EXPECT_EQ(refusal(trusts(testing::kRoot, {"b.test", "x.a.test"}), a_test()), "") << "a wildcard is for one label";
  EXPECT_EQ(refusal(trusts(testing::kRoot), a_test()), "");
  EXPECT_EQ(refusal(trusts(testing::kCertificate, {"a.test"}), a_test()), "") << "trusted by itself";
  EXPECT_EQ(refusal(trusts(testing::kRoot, {"b.test", "y.x.a.test"}), a_test()),
            "the caller refuses the certificate of the called node: it is for none of the names: b.test, y.x.a.test");
  EXPECT_EQ(refusal(trusts(testing::kOldCertificate), a_test()),
            "the caller refuses the certificate of the called node: unable to get local issuer certificate");
}

TEST(TlsRehearsal, certificates_hold_at_the_time_that_is_given) {
  const TlsEnd old = shows(testing::kOldCertificate, testing::kOldKey);
  const TlsRehearsal first = rehearse(trusts(testing::kOldCertificate), old, kFirstDay);
  EXPECT_EQ(first.refusal, "");
  ASSERT_TRUE(first.until);
  EXPECT_EQ(to_iso8601(*first.until), "1970-01-02T00:00:01.000Z");
  EXPECT_EQ(refusal(trusts(testing::kOldCertificate), old, *first.until),
            "the caller refuses the certificate of the called node: certificate has expired");
  EXPECT_FALSE(rehearse(trusts(testing::kOldCertificate), old, kNow).until) << "it stays expired";
}

TEST(TlsRehearsal, a_server_that_verifies_wants_a_certificate_that_leads_to_its_authority) {
  TlsEnd server = a_test();
  server.trust = testing::kRoot;
  server.names = {"a.test"};
  TlsEnd client = a_test();
  client.trust = testing::kRoot;
  EXPECT_EQ(refusal(client, server), "");
  EXPECT_EQ(refusal(trusts(testing::kRoot), server),
            "the called node wants a certificate of the caller, which shows none");
  server.optional = true;
  EXPECT_EQ(refusal(trusts(testing::kRoot), server), "") << "none is as good";
  server.names = {"other.test"};
  EXPECT_EQ(refusal(client, server),
            "the called node refuses the certificate of the caller: it is for none of the names: other.test");
  server.names.clear();
  TlsEnd stranger = shows(testing::kOldCertificate, testing::kOldKey);
  EXPECT_EQ(refusal(stranger, server), "the called node refuses the certificate of the caller: self-signed certificate")
      << "one that is shown has to be good even where none need be";
}

TEST(TlsRehearsal, what_cannot_be_used_is_told_of_whoever_has_it) {
  EXPECT_EQ(refusal({}, shows("no PEM", testing::kKey)).substr(0, 73),
            "the called node has no certificate to show: the certificate cannot be use");
  EXPECT_TRUE(refusal({}, shows(testing::kCertificate, testing::kOldKey))
                  .starts_with("the called node has no certificate to show: the private key cannot be used"));
  EXPECT_TRUE(refusal(trusts("no PEM"), a_test()).starts_with("the caller has nobody to trust: no CA certificate"));
  EXPECT_NE(refusal({}, {}), "") << "a server without a certificate";
}

}  // namespace
}  // namespace weir::net
