// docs/route-table.md is what people write tables from: its examples are tables, and it names every member there is.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "route/route_table.h"

namespace weir::route {
namespace {

std::string document() {
  std::string path = __FILE__;
  path.replace(path.rfind("src/route/"), std::string::npos, "docs/route-table.md");
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> examples(const std::string& text) {
  constexpr std::string_view kBegin = "```json\n";
  std::vector<std::string> found;
  for (std::size_t at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at + 1)) {
    const std::size_t begin = at + kBegin.size();
    found.push_back(text.substr(begin, text.find("```", begin) - begin));
  }
  return found;
}

void gather_names(const Json& json, std::set<std::string>& names) {
  for (const auto& [name, value] : json.members()) {
    names.insert(name);
    gather_names(value, names);
  }
  for (const Json& item : json.items()) gather_names(item, names);
}

TEST(RouteDocumentTest, its_examples_are_tables) {
  const auto all = examples(document());
  ASSERT_EQ(all.size(), 2u);
  for (const std::string& text : all) {
    const auto json = Json::parse(text);
    ASSERT_TRUE(json) << json.error().message;
    const auto table = table_from_json(*json);
    EXPECT_TRUE(table) << table.error().message;
  }
}

TEST(RouteDocumentTest, its_last_example_has_every_member_and_the_text_names_each) {
  const std::string text = document();
  const std::string prose = text.substr(0, text.find("## A table with everything"));
  const Json json = MUST(Json::parse(examples(text).back()));
  std::set<std::string> shown, written;
  gather_names(json, shown);
  gather_names(to_json(MUST(table_from_json(json))), written);
  for (const std::string& name : written) {
    EXPECT_TRUE(shown.contains(name)) << name << " is not in the example";
    EXPECT_NE(prose.find(name), std::string::npos) << name << " is not explained";
  }
}

}  // namespace
}  // namespace weir::route
