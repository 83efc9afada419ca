#include <gtest/gtest.h>

#include "model/ecs/shapes.h"
#include "wire/json_protocol.h"

namespace weir::wire {
namespace {

TEST(JsonError, says_its_code_message_and_further_members) {
  const WireError plain{"ClientException", "No.", 400};
  EXPECT_EQ(json_error(&model::ecs::kService, plain).body, R"({"__type":"ClientException","message":"No."})");
  const WireError more{"ConflictException", "No.", 409, {{"resourceIds", {"a", "b"}}}};
  const Reply reply = json_error(&model::ecs::kService, more);
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(reply.body, R"({"__type":"ConflictException","message":"No.","resourceIds":["a","b"]})");
}

}  // namespace
}  // namespace weir::wire
