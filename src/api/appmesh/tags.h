// The operations on tags, which name any resource of a mesh by its ARN. Control thread.
#pragma once

#include "api/action.h"
#include "model/appmesh/shapes.h"

namespace weir::api::appmesh {

namespace shapes = model::appmesh;

Result<shapes::TagResourceOutput> tag_resource(Context&, const shapes::TagResourceInput&);
Result<shapes::UntagResourceOutput> untag_resource(Context&, const shapes::UntagResourceInput&);
Result<shapes::ListTagsForResourceOutput> list_tags_for_resource(Context&, const shapes::ListTagsForResourceInput&);

}  // namespace weir::api::appmesh
