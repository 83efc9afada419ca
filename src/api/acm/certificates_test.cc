#include <fmt/format.h>

#include "api/test_world.h"
#include "base/test_certificates.h"
#include "model/certificate_documents.h"

namespace weir::api {
namespace {

using testing::kCertificate;
using testing::kKey;
using testing::kOldCertificate;
using testing::kOldKey;
using testing::kRoot;

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    }
    for (unsigned j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
  }
  return text;
}

class Certificates : public TestWorld {
 protected:
  static std::string request(std::string_view certificate, std::string_view key, const std::string& more = "") {
    return fmt::format(R"({{"Certificate":"{}","PrivateKey":"{}"{}}})", base64(certificate), base64(key), more);
  }
  Json acm(const char* operation, const std::string& request) { return expect_reply("acm", operation, request); }
  std::string add(const std::string& more = "") {
    return acm("ImportCertificate", request(kCertificate, kKey, more))["CertificateArn"].as_string();
  }
  static std::string named(const std::string& arn, const std::string& more = "") {
    return fmt::format(R"({{"CertificateArn":"{}"{}}})", arn, more);
  }
};

TEST_F(Certificates, AreImportedDescribedAndGivenBackWithoutTheirKeys) {
  const std::string arn = add(fmt::format(R"(,"CertificateChain":"{}")", base64(kRoot)));
  EXPECT_TRUE(arn.starts_with("arn:aws:acm:eu-central-1:000000000000:certificate/"));
  const Json detail = acm("DescribeCertificate", named(arn))["Certificate"];
  EXPECT_EQ(detail["DomainName"].as_string(), "a.test");
  EXPECT_EQ(detail["SubjectAlternativeNames"].dump(), R"(["a.test","*.a.test"])");
  EXPECT_EQ(detail["Status"].as_string(), "ISSUED");
  EXPECT_EQ(detail["Type"].as_string(), "IMPORTED");
  EXPECT_EQ(detail["KeyAlgorithm"].as_string(), "EC_prime256v1");
  EXPECT_EQ(detail["InUseBy"].dump(), "[]");
  const Json given = acm("GetCertificate", named(arn));
  EXPECT_EQ(given["Certificate"].as_string(), kCertificate);
  EXPECT_EQ(given["CertificateChain"].as_string(), kRoot);
  ASSERT_EQ(certificate_keep.files.size(), 1u);
  const auto& [file, kept] = *certificate_keep.files.begin();
  EXPECT_EQ(kept.first, std::string(kCertificate) + kRoot);
  EXPECT_EQ(kept.second, kKey);
  const auto stored = MUST(store.list(model::Certificate::kKind, ""));
  EXPECT_EQ(stored.at(0).body->text().find("PRIVATE KEY"), std::string::npos) << "a key is no document";
  EXPECT_EQ(acm("ListCertificates", "{}")["CertificateSummaryList"].items().size(), 1u);
  EXPECT_EQ(acm("ListCertificates", R"({"CertificateStatuses":["EXPIRED"]})")["CertificateSummaryList"].items().size(),
            0u);
  acm("DeleteCertificate", named(arn));
  EXPECT_TRUE(certificate_keep.files.empty());
  expect_refused("acm", "DescribeCertificate", {named(arn).c_str(), "ResourceNotFoundException", "Could not find"});
}

TEST_F(Certificates, AreReplacedUnderTheirArnByOtherFiles) {
  const std::string arn = add();
  const auto first = get<model::Certificate>("000000000000/eu-central-1/" + arn).file;
  EXPECT_EQ(add(fmt::format(R"(,"CertificateArn":"{}")", arn)), arn);
  const auto second = get<model::Certificate>("000000000000/eu-central-1/" + arn).file;
  EXPECT_NE(first, second);
  EXPECT_TRUE(certificate_keep.files.contains(second));
}

TEST_F(Certificates, HaveTags) {
  const std::string arn = add(R"(,"Tags":[{"Key":"a","Value":"1"}])");
  acm("AddTagsToCertificate", named(arn, R"(,"Tags":[{"Key":"b","Value":"2"},{"Key":"c"}])"));
  acm("RemoveTagsFromCertificate", named(arn, R"(,"Tags":[{"Key":"a"},{"Key":"b","Value":"other"}])"));
  EXPECT_EQ(acm("ListTagsForCertificate", named(arn))["Tags"].dump(),
            R"([{"Key":"b","Value":"2"},{"Key":"c","Value":""}])");
}

TEST_F(Certificates, ThatDoNotFitAreRefused) {
  const auto refused = [&](const std::string& request, const char* code, const char* message) {
    expect_refused("acm", "ImportCertificate", {request.c_str(), code, message});
  };
  refused(request(kCertificate, kOldKey), "ValidationException", "does not match");
  refused(request(kOldCertificate, kOldKey), "ValidationException", "not valid now");
  refused(request(kKey, kKey), "ValidationException", "no certificate in PEM");
  refused(request(std::string(kCertificate) + kRoot, kKey), "ValidationException", "more than one");
  refused(request(kCertificate, kKey, fmt::format(R"(,"CertificateChain":"{}")", base64(kOldCertificate))),
          "ValidationException", "chain");
  refused(R"({"Certificate":"!","PrivateKey":"!"})", "ValidationException", "is not base64");
  refused(request(kCertificate, kKey, R"(,"CertificateArn":"arn:aws:acm:eu-central-1:000000000000:certificate/x")"),
          "ResourceNotFoundException", "Could not find");
  expect_refused(
      "acm", "GetCertificate",
      {R"({"CertificateArn":"arn:aws:ecs:eu-central-1:000000000000:certificate/x"})", "InvalidArnException", ""});
  EXPECT_TRUE(certificate_keep.files.empty());
}

}  // namespace
}  // namespace weir::api
