#include "api/refused.h"

#include <fmt/format.h>

#include "api/appmesh/actions.h"
#include "api/appmesh/refusals.h"
#include "api/ecs/actions.h"
#include "api/elbv2/actions.h"
#include "api/test_world.h"

namespace weir::api {
namespace {

// Puts something that asks into the member of `value` that `path` names.
void ask(const Shape& shape, void* value, std::string_view path);

void ask_here(const Shape& shape, void* value) {
  switch (shape.kind) {
    case ShapeKind::boolean:
      *static_cast<bool*>(value) = true;
      return;
    case ShapeKind::integer:
      *static_cast<std::int32_t*>(value) = 1;
      return;
    case ShapeKind::long_int:
      *static_cast<std::int64_t*>(value) = 1;
      return;
    case ShapeKind::real:
      *static_cast<double*>(value) = 1;
      return;
    case ShapeKind::string:
      *static_cast<std::string*>(value) = "asked-for";
      return;
    case ShapeKind::list:
      ask_here(shape.element(), shape.append(value));
      return;
    case ShapeKind::map:
      ask_here(shape.element(), shape.insert(value, "key"));
      return;
    case ShapeKind::structure:
      ask(shape, value, shape.fields.front().name);
      return;
    default:
      return;
  }
}

void ask(const Shape& shape, void* value, std::string_view path) {
  if (shape.kind == ShapeKind::list) return ask(shape.element(), shape.append(value), path);
  const auto dot = path.find('.');
  const Field* field = shape.field(path.substr(0, dot));
  ASSERT_TRUE(field) << path << " is no member of " << shape.name;
  void* held = field->make(value);
  if (dot == std::string_view::npos) return ask_here(field->shape(), held);
  ask(field->shape(), held, path.substr(dot + 1));
}

std::string last_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return std::string(dot == std::string_view::npos ? path : path.substr(dot + 1));
}

class Refusals : public TestWorld {
 protected:
  Refusals() { appmesh::add_actions(table, proxies); }
  appmesh::SwiftProxies proxies;

  void expect_each_refused(const char* service, std::span<const RefusedOf> all) {
    for (const auto& of : all) {
      const Action* action = table.find(service, of.operation);
      ASSERT_TRUE(action) << of.operation;
      for (const auto& refused : of.parameters) {
        auto input = action->make_input();
        ask(action->input(), input.get(), refused.path);
        const auto revision = store.revision();
        Context now = context();
        const auto reply = action->invoke(now, input.get());
        ASSERT_FALSE(reply) << of.operation << "." << refused.path;
        EXPECT_NE(reply.error().message.find(last_of(refused.path)), std::string::npos)
            << of.operation << "." << refused.path << ": " << reply.error().message;
        EXPECT_NE(reply.error().message.find("not supported by Weir"), std::string::npos) << reply.error().message;
        EXPECT_EQ(store.revision(), revision);
      }
    }
  }
};

TEST_F(Refusals, OfEcsNameEachParameter) { expect_each_refused("ecs", ecs::refused()); }
TEST_F(Refusals, OfElbv2NameEachParameter) { expect_each_refused("elbv2", elbv2::refused()); }
TEST_F(Refusals, OfAppmeshNameEachMember) { expect_each_refused("appmesh", appmesh::refused()); }

model::ecs::CreateServiceRequest request_of(const char* text) {
  const Json json = MUST(Json::parse(text));
  return MUST(from_json_shape<model::ecs::CreateServiceRequest>(json));
}

TEST(Refuse, LeavesNeutralValuesAlone) {
  static constexpr Refused kTable[] = {{"deploymentConfiguration.alarms"},
                                       {"enableExecuteCommand"},
                                       {"placementStrategy"},
                                       {"schedulingStrategy", "A|B"}};
  const char* taken[] = {
      R"({"serviceName":"s"})",
      R"({"serviceName":"s","enableExecuteCommand":false,"placementStrategy":[],"schedulingStrategy":""})",
      R"({"serviceName":"s","deploymentConfiguration":{"alarms":{"alarmNames":[],"enable":false,"rollback":false}}})",
      R"({"serviceName":"s","schedulingStrategy":"B"})",
  };
  for (const char* text : taken) EXPECT_TRUE(refuse(request_of(text), kTable, "No")) << text;
  const auto request = request_of(R"({"serviceName":"s","schedulingStrategy":"AB"})");
  const auto refused = refuse(request, kTable, "No");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "The value 'AB' of the parameter 'schedulingStrategy' is not supported by Weir.");
}

}  // namespace
}  // namespace weir::api
