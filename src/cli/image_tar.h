// Packs a folder into a tar that depends on nothing but names, contents, link targets and the executable bit: sorted
// names, owner 0, time 0, modes 0755 or 0644. So the same folder is the same layer on every machine. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/fd.h"

namespace weir::cli {

struct Tar {
  net::Fd file;  // a file without a name, gone when closed
  std::uint64_t size = 0;
};

// Errors: "Io" naming the path: not a folder, unreadable, neither file nor folder nor symbolic link.
Result<Tar> pack_folder(const std::string& folder);

}  // namespace weir::cli
