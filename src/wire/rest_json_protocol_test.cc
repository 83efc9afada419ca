#include "wire/rest_json_protocol.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/describe.h"
#include "model/appmesh/shapes.h"

namespace weir::wire {

// An operation that has a member in each place.
struct Parcel {
  std::string street;
  std::int32_t number = 0;
  std::optional<bool> urgent;
  std::optional<std::vector<std::string>> signs;
  std::optional<Timestamp> by;
  std::optional<std::string> sender;
  std::optional<std::string> note;
};

const Shape& describe(const Parcel*) {
  static const Shape kShape = structure<Parcel>("Parcel", {
                                                              member<&Parcel::street>("street", {.required = true}),
                                                              member<&Parcel::number>("number"),
                                                              member<&Parcel::urgent>("urgent"),
                                                              member<&Parcel::signs>("signs"),
                                                              member<&Parcel::by>("by"),
                                                              member<&Parcel::sender>("sender"),
                                                              member<&Parcel::note>("note"),
                                                          });
  return kShape;
}

struct Receipt {
  std::int32_t code = 0;
  std::optional<std::string> place;
  std::optional<Parcel> parcel;
};

const Shape& describe(const Receipt*) {
  static const Shape kShape = structure<Receipt>("Receipt", {
                                                                member<&Receipt::code>("code"),
                                                                member<&Receipt::place>("place"),
                                                                member<&Receipt::parcel>("parcel"),
                                                            });
  return kShape;
}

namespace {

using model::Place;

constexpr model::Placed kParcelPlaces[] = {
    {"street", Place::label, "street"}, {"number", Place::label, "number"}, {"urgent", Place::query, "urgent"},
    {"signs", Place::query, "sign"},    {"by", Place::query, "by"},         {"sender", Place::header, "x-sender"},
};
constexpr model::Placed kReceiptPlaces[] = {
    {"code", Place::status, ""}, {"place", Place::header, "x-place"}, {"parcel", Place::payload, ""}};

constexpr model::Operation kOperations[] = {
    {.name = "SendParcel",
     .input = &shape_of<Parcel>,
     .output = &shape_of<Receipt>,
     .method = "POST",
     .request_uri = "/streets/{street}/{number}",
     .status = 202,
     .input_places = kParcelPlaces,
     .output_places = kReceiptPlaces},
    {.name = "SendToAll",
     .input = &shape_of<Parcel>,
     .output = &shape_of<Parcel>,
     .method = "POST",
     .request_uri = "/streets/{street}/all"},
};
const model::ServiceModel kPost{.name = "post",
                                .signing_name = "post",
                                .api_version = "1",
                                .protocol = model::Protocol::rest_json,
                                .operations = kOperations,
                                .known = {},
                                .errors = {}};

Result<Parcel> sent(const std::string& target, const std::string& body, const std::string& sender = "") {
  http::RequestHead head;
  head.set_target(target);
  if (!sender.empty()) head.fields.add("x-sender", sender);
  const auto call = find_rest_call(kPost, "POST", head.path());
  if (!call) return fail("NoCall", target);
  Parcel parcel;
  TRY(decode_rest_json(*call, head, body, &parcel));
  return parcel;
}

TEST(RestJson, members_come_from_path_query_fields_and_body) {
  const auto parcel =
      sent("/streets/Main%20Street/12?urgent=true&sign=a&sign=b%26c&by=2015-08-30T12:36:00Z", R"({"note":"x"})", "me");
  ASSERT_TRUE(parcel) << parcel.error().message;
  EXPECT_EQ(parcel->street, "Main Street");
  EXPECT_EQ(parcel->number, 12);
  EXPECT_EQ(parcel->urgent, true);
  EXPECT_EQ(*parcel->signs, (std::vector<std::string>{"a", "b&c"}));
  EXPECT_EQ(parcel->by->millis, 1'440'938'160'000);
  EXPECT_EQ(parcel->sender, "me");
  EXPECT_EQ(parcel->note, "x");
}

TEST(RestJson, an_operation_with_fewer_labels_goes_before_one_with_more) {
  EXPECT_EQ(find_rest_call(kPost, "POST", "/streets/a/all")->operation, &kOperations[1]);
  EXPECT_EQ(find_rest_call(kPost, "POST", "/streets/a/1")->operation, &kOperations[0]);
  for (const char* path : {"", "/", "*", "/streets", "/streets/a", "/streets//1", "/streets/a/1/", "/streets/a/1/2",
                           "/Streets/a/1", "streets/a/1", "/streets/%/1", "/streets/%c3/1"}) {
    EXPECT_FALSE(find_rest_call(kPost, "POST", path)) << path;
  }
  EXPECT_FALSE(find_rest_call(kPost, "GET", "/streets/a/1"));
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "/a";
  EXPECT_FALSE(find_rest_call(kPost, "POST", deep));
}

TEST(RestJson, what_cannot_be_read_is_named) {
  const struct {
    const char* target;
    const char* body;
    const char* code;
    const char* message;
  } kRows[] = {
      {"/streets/a/first", "", "Serialization", "number must be of type Integer"},
      {"/streets/a/1?urgent=yes", "", "Serialization", "urgent must be of type Boolean"},
      {"/streets/a/1?by=soon", "", "Serialization", "by must be of type Timestamp"},
      {"/streets/a/1?urgent=true&urgent=true", "", "Form", "urgent was given twice"},
      {"/streets/a/1?street=b", "", "Unknown", "street"},
      {"/streets/a/1", R"({"urgent":true})", "Unknown", "urgent"},
      {"/streets/a/1", "[]", "Serialization", "must be a JSON object"},
      {"/streets/a/1", "{", "Json", ""},
      {"/streets/a/1?by=%zz", "", "Form", ""},
  };
  for (const auto& row : kRows) {
    const auto parcel = sent(row.target, row.body);
    ASSERT_FALSE(parcel) << row.target;
    EXPECT_EQ(parcel.error().code, row.code) << row.target << ": " << parcel.error().message;
    EXPECT_NE(parcel.error().message.find(row.message), std::string::npos) << parcel.error().message;
  }
  EXPECT_TRUE(sent("/streets/a/1?X-Amz-Signature=1", "")) << "a signature in the query string is none of the input";
}

TEST(RestJson, a_reply_goes_into_status_fields_and_body) {
  const Receipt receipt{.code = 201, .place = "here", .parcel = Parcel{.street = "a", .number = 1}};
  const Reply reply = rest_json_reply(kOperations[0], shape_of<Receipt>(), &receipt);
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, R"({"street":"a","number":1})");
  EXPECT_NE(std::ranges::find(reply.fields, std::pair<std::string, std::string>("x-place", "here")),
            reply.fields.end());
  const Receipt empty{.code = 204};
  EXPECT_EQ(rest_json_reply(kOperations[0], shape_of<Receipt>(), &empty).body, "");
}

// Templates and places of a real service agree with its shapes.
TEST(RestJson, every_place_of_app_mesh_is_a_member_and_every_label_is_placed) {
  for (const auto& operation : model::appmesh::kService.operations) {
    std::string path = operation.request_uri;
    for (const auto& placed : operation.input_places) {
      ASSERT_TRUE(operation.input().field(placed.member)) << operation.name << "." << placed.member;
      if (placed.place != Place::label) continue;
      const std::string label = std::string("{") + placed.name + "}";
      const auto at = path.find(label);
      ASSERT_NE(at, std::string::npos) << operation.name << " " << label;
      path.replace(at, label.size(), "x");
    }
    for (const auto& placed : operation.output_places) EXPECT_TRUE(operation.output().field(placed.member));
    const auto call = find_rest_call(model::appmesh::kService, operation.method, path);
    ASSERT_TRUE(call) << path;
    EXPECT_EQ(call->operation, &operation) << path;
  }
}

}  // namespace
}  // namespace weir::wire
