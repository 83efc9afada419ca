#include "model/mesh_documents.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

const Scope kMeshScope{"000000000000", "eu-west-1"};

MeshResource resource(std::string name, std::string parent = "") {
  return {.scope = kMeshScope, .mesh = "shop", .parent = std::move(parent), .name = std::move(name)};
}

TEST(MeshDocuments, are_named_by_their_mesh_and_what_they_are_a_part_of) {
  EXPECT_EQ((Mesh{resource("shop"), {}}.key()), "000000000000/eu-west-1/shop");
  EXPECT_EQ((VirtualNode{resource("cart"), {}}.key()), "000000000000/eu-west-1/shop/cart");
  EXPECT_EQ((VirtualService{resource("cart.local"), {}}.key()), "000000000000/eu-west-1/shop/cart.local");
  EXPECT_EQ((Route{resource("all", "router"), {}}.key()), "000000000000/eu-west-1/shop/router/all");
  EXPECT_EQ((GatewayRoute{resource("all", "gateway"), {}}.key()), "000000000000/eu-west-1/shop/gateway/all");
}

TEST(MeshDocuments, come_back_from_the_store_as_they_went) {
  Route route{resource("all", "router"), {}};
  route.about.metadata.version = 3;
  route.about.metadata.createdAt = Timestamp{1'700'000'000'125};
  route.about.tags = {{"team", "shop"}};
  route.spec.priority = 7;
  route.spec.httpRoute.emplace();
  route.spec.httpRoute->match.prefix = "/";
  route.spec.httpRoute->action.weightedTargets = {{.virtualNode = "cart", .weight = 0}};
  const std::string written = to_json_shape(route).dump();
  const Json read = MUST(Json::parse(written));
  EXPECT_EQ(to_json_shape(MUST(from_json_shape<Route>(read, Unknown::refuse))).dump(), written);
}

}  // namespace
}  // namespace weir::model
