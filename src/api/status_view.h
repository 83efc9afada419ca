// StatusView: what `GET /_weir/status` says: the tree cluster → service → deployments and tasks, and of each balancer's
// listener the wished weight of every target group beside what it got. Reads the store, writes nothing. Control thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "store/store.h"

namespace weir::api {

// Of all accounts and regions. `requests`: taken since the proxy started, by target group ARN; a group that is missing
// counts as 0. INACTIVE services and tasks that have stopped are left out. A listener's share_wished is in percent.
Result<Json> status_view(store::Store& store, Timestamp now, const std::map<std::string, std::uint64_t>& requests);

}  // namespace weir::api
