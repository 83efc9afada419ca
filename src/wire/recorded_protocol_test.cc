#include "wire/recorded_protocol.h"

#include <gtest/gtest.h>

#include "api/ec2/service.h"
#include "api/iam/service.h"

namespace weir::wire {
namespace {

using api::recorded::parse_parameters;
using api::recorded::Style;

Result<Json> read(Style style, const char* parameters, const sign::Form& form) {
  return recorded_document(style, parse_parameters(parameters), form);
}

TEST(RecordedProtocolTest, lists_of_ec2_are_numbered_and_those_of_iam_have_members) {
  const sign::Form ec2{{"Action", "X"}, {"Filter.2.Name", "b"}, {"Filter.1.Name", "a"}, {"Filter.1.Value.1", "v"}};
  EXPECT_EQ(MUST(read(Style::ec2, "Filter[Name Value[]]", ec2)).dump(),
            R"({"Filter":[{"Name":"a","Value":["v"]},{"Name":"b"}]})");
  const sign::Form iam{{"Tags.member.1.Key", "k"}, {"Tags.member.1.Value", ""}};
  EXPECT_EQ(MUST(read(Style::iam, "Tags[Key! Value!]", iam)).dump(), R"({"Tags":[{"Key":"k","Value":""}]})");
  EXPECT_EQ(MUST(read(Style::iam, "Tags[Key! Value!]", {{"Tags", ""}})).dump(), R"({"Tags":[]})");
}

TEST(RecordedProtocolTest, what_is_wrong_is_refused_by_name) {
  const struct {
    const char* parameters;
    sign::Form form;
    const char* code;
    const char* path;
  } rows[] = {
      {"A", {{"B", "1"}}, "Unknown", "B"},
      {"A[B]", {{"A.1.C", "1"}}, "Unknown", "A.1.C"},
      {"A", {{"A.B", "1"}}, "Unknown", "A.B"},
      {"A[]", {{"A.x", "1"}}, "Unknown", "A.x"},
      {"A[]", {{"A.99999", "1"}}, "Unknown", "A.99999"},
      {"A!", {}, "Missing", "A"},
      {"A[]!", {{"A", ""}}, "Missing", "A"},
      {"A[B!]", {{"A.1.C", "1"}}, "Missing", "A.1.B"},
      {"A:bool", {{"A", "yes"}}, "Serialization", "A"},
      {"A:int", {{"A", "1x"}}, "Serialization", "A"},
      {"A{B}", {{"A", "1"}}, "Serialization", "A"},
  };
  for (const auto& row : rows) {
    const auto done = read(Style::ec2, row.parameters, row.form);
    ASSERT_FALSE(done) << row.parameters;
    EXPECT_EQ(done.error().code, row.code) << row.parameters;
    EXPECT_EQ(done.error().message.substr(0, std::string(row.path).size()), row.path) << row.parameters;
  }
}

TEST(RecordedProtocolTest, a_reply_has_the_form_of_its_service_and_nothing_that_is_hidden) {
  const Json document = MUST(Json::parse(R"({"set":[{"a":"<1>","_b":"2"}],"none":[],"_c":"3"})"));
  EXPECT_EQ(recorded_reply(api::ec2::service(), "DescribeXs", document, "id").body,
            "<DescribeXsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id</requestId>"
            "<set><item><a>&lt;1&gt;</a></item></set><none></none></DescribeXsResponse>");
  EXPECT_EQ(recorded_reply(api::iam::service(), "ListXs", document, "id").body,
            "<ListXsResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListXsResult>"
            "<set><member><a>&lt;1&gt;</a></member></set><none></none></ListXsResult>"
            "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></ListXsResponse>");
  EXPECT_EQ(ec2_error({"InvalidVpcID.NotFound", "no & none", 400}, "id").body,
            "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>no &amp; none</Message></Error>"
            "</Errors><RequestID>id</RequestID></Response>");
}

// A row that does not parse, or names a kind that is not there, would end the program at its first call.
TEST(RecordedProtocolTest, every_row_of_every_table_is_sound) {
  for (const auto* service : {&api::ec2::service(), &api::iam::service()}) {
    for (const auto& operation : service->operations) {
      EXPECT_TRUE(!*operation.kind || service->kind(operation.kind)) << operation.name;
      parse_parameters(operation.parameters);
      EXPECT_EQ(service->operation(operation.name), &operation) << operation.name << " twice";
    }
    for (const auto& kind : service->kinds) EXPECT_TRUE(Json::parse(kind.document)) << kind.name;
    for (const auto& reference : service->references) {
      EXPECT_TRUE(service->kind(reference.kind) && service->kind(reference.to)) << reference.path;
    }
  }
}

}  // namespace
}  // namespace weir::wire
