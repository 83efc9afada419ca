#include "api/recorded/template.h"

#include <gtest/gtest.h>

#include "api/recorded/parameters.h"

namespace weir::api::recorded {
namespace {

TEST(TemplateTest, a_name_alone_is_replaced_by_whatever_it_stands_for) {
  const Json pattern = MUST(Json::parse(R"({"a":"${list}","b":"x-${text}-${none}","c":"${none}","d":"${none|d}",
      "e":["${text}"],"f":{"g":"${none}"}})"));
  const Json filled = fill(pattern, [](std::string_view name) {
    if (name == "list") return Json(Json::Array{"1", "2"});
    return name == "text" ? Json("t") : Json();
  });
  EXPECT_EQ(filled.dump(), R"({"a":["1","2"],"b":"x-t-","d":"d","e":["t"],"f":{}})");
}

TEST(TemplateTest, a_path_leads_through_lists) {
  const Json document = MUST(Json::parse(R"({"a":[{"b":"1"},{"c":"2"},{"b":"3"}],"d":["4","5"]})"));
  const auto seen = [&](std::string_view path) {
    std::string all;
    any_text(document, path, [&](const std::string& text) { return all += text, false; });
    return all;
  };
  EXPECT_EQ(seen("a.b"), "13");
  EXPECT_EQ(seen("d"), "45");
  EXPECT_EQ(seen("a"), "");
  EXPECT_EQ(seen("x.y"), "");
}

TEST(ParametersTest, are_read_from_their_text) {
  const auto all = parse_parameters("VpcId! Filter[Name Value[]] On{Value:bool} Max:int");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_TRUE(all[0].required && !all[0].list);
  EXPECT_TRUE(all[1].list && all[1].form == Parameter::Form::structure);
  EXPECT_TRUE(all[1].members.at(1).list && all[1].members.at(1).members.empty());
  EXPECT_EQ(all[2].members.at(0).form, Parameter::Form::boolean);
  EXPECT_EQ(all[3].form, Parameter::Form::integer);
}

}  // namespace
}  // namespace weir::api::recorded
