// Who a container runs as: "user", "uid", "user:group", "uid:gid", "uid:group", "user:gid". Any thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::runtime {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // besides `gid`: those that name the user
};

// Names are those of the image at `root`, then the host's. A number needs no entry; without a group it has its entry's,
// or 0. Errors: "CannotStartContainerError", as Docker words it.
Result<User> find_user(const std::string& wished, const std::string& root);
// The one that the container wishes, or else its image does; none where neither does.
Result<std::optional<User>> choose_user(const std::string& containers, const std::string& images,
                                        const std::string& root);

}  // namespace weir::runtime
