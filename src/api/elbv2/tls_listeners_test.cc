#include <fmt/format.h>

#include "api/limits.h"
#include "api/test_world.h"
#include "base/test_certificates.h"
#include "model/certificate_documents.h"
#include "model/documents.h"

namespace weir::api {
namespace {

class TlsListeners : public TestWorld {
 protected:
  void SetUp() override {
    application_ = balancer("front", "application");
    network_ = balancer("net", "network");
    http_ = group("web", "HTTP");
    tcp_ = group("raw", "TCP");
    tls_ = group("sealed", "TLS");
    one_ = certificate("one");
    two_ = certificate("two");
  }
  std::string balancer(const char* name, const char* type) {
    const Json made = elb("CreateLoadBalancer", fmt::format(R"({{"Name":"{}","Type":"{}"}})", name, type));
    return made["LoadBalancers"].items().at(0)["LoadBalancerArn"].as_string();
  }
  std::string group(const char* name, const char* protocol) {
    const Json made =
        elb("CreateTargetGroup",
            fmt::format(R"({{"Name":"{}","Protocol":"{}","Port":80,"TargetType":"ip"}})", name, protocol));
    return made["TargetGroups"].items().at(0)["TargetGroupArn"].as_string();
  }
  std::string certificate(const std::string& id) {
    model::Certificate made{.scope = {"000000000000", "eu-central-1"}};
    made.arn = "arn:aws:acm:eu-central-1:000000000000:certificate/" + id;
    made.file = id + "/1";
    put(made);
    return made.arn;
  }
  std::string request(const std::string& balancer, const char* protocol, const std::string& group, int port,
                      const std::string& more = "") const {
    return fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"{}","Port":{},
        "DefaultActions":[{{"Type":"forward","TargetGroupArn":"{}"}}]{}}})",
                       balancer, protocol, port, group, more);
  }
  static std::string shows(const std::string& arn) {
    return fmt::format(R"(,"Certificates":[{{"CertificateArn":"{}"}}])", arn);
  }
  Json add(const std::string& request) { return elb("CreateListener", request)["Listeners"].items().at(0); }
  void refuse(const std::string& request, const char* code, const char* message) {
    expect_refused("elbv2", "CreateListener", {request.c_str(), code, message});
  }

  std::string application_, network_, http_, tcp_, tls_, one_, two_;
};

TEST_F(TlsListeners, HaveACertificateAPolicyAndMutualAuthentication) {
  const Json made = add(request(application_, "HTTPS", http_, 443, shows(one_)));
  EXPECT_EQ(made["Certificates"].dump(), fmt::format(R"([{{"CertificateArn":"{}"}}])", one_));
  EXPECT_EQ(made["SslPolicy"].as_string(), "ELBSecurityPolicy-TLS13-1-2-2021-06");
  EXPECT_EQ(made["MutualAuthentication"].dump(), R"({"Mode":"off"})");
  refuse(request(application_, "HTTPS", http_, 444), "ValidationError", "A certificate must be specified");
  refuse(request(application_, "HTTPS", http_, 444, shows(one_ + "x")), "CertificateNotFound", "not found");
  refuse(request(application_, "HTTP", http_, 80, shows(one_)), "ValidationError", "cannot be specified for HTTP");
  refuse(request(application_, "HTTP", http_, 80, R"(,"MutualAuthentication":{"Mode":"passthrough"})"),
         "ValidationError", "HTTPS listeners only");
  refuse(request(application_, "HTTPS", http_, 444, shows(one_) + R"(,"SslPolicy":"x")"), "SSLPolicyNotFound", "'x'");
  refuse(request(application_, "HTTPS", http_, 444, shows(one_) + R"(,"SslPolicy":"ELBSecurityPolicy-2016-08")"),
         "InvalidConfigurationRequest", "ELBSecurityPolicy-2016-08");
  refuse(request(application_, "HTTPS", http_, 444, shows(one_) + R"(,"MutualAuthentication":{"Mode":"verify"})"),
         "ValidationError", "A trust store ARN must be specified");
  refuse(request(application_, "HTTPS", http_, 444,
                 shows(one_) + R"(,"MutualAuthentication":{"Mode":"passthrough","TrustStoreArn":"arn:x"})"),
         "ValidationError", "cannot be specified in mode 'passthrough'");
  refuse(request(application_, "HTTPS", http_, 444,
                 shows(one_) + R"(,"MutualAuthentication":{"Mode":"verify","TrustStoreArn":"arn:x"})"),
         "TrustStoreNotFound", "trust stores not found");
  refuse(request(application_, "HTTPS", http_, 444, shows(one_) + R"(,"MutualAuthentication":{"Mode":"perhaps"})"),
         "ValidationError", "'perhaps'");
  const Json passed = add(
      request(application_, "HTTPS", http_, 444, shows(two_) + R"(,"MutualAuthentication":{"Mode":"passthrough"})"));
  EXPECT_EQ(passed["MutualAuthentication"].dump(), R"({"Mode":"passthrough"})");
}

