// Routes for `weir image`: PUT /_weir/images/NAME:TAG (a tar; ?entrypoint= and ?cmd= as JSON lists) and
// GET /_weir/images. Importing reads and hashes the whole tar, so it happens on a thread of its own. Control thread.
#pragma once

#include <vector>

#include "net/loop.h"
#include "runtime/image_store.h"
#include "wire/route.h"

namespace weir {

// Both outlive the server that the routes are given to, and so does the loop's run.
std::vector<wire::Route> image_routes(net::Loop& loop, runtime::ImageStore& images);

}  // namespace weir
