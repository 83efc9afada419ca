// Route for `weir logs`: GET /_weir/logs?service=NAME[&cluster=NAME][&tail=N][&follow=1]: lines of all containers of
// all tasks of a service, "TASKID8 STREAM TEXT", oldest first; followed, new lines and new tasks as they come.
// Control thread.
#pragma once

#include <vector>

#include "net/loop.h"
#include "runtime/task_log.h"
#include "store/store.h"
#include "wire/route.h"

namespace weir {

// All outlive the server that the routes are given to.
std::vector<wire::Route> log_routes(net::Loop& loop, store::Store& store, const runtime::TaskLog& logs);

}  // namespace weir