TEST_F(TlsListeners, VerifyClientsByATrustStore) {
  host.objects["trust/ca.pem"] = std::string("# ours\n") + testing::kRoot;
  host.objects["trust/both.pem"] = std::string(testing::kRoot) + testing::kCertificate;
  host.objects["trust/torn.pem"] = std::string(testing::kRoot).substr(0, 200);
  host.objects["trust/none.pem"] = "nothing";
  const auto from = [](const char* head, const std::string& name, const std::string& key) {
    return fmt::format(R"({{"{}":"{}","CaCertificatesBundleS3Bucket":"trust","CaCertificatesBundleS3Key":"{}"}})", head,
                       name, key);
  };
  const auto refused = [&](const char* operation, const std::string& asked, const char* code, const char* message) {
    expect_refused("elbv2", operation, {asked.c_str(), code, message});
  };
  refused("CreateTrustStore", from("Name", "ours", "absent.pem"), "CaCertificatesBundleNotFound", "absent.pem");
  refused("CreateTrustStore", from("Name", "ours", "torn.pem"), "InvalidCaCertificatesBundle", "within a certificate");
  refused("CreateTrustStore", from("Name", "ours", "none.pem"), "InvalidCaCertificatesBundle", "no certificates");
  EXPECT_TRUE(certificate_keep.files.empty());

  const Json made = elb("CreateTrustStore", from("Name", "ours", "ca.pem"))["TrustStores"].items().at(0);
  const std::string trust = made["TrustStoreArn"].as_string();
  EXPECT_TRUE(trust.starts_with("arn:aws:elasticloadbalancing:eu-central-1:000000000000:truststore/ours/")) << trust;
  EXPECT_EQ(made["Status"].as_string(), "ACTIVE");
  EXPECT_EQ(made["NumberOfCaCertificates"].as_int(), 1);
  const std::string id = trust.substr(trust.rfind('/') + 1);
  EXPECT_EQ(certificate_keep.files[id + "/1"], std::pair(std::string(testing::kRoot), std::string()));
  refused("CreateTrustStore", from("Name", "ours", "ca.pem"), "DuplicateTrustStoreName", "'ours'");

  const Json listener = add(
      request(application_, "HTTPS", http_, 443,
              shows(one_) + fmt::format(R"(,"MutualAuthentication":{{"Mode":"verify","TrustStoreArn":"{}"}})", trust)));
  EXPECT_EQ(listener["MutualAuthentication"]["TrustStoreArn"].as_string(), trust);
  const std::string named = fmt::format(R"({{"TrustStoreArn":"{}"}})", trust);
  const Json users = elb("DescribeTrustStoreAssociations", named)["TrustStoreAssociations"];
  EXPECT_EQ(users.dump(), fmt::format(R"([{{"ResourceArn":"{}"}}])", application_));
  refused("DeleteTrustStore", named, "TrustStoreInUse", "in use");

  EXPECT_EQ(elb("ModifyTrustStore", from("TrustStoreArn", trust, "both.pem"))["TrustStores"]
                .items()
                .at(0)["NumberOfCaCertificates"]
                .as_int(),
            2);
  EXPECT_TRUE(certificate_keep.files.contains(id + "/2")) << "another file, so that the table changes";
  EXPECT_EQ(elb("DescribeTrustStores", R"({"Names":["ours"]})")["TrustStores"].items().size(), 1u);
  refused("DescribeTrustStores", R"({"Names":["theirs"]})", "TrustStoreNotFound", "not found");
  elb("AddTags", fmt::format(R"({{"ResourceArns":["{}"],"Tags":[{{"Key":"k","Value":"v"}}]}})", trust));

  elb("ModifyListener", fmt::format(R"({{"ListenerArn":"{}","MutualAuthentication":{{"Mode":"off"}}}})",
                                    listener["ListenerArn"].as_string()));
  elb("DeleteTrustStore", named);
  EXPECT_TRUE(certificate_keep.files.empty());
  refused("DeleteTrustStore", named, "TrustStoreNotFound", "not found");
}

