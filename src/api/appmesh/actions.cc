#include "api/appmesh/actions.h"

#include "api/appmesh/resources.h"
#include "api/appmesh/tags.h"

namespace weir::api::appmesh {

namespace {

constexpr const char* kName = "appmesh";

}  // namespace

void add_actions(ActionTable& table, const Proxies& proxies) {
  table.add(kName, "CreateMesh", proxies, &create<model::Mesh, shapes::CreateMeshInput, shapes::CreateMeshOutput>);
  table.add(kName, "DescribeMesh", proxies,
            &describe<model::Mesh, shapes::DescribeMeshInput, shapes::DescribeMeshOutput>);
  table.add(kName, "UpdateMesh", proxies, &update<model::Mesh, shapes::UpdateMeshInput, shapes::UpdateMeshOutput>);
  table.add(kName, "DeleteMesh", &remove<model::Mesh, shapes::DeleteMeshInput, shapes::DeleteMeshOutput>);
  table.add(kName, "ListMeshes", &list<model::Mesh, shapes::ListMeshesInput, shapes::ListMeshesOutput>);
  table.add(kName, "CreateVirtualNode", proxies,
            &create<model::VirtualNode, shapes::CreateVirtualNodeInput, shapes::CreateVirtualNodeOutput>);
  table.add(kName, "DescribeVirtualNode", proxies,
            &describe<model::VirtualNode, shapes::DescribeVirtualNodeInput, shapes::DescribeVirtualNodeOutput>);
  table.add(kName, "UpdateVirtualNode", proxies,
            &update<model::VirtualNode, shapes::UpdateVirtualNodeInput, shapes::UpdateVirtualNodeOutput>);
  table.add(kName, "DeleteVirtualNode",
            &remove<model::VirtualNode, shapes::DeleteVirtualNodeInput, shapes::DeleteVirtualNodeOutput>);
  table.add(kName, "ListVirtualNodes",
            &list<model::VirtualNode, shapes::ListVirtualNodesInput, shapes::ListVirtualNodesOutput>);
  table.add(kName, "CreateVirtualRouter", proxies,
            &create<model::VirtualRouter, shapes::CreateVirtualRouterInput, shapes::CreateVirtualRouterOutput>);
  table.add(kName, "DescribeVirtualRouter", proxies,
            &describe<model::VirtualRouter, shapes::DescribeVirtualRouterInput, shapes::DescribeVirtualRouterOutput>);
  table.add(kName, "UpdateVirtualRouter", proxies,
            &update<model::VirtualRouter, shapes::UpdateVirtualRouterInput, shapes::UpdateVirtualRouterOutput>);
  table.add(kName, "DeleteVirtualRouter",
            &remove<model::VirtualRouter, shapes::DeleteVirtualRouterInput, shapes::DeleteVirtualRouterOutput>);
  table.add(kName, "ListVirtualRouters",
            &list<model::VirtualRouter, shapes::ListVirtualRoutersInput, shapes::ListVirtualRoutersOutput>);
  table.add(kName, "CreateRoute", proxies, &create<model::Route, shapes::CreateRouteInput, shapes::CreateRouteOutput>);
  table.add(kName, "DescribeRoute", proxies,
            &describe<model::Route, shapes::DescribeRouteInput, shapes::DescribeRouteOutput>);
  table.add(kName, "UpdateRoute", proxies, &update<model::Route, shapes::UpdateRouteInput, shapes::UpdateRouteOutput>);
  table.add(kName, "DeleteRoute", &remove<model::Route, shapes::DeleteRouteInput, shapes::DeleteRouteOutput>);
  table.add(kName, "ListRoutes", &list<model::Route, shapes::ListRoutesInput, shapes::ListRoutesOutput>);
  table.add(kName, "CreateVirtualService", proxies,
            &create<model::VirtualService, shapes::CreateVirtualServiceInput, shapes::CreateVirtualServiceOutput>);
  table.add(
      kName, "DescribeVirtualService", proxies,
      &describe<model::VirtualService, shapes::DescribeVirtualServiceInput, shapes::DescribeVirtualServiceOutput>);
  table.add(kName, "UpdateVirtualService", proxies,
            &update<model::VirtualService, shapes::UpdateVirtualServiceInput, shapes::UpdateVirtualServiceOutput>);
  table.add(kName, "DeleteVirtualService",
            &remove<model::VirtualService, shapes::DeleteVirtualServiceInput, shapes::DeleteVirtualServiceOutput>);
  table.add(kName, "ListVirtualServices",
            &list<model::VirtualService, shapes::ListVirtualServicesInput, shapes::ListVirtualServicesOutput>);
  table.add(kName, "CreateVirtualGateway", proxies,
            &create<model::VirtualGateway, shapes::CreateVirtualGatewayInput, shapes::CreateVirtualGatewayOutput>);
  table.add(
      kName, "DescribeVirtualGateway", proxies,
      &describe<model::VirtualGateway, shapes::DescribeVirtualGatewayInput, shapes::DescribeVirtualGatewayOutput>);
  table.add(kName, "UpdateVirtualGateway", proxies,
            &update<model::VirtualGateway, shapes::UpdateVirtualGatewayInput, shapes::UpdateVirtualGatewayOutput>);
  table.add(kName, "DeleteVirtualGateway",
            &remove<model::VirtualGateway, shapes::DeleteVirtualGatewayInput, shapes::DeleteVirtualGatewayOutput>);
  table.add(kName, "ListVirtualGateways",
            &list<model::VirtualGateway, shapes::ListVirtualGatewaysInput, shapes::ListVirtualGatewaysOutput>);
  table.add(kName, "CreateGatewayRoute", proxies,
            &create<model::GatewayRoute, shapes::CreateGatewayRouteInput, shapes::CreateGatewayRouteOutput>);
  table.add(kName, "DescribeGatewayRoute", proxies,
            &describe<model::GatewayRoute, shapes::DescribeGatewayRouteInput, shapes::DescribeGatewayRouteOutput>);
  table.add(kName, "UpdateGatewayRoute", proxies,
            &update<model::GatewayRoute, shapes::UpdateGatewayRouteInput, shapes::UpdateGatewayRouteOutput>);
  table.add(kName, "DeleteGatewayRoute",
            &remove<model::GatewayRoute, shapes::DeleteGatewayRouteInput, shapes::DeleteGatewayRouteOutput>);
  table.add(kName, "ListGatewayRoutes",
            &list<model::GatewayRoute, shapes::ListGatewayRoutesInput, shapes::ListGatewayRoutesOutput>);
  table.add(kName, "TagResource", &tag_resource);
  table.add(kName, "UntagResource", &untag_resource);
  table.add(kName, "ListTagsForResource", &list_tags_for_resource);
}

}  // namespace weir::api::appmesh
