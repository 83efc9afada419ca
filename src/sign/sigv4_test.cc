#include "sign/sigv4.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sign/digest.h"

namespace weir::sign {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr Timestamp kNow{1'440'938'160'000};  // 2015-08-30T12:36:00Z
constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const Keys kKeys = {{"AKIDEXAMPLE", kSecret}};

http::RequestHead request(std::string_view method, std::string_view target, const Fields& fields = {}) {
  http::RequestHead head;
  head.set_method(method);
  head.set_target(target);
  head.fields.add("Host", "example.amazonaws.com");
  for (const auto& [name, value] : fields) head.fields.add(name, value);
  return head;
}

std::string authorization(std::string_view names, std::string_view signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
         std::string(names) + ", Signature=" + std::string(signature);
}

std::string code_of(const Result<Caller>& result) { return result ? "ok" : result.error().code; }

// AWS's own test vectors: key AKIDEXAMPLE, 20150830T123600Z, us-east-1, "service".
struct Vector {
  const char* name;
  const char* method;
  const char* target;
  Fields fields;
  const char* signed_headers;
  const char* signature;
  const char* body = "";
};

const Vector kVectors[] = {
    {"get-vanilla",
     "GET",
     "/",
     {},
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-relative-relative",
     "GET",
     "/example1/example2/../..",
     {},
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slashes",
     "GET",
     "//example//",
     {},
     "host;x-amz-date",
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"get-space",
     "GET",
     "/example space/",
     {},
     "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-utf8",
     "GET",
     "/\u1234",
     {},
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/?Param2=value2&Param1=value1",
     {},
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-utf8-query",
     "GET",
     "/?\u1234=bar",
     {},
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-trim",
     "GET",
     "/",
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-vanilla-with-session-token",
     "GET",
     "/",
     {{"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
     "host;x-amz-date;x-amz-security-token",
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {{"Content-Type", "application/x-www-form-urlencoded"},
      {"Content-Length", "13"},
      {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
     "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
     "Param1=value1"},
};

TEST(SigV4, AcceptsTheVectorsThatAwsPublishes) {
  for (const auto& one : kVectors) {
    SCOPED_TRACE(one.name);
    http::RequestHead head = request(one.method, one.target, one.fields);
    head.fields.add("X-Amz-Date", "20150830T123600Z");
    head.fields.add("Authorization", authorization(one.signed_headers, one.signature));
    const auto caller = authenticate(head, hex(sha256(one.body)), kKeys, kNow);
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->access_key, "AKIDEXAMPLE");
    EXPECT_EQ(caller->region, "us-east-1");
    EXPECT_EQ(caller->service, "service");
    EXPECT_EQ(code_of(authenticate(head, hex(sha256("another body")), kKeys, kNow)), "SignatureMismatch");
  }
}

constexpr const char* kPresigned =
    "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
    "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600"
    "&X-Amz-Signature=e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d";

TEST(SigV4, AcceptsAPresignedVectorUntilItExpires) {
  const auto head = request("GET", kPresigned, {{"X-Amz-Date", "20150830T123600Z"}});
  const std::string empty = hex(sha256(""));
  EXPECT_EQ(code_of(authenticate(head, empty, kKeys, kNow)), "ok");
  EXPECT_EQ(code_of(authenticate(head, empty, kKeys, kNow + std::chrono::minutes(59))), "ok");
  EXPECT_EQ(code_of(authenticate(head, empty, kKeys, kNow + std::chrono::minutes(61))), "Expired");
  EXPECT_EQ(code_of(authenticate(head, empty, kKeys, kNow + -std::chrono::minutes(16))), "Expired");
}

TEST(SigV4, WritesTheCanonicalRequestThatAwsPublishes) {
  http::RequestHead head = request("GET", "/?Param2=value2&Param1=value1");
  head.fields.add("X-Amz-Date", "20150830T123600Z");
  EXPECT_EQ(canonical_request(head, "host;x-amz-date", hex(sha256("")), "service"),
            "GET\n/\nParam1=value1&Param2=value2\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
            "host;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// The example of the S3 guide: "$" comes as "%24" and is not encoded again.
TEST(SigV4, TakesAKeyOfS3AsItCame) {
  const std::string body = "Welcome to Amazon S3.";
  const auto put = [&](const char* target) {
    http::RequestHead head = request("PUT", target);
    head.fields.remove("host");
    head.fields.add("Host", "examplebucket.s3.amazonaws.com");
    head.fields.add("Date", "Fri, 24 May 2013 00:00:00 GMT");
    head.fields.add("x-amz-date", "20130524T000000Z");
    head.fields.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
    head.fields.add("x-amz-content-sha256", hex(sha256(body)));
    head.fields.add("Authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="
                    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature="
                    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    constexpr Timestamp kThen{1'369'353'600'000};
    return code_of(authenticate(head, hex(sha256(body)),
                                {{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}, kThen));
  };
  EXPECT_EQ(put("/test%24file.text"), "ok");
  EXPECT_EQ(put("/test$file.text"), "ok");
  EXPECT_EQ(put("/folder/../test%24file.text"), "SignatureMismatch");
}

http::RequestHead signed_request(const char* names, const char* signature) {
  http::RequestHead head = request("GET", "/");
  head.fields.add("X-Amz-Date", "20150830T123600Z");
  head.fields.add("Authorization", authorization(names, signature));
  return head;
}

TEST(SigV4, RefusesWhatIsNotRight) {
  constexpr const char* kGood = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
  const std::string empty = hex(sha256(""));
  const auto good = signed_request("host;x-amz-date", kGood);
  EXPECT_EQ(code_of(authenticate(good, empty, kKeys, kNow)), "ok");
  EXPECT_EQ(code_of(authenticate(good, empty, {{"AKIDEXAMPLE", "another"}}, kNow)), "SignatureMismatch");
  EXPECT_EQ(code_of(authenticate(good, empty, {{"AKIDOTHER", kSecret}}, kNow)), "UnknownKey");
  EXPECT_EQ(code_of(authenticate(good, empty, kKeys, kNow + std::chrono::minutes(16))), "Expired");
  EXPECT_EQ(code_of(authenticate(good, empty, kKeys, kNow + -std::chrono::minutes(16))), "Expired");
  EXPECT_EQ(code_of(authenticate(good, std::string(kUnsignedPayload), kKeys, kNow)), "SignatureMismatch");
  EXPECT_EQ(code_of(authenticate(signed_request("host", kGood), empty, kKeys, kNow)), "IncompleteSignature");
  EXPECT_EQ(code_of(authenticate(signed_request("x-amz-date", kGood), empty, kKeys, kNow)), "IncompleteSignature");
  EXPECT_EQ(code_of(authenticate(request("GET", "/"), empty, kKeys, kNow)), "MissingAuthenticationToken");
  auto added = good;
  added.fields.add("X-Amz-Target", "Other");
  EXPECT_EQ(code_of(authenticate(added, empty, kKeys, kNow)), "IncompleteSignature");
  auto moved = good;
  moved.set_target("/?Action=Delete");
  EXPECT_EQ(code_of(authenticate(moved, empty, kKeys, kNow)), "SignatureMismatch");
}

TEST(SigV4, NamesWhatAnAuthorizationLacks) {
  const struct {
    const char* value;
    const char* words;
  } kRows[] = {
      {"", "must start with AWS4-HMAC-SHA256"},
      {"Basic dTpw", "must start with AWS4-HMAC-SHA256"},
      {"AWS4-HMAC-SHA256", "must start with AWS4-HMAC-SHA256"},
      {"AWS4-HMAC-SHA256 nothing", "'nothing' is not a valid key=value pair"},
      {"AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0", "requires 'Credential'"},
      {"AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host", "requires 'Signature'"},
      {"AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, Signature=0", "requires 'SignedHeaders'"},
      {"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "5 slash-delimited elements"},
      {"AWS4-HMAC-SHA256 Credential=a/2015083/r/s/aws4_request, SignedHeaders=host, Signature=0", "YYYYMMDD"},
      {"AWS4-HMAC-SHA256 Credential=a/20150830//s/aws4_request, SignedHeaders=host, Signature=0", "no region"},
      {"AWS4-HMAC-SHA256 Credential=/20150830/r/s/aws4_request, SignedHeaders=host, Signature=0", "no access key"},
      {"AWS4-HMAC-SHA256 Credential=a/20150830/../s/aws4_request/, SignedHeaders=host, Signature=0",
       "5 slash-delimited elements"},
  };
  for (const auto& row : kRows) {
    http::RequestHead head = request("GET", "/");
    head.fields.add("x-amz-date", "20150830T123600Z");
    head.fields.add("Authorization", row.value);
    for (const Keys& keys : {Keys{}, kKeys}) {
      const auto caller = authenticate(head, "", keys, kNow);
      if (caller) {
        // Without keys the scope is all that is read.
        EXPECT_TRUE(keys.empty()) << row.value;
        continue;
      }
      EXPECT_EQ(caller.error().code, "IncompleteSignature") << row.value;
    }
    const auto caller = authenticate(head, "", {{"a", "secret"}}, kNow);
    ASSERT_FALSE(caller) << row.value;
    EXPECT_NE(caller.error().message.find(row.words), std::string::npos) << caller.error().message;
  }
}

TEST(SigV4, ReadsOnlyTheScopeWhereNoKeyIsConfigured) {
  const auto head = signed_request("host;x-amz-date", "0");
  const auto caller = authenticate(head, "", {}, Timestamp{0});
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->service, "service");
}

TEST(SigV4, VerifiesWhatItSigned) {
  const Caller caller{"AKIDEXAMPLE", "", "eu-central-1", "ecs"};
  http::RequestHead head = request("POST", "/a%20b?x=1&y", {{"X-Amz-Target", "T.Op"}});
  sign(head, hex(sha256("body")), caller, kSecret, kNow);
  const auto seen = authenticate(head, hex(sha256("body")), kKeys, kNow);
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->region, "eu-central-1");
  EXPECT_FALSE(authenticate(head, hex(sha256("other")), kKeys, kNow));

  http::RequestHead upload = request("PUT", "/_weir/images/a:1");
  sign(upload, kUnsignedPayload, caller, kSecret, kNow);
  EXPECT_TRUE(authenticate(upload, kUnsignedPayload, kKeys, kNow));
}

}  // namespace
}  // namespace weir::sign