TEST_F(TlsListeners, MayChangeBetweenHttpAndHttps) {
  const std::string arn = add(request(application_, "HTTP", http_, 80))["ListenerArn"].as_string();
  const auto modify = [&](const std::string& more) { return fmt::format(R"({{"ListenerArn":"{}"{}}})", arn, more); };
  const std::string bare = modify(R"(,"Protocol":"HTTPS")");
  expect_refused("elbv2", "ModifyListener", {bare.c_str(), "ValidationError", "A certificate must be specified"});
  elb("ModifyListener", modify(R"(,"Protocol":"HTTPS")" + shows(one_)));
  const Json other = elb("ModifyListener", modify(shows(two_)))["Listeners"].items().at(0);
  EXPECT_EQ(other["Protocol"].as_string(), "HTTPS");
  EXPECT_EQ(other["Certificates"].items().at(0)["CertificateArn"].as_string(), two_);
  const Json plain = elb("ModifyListener", modify(R"(,"Protocol":"HTTP")"))["Listeners"].items().at(0);
  EXPECT_TRUE(plain["Certificates"].is_null());
  EXPECT_TRUE(plain["SslPolicy"].is_null());
}

TEST_F(TlsListeners, ShowMoreCertificatesByName) {
  const std::string arn = add(request(application_, "HTTPS", http_, 443, shows(one_)))["ListenerArn"].as_string();
  const auto with = [&](const std::string& certificate) {
    return fmt::format(R"({{"ListenerArn":"{}"{}}})", arn, shows(certificate));
  };
  const auto shown = [&] {
    std::string all;
    const Json reply = elb("DescribeListenerCertificates", fmt::format(R"({{"ListenerArn":"{}"}})", arn));
    for (const auto& one : reply["Certificates"].items()) {
      all += one["CertificateArn"].as_string() + (one["IsDefault"].as_bool() ? "! " : " ");
    }
    return all;
  };
  elb("AddListenerCertificates", with(two_));
  elb("AddListenerCertificates", with(two_));
  EXPECT_EQ(shown(), one_ + "! " + two_ + " ");
  expect_refused("elbv2", "AddListenerCertificates", {with(one_ + "x").c_str(), "CertificateNotFound", ""});
  expect_refused("elbv2", "RemoveListenerCertificates", {with(one_).c_str(), "OperationNotPermitted", "default"});
  const std::string in_use = fmt::format(R"({{"CertificateArn":"{}"}})", two_);
  expect_refused("acm", "DeleteCertificate", {in_use.c_str(), "ResourceInUseException", "is in use"});
  elb("RemoveListenerCertificates", with(two_));
  EXPECT_EQ(shown(), one_ + "! ");
  for (std::size_t i = 0; i < kMaxListenerCertificates; ++i) {
    elb("AddListenerCertificates", with(certificate("n" + std::to_string(i))));
  }
  expect_refused("elbv2", "AddListenerCertificates", {with(two_).c_str(), "TooManyCertificates", "at most 25"});
  const std::string plain = add(request(application_, "HTTP", http_, 80))["ListenerArn"].as_string();
  const std::string of_plain = fmt::format(R"({{"ListenerArn":"{}"{}}})", plain, shows(one_));
  expect_refused("elbv2", "AddListenerCertificates", {of_plain.c_str(), "ValidationError", "HTTPS and TLS"});
}

