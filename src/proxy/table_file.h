// The last table on disk, so that a proxy starts and serves with no control process alive. Blocking; main thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "route/route_table.h"

namespace weir::proxy {

// Empty where there is no file. Errors: "Io", "Json", "RouteTable".
Result<std::optional<route::RouteTable>> read_table_file(const std::string& path);
// Replaces the file as a whole: a reader sees the old table or the new one, after a crash too. Errors: "Io".
Result<void> write_table_file(const std::string& path, const route::RouteTable& table);

}  // namespace weir::proxy
