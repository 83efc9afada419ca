// Every generated shape through every protocol: what is written is read back the same.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/http_date.h"
#include "base/random.h"
#include "model/ecs/shapes.h"
#include "model/elbv2/shapes.h"
#include "model/sts/shapes.h"
#include "wire/fault.h"
#include "wire/json_protocol.h"
#include "wire/query_protocol.h"
#include "wire/required.h"
#include "wire/timestamp_text.h"
#include "wire/xml.h"

namespace weir::wire {
namespace {

const model::ServiceModel* const kServices[] = {&model::sts::kService, &model::ecs::kService, &model::elbv2::kService};

// A random document that a shape allows.
class Documents {
 public:
  explicit Documents(Random& random) : random_(random) {}

  Json make(const Shape& shape) {
    switch (shape.kind) {
      case ShapeKind::boolean:
        return Json(random_.chance(50));
      case ShapeKind::integer:
        return Json(random_.between(-2'147'483'648LL, 2'147'483'647));
      case ShapeKind::long_int:
        return Json(random_.between(-9'000'000'000'000'000LL, 9'000'000'000'000'000LL));
      case ShapeKind::real:
        return Json(static_cast<double>(random_.between(-1'000'000, 1'000'000)) / 64.0 + 0.0078125);
      case ShapeKind::timestamp:
        return Json(random_.between(0, 4'000'000'000LL));
      case ShapeKind::string:
      case ShapeKind::json:
        return Json(text());
      case ShapeKind::list:
        return list(shape);
      case ShapeKind::map:
        return map(shape);
      case ShapeKind::structure:
        return structure(shape);
    }
    return {};
  }

 private:
  // The elements of a list are structures often enough that a small number of them makes large documents.
  std::uint64_t count() { return random_.below(3); }

  std::string text() {
    static constexpr const char* kPieces[] = {"a",  "Z",  "9",  " ",  "+",  "&", "=",      "%",
                                              ".",  "/",  "<",  ">",  "\"", "'", "é",      "\u1234",
                                              "\n", "\r", "\t", "\\", ";",  "#", "member", "\U0001F600"};
    std::string out;
    for (std::uint64_t i = random_.below(12); i > 0; --i) out += kPieces[random_.below(std::size(kPieces))];
    return out;
  }
  Json list(const Shape& shape) {
    Json array = Json::array();
    for (std::uint64_t i = count(); i > 0; --i) array.push(make(shape.element()));
    return array;
  }
  Json map(const Shape& shape) {
    std::map<std::string, Json> members;
    for (std::uint64_t i = count(); i > 0; --i) members[text()] = make(shape.element());
    Json object = Json::object();
    for (auto& [name, value] : members) object.set(name, std::move(value));
    return object;
  }
  Json structure(const Shape& shape) {
    Json object = Json::object();
    for (const auto& field : shape.fields) {
      if (field.limits.required || random_.chance(60)) object.set(field.name, make(field.shape()));
    }
    return object;
  }

  Random& random_;
};

// What a client does with a document: the form of it.
void add_to_form(sign::Form& form, const std::string& path, const Shape& shape, const Limits& limits,
                 const Json& json) {
  static constexpr Limits kNone{};
  const auto below = [&](const std::string& name) { return path.empty() ? name : path + "." + name; };
  switch (shape.kind) {
    case ShapeKind::structure:
      for (const auto& field : shape.fields) {
        const char* name = field.limits.wire_name ? field.limits.wire_name : field.name;
        if (json.find(field.name)) add_to_form(form, below(name), field.shape(), field.limits, json[field.name]);
      }
      if (json.members().empty() && !path.empty()) form.emplace_back(path, "");
      break;
    case ShapeKind::list: {
      if (json.items().empty()) form.emplace_back(path, "");
      std::size_t number = 0;
      for (const auto& item : json.items()) {
        const std::string name = (limits.flattened ? "" : "member.") + std::to_string(++number);
        add_to_form(form, below(name), shape.element(), kNone, item);
      }
      break;
    }
    case ShapeKind::map: {
      if (json.members().empty()) form.emplace_back(path, "");
      std::size_t number = 0;
      for (const auto& [key, item] : json.members()) {
        const std::string name = (limits.flattened ? "" : "entry.") + std::to_string(++number);
        form.emplace_back(below(name + ".key"), key);
        add_to_form(form, below(name + ".value"), shape.element(), kNone, item);
      }
      break;
    }
    case ShapeKind::string:
    case ShapeKind::json:
      form.emplace_back(path, json.as_string());
      break;
    case ShapeKind::timestamp:
      form.emplace_back(path, to_iso8601(Timestamp{json.as_int() * 1000}));
      break;
    default:
      form.emplace_back(path, json.dump());
  }
}

void for_every_shape(const std::function<void(const Shape&, const Json&)>& see) {
  Random random(7);
  Documents documents(random);
  for (const auto* service : kServices) {
    for (const auto& operation : service->operations) {
      for (const Shape* shape : {&operation.input(), &operation.output()}) {
        for (int round = 0; round < 10; ++round) see(*shape, documents.make(*shape));
      }
    }
  }
}

// The structs behind the shapes, to be decoded into.
TEST(Protocols, EveryShapeSurvivesTheForm) {
  for_every_shape([](const Shape& shape, const Json& document) {
    SCOPED_TRACE(shape.name);
    sign::Form form{{"Action", "X"}, {"Version", "Y"}};
    add_to_form(form, "", shape, {}, document);
    std::string text;
    for (const auto& [name, value] : form) text += sign::percent_encode(name) + "=" + sign::percent_encode(value) + "&";
    const auto parsed = sign::parse_form(text);
    ASSERT_TRUE(parsed);
    const auto read = query_document(shape, *parsed);
    ASSERT_TRUE(read) << read.error().message << "\n" << document.dump();
    EXPECT_EQ(read->dump(), document.dump());
  });
}

template <class T>
void survives_json(Random& random) {
  Documents documents(random);
  for (int round = 0; round < 20; ++round) {
    const Shape& shape = shape_of<T>();
    const Json document = documents.make(shape);
    T value{};
    const auto read = from_json(shape, document, &value, Unknown::refuse);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(require_members(shape, document));
    EXPECT_EQ(to_json(shape, &value).dump(), document.dump());
    const auto reparsed = Json::parse(to_json(shape, &value).dump());
    ASSERT_TRUE(reparsed);
    EXPECT_EQ(reparsed->dump(), document.dump());
  }
}

TEST(Protocols, TheLargestStructsSurviveJson) {
  Random random(11);
  survives_json<model::ecs::RegisterTaskDefinitionRequest>(random);
  survives_json<model::ecs::CreateServiceRequest>(random);
  survives_json<model::ecs::DescribeServicesResponse>(random);
  survives_json<model::ecs::DescribeTasksResponse>(random);
  survives_json<model::elbv2::CreateListenerInput>(random);
  survives_json<model::elbv2::DescribeLoadBalancersOutput>(random);
}

// The models are right in themselves.
TEST(Protocols, EveryImplementedOperationIsOneThatItsServiceKnows) {
  for (const auto* service : kServices) {
    for (const auto& operation : service->operations) {
      EXPECT_TRUE(service->knows(operation.name)) << operation.name;
      EXPECT_EQ(service->operation(operation.name), &operation);
      EXPECT_EQ(operation.input().kind, ShapeKind::structure);
      EXPECT_EQ(operation.output().kind, ShapeKind::structure);
    }
    EXPECT_FALSE(service->knows("Sing"));
  }
}

TEST(Fault, TakesAnErrorsStatusFromTheModel) {
  const auto& ecs = model::ecs::kService;
  EXPECT_EQ(
      wire_error(Error{"ClusterNotFoundException", "m", ErrorSource::internal}, model::Protocol::json, ecs).status,
      400);
  EXPECT_EQ(wire_error(Error{"Anything", "m", ErrorSource::client}, model::Protocol::json, ecs).code, "Anything");
  EXPECT_EQ(wire_error(Error{"Io", "secret", ErrorSource::store}, model::Protocol::json, ecs).code, "ServerException");
  EXPECT_EQ(
      wire_error(Error{"Io", "secret", ErrorSource::store}, model::Protocol::query, model::elbv2::kService).status,
      500);
  EXPECT_EQ(wire_error(Error{"Io", "secret", ErrorSource::store}, model::Protocol::json, ecs).message.find("secret"),
            std::string::npos);
}

std::string escaped(std::string_view text) {
  std::string out;
  xml_escape(out, text);
  return out;
}

TEST(Xml, EscapesWhatAReaderWouldTakeOtherwise) {
  EXPECT_EQ(escaped("a&b<c>\"d'\r\n\t"), "a&amp;b&lt;c&gt;&quot;d'&#xD;\n\t");
  EXPECT_EQ(escaped("é\u1234\U0001F600"), "é\u1234\U0001F600");
}

TEST(Xml, ReplacesWhatXmlCannotCarry) {
  const std::string_view kRows[] = {"\x01",     "\x1f",         "\xff",     "\xc3",
                                    "\xe1\x88", "\xed\xa0\x80", "\xc0\xaf", "\xef\xbf\xbf"};
  for (const auto row : kRows) {
    const std::string out = escaped(row);
    EXPECT_EQ(out.find(row), std::string::npos);
    EXPECT_EQ(out.substr(0, 3), "\xEF\xBF\xBD");
  }
  EXPECT_EQ(escaped(std::string_view("\0", 1)), "\xEF\xBF\xBD");
}

TEST(TimestampText, ReadsEveryFormThatClientsSend) {
  const struct {
    const char* text;
    std::int64_t millis;
  } kRows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2015-08-30T12:36:00Z", 1'440'938'160'000},
      {"2015-08-30T12:36:00.250Z", 1'440'938'160'250},
      {"2015-08-30T12:36:00.25+00:00", 1'440'938'160'250},
      {"2015-08-30T13:36:00+01:00", 1'440'938'160'000},
      {"2015-08-30T07:06:00-05:30", 1'440'938'160'000},
      {"1440938160", 1'440'938'160'000},
      {"1440938160.5", 1'440'938'160'500},
  };
  for (const auto& row : kRows) {
    const auto read = read_timestamp(row.text);
    ASSERT_TRUE(read) << row.text;
    EXPECT_EQ(read->millis, row.millis) << row.text;
  }
  for (const char* text : {"", "x", "2015-08-30", "2015-13-30T12:36:00Z", "2015-08-30T12:36:00",
                           "2015-08-30T12:36:00Zx", "1e400", "nan", "inf", "2015-08-30T12:36:00.Z"}) {
    EXPECT_FALSE(read_timestamp(text)) << text;
  }
  EXPECT_EQ(to_http_date({1'440'938'160'000}), "Sun, 30 Aug 2015 12:36:00 GMT");
}

TEST(Form, ReadsNamesAndValues) {
  const auto form = sign::parse_form("a=1&&b=x+y%2B%26&c&=d&a=2");
  ASSERT_TRUE(form);
  const sign::Form wanted{{"a", "1"}, {"b", "x y+&"}, {"c", ""}, {"", "d"}, {"a", "2"}};
  EXPECT_EQ(*form, wanted);
  for (const char* text : {"%", "%4", "a=%g0", "a=%0", "%-1=a", "a=%ff", "%c0%af=a", "a=%ed%a0%80"})
    EXPECT_FALSE(sign::parse_form(text)) << text;
}

TEST(Form, RefusesMoreThanItsLimits) {
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "a=&";
  EXPECT_FALSE(sign::parse_form(many));
  std::string deep = "Names";
  for (int i = 0; i < 100; ++i) deep += ".member";
  EXPECT_FALSE(query_document(shape_of<model::elbv2::DescribeTargetGroupsInput>(), {{deep, "a"}}));
  EXPECT_FALSE(query_document(shape_of<model::elbv2::DescribeTargetGroupsInput>(), {{"Names.member.99999", "a"}}));
  EXPECT_FALSE(query_document(shape_of<model::elbv2::DescribeTargetGroupsInput>(), {{"Names..1", "a"}}));
}

}  // namespace
}  // namespace weir::wire