TEST_F(TlsListeners, OfNetworkBalancersForwardToGroupsOfTheirProtocols) {
  EXPECT_NE(network_.find(":loadbalancer/net/net/"), std::string::npos);
  add(request(network_, "TCP", tcp_, 9000));
  const std::string tls = add(request(network_, "TLS", tls_, 9001, shows(one_)))["ListenerArn"].as_string();
  refuse(request(network_, "HTTP", http_, 80), "ValidationError", "must be one of 'TCP, TLS'");
  refuse(request(application_, "TCP", tcp_, 80), "ValidationError", "must be one of 'HTTPS, HTTP'");
  refuse(request(network_, "TCP", tls_, 9002), "IncompatibleProtocols", "of protocol 'TLS'");
  refuse(request(application_, "HTTP", tcp_, 80), "IncompatibleProtocols", "of protocol 'TCP'");
  const std::string fixed = fmt::format(R"({{"LoadBalancerArn":"{}","Protocol":"TCP","Port":9003,
      "DefaultActions":[{{"Type":"fixed-response","FixedResponseConfig":{{"StatusCode":"200"}}}}]}})",
                                        network_);
  refuse(fixed, "ValidationError", "must be 'forward'");
  const std::string tcp = fmt::format(R"({{"ListenerArn":"{}","Protocol":"TCP"}})", tls);
  expect_refused("elbv2", "ModifyListener", {tcp.c_str(), "IncompatibleProtocols", "of protocol 'TLS'"});
  const std::string rule = fmt::format(R"({{"ListenerArn":"{}","Priority":1,"Actions":[{{"Type":"forward",
      "TargetGroupArn":"{}"}}],"Conditions":[{{"Field":"path-pattern","Values":["/a"]}}]}})",
                                       tls, tls_);
  expect_refused("elbv2", "CreateRule", {rule.c_str(), "ValidationError", "default rule only"});
}

TEST_F(TlsListeners, OfTcpHaveTheirOwnDefaultsAndAttributes) {
  const auto raw = get<model::TargetGroup>("000000000000/eu-central-1/raw");
  EXPECT_EQ(raw.group.HealthCheckProtocol, "TCP");
  EXPECT_EQ(raw.group.HealthCheckTimeoutSeconds, 10);
  EXPECT_FALSE(raw.group.HealthCheckPath);
  EXPECT_FALSE(raw.group.ProtocolVersion);
  EXPECT_TRUE(raw.attributes.contains("proxy_protocol_v2.enabled"));
  const auto set = [&](const char* key, const char* value) {
    return fmt::format(R"({{"TargetGroupArn":"{}","Attributes":[{{"Key":"{}","Value":"{}"}}]}})", tcp_, key, value);
  };
  elb("ModifyTargetGroupAttributes", set("proxy_protocol_v2.enabled", "true"));
  expect_refused("elbv2", "ModifyTargetGroupAttributes",
                 {set("preserve_client_ip.enabled", "true").c_str(), "InvalidConfigurationRequest", "preserve"});
  expect_refused("elbv2", "ModifyTargetGroupAttributes",
                 {set("slow_start.duration_seconds", "30").c_str(), "ValidationError", "not recognized"});
  const Json http = elb("CreateTargetGroup", R"({"Name":"checked","Protocol":"TCP","Port":1,"TargetType":"ip",
      "HealthCheckProtocol":"HTTP"})")["TargetGroups"]
                        .items()
                        .at(0);
  EXPECT_EQ(http["HealthCheckPath"].as_string(), "/");
  EXPECT_EQ(http["Matcher"].dump(), R"({"HttpCode":"200-399"})");
}

}  // namespace
}  // namespace weir::api
