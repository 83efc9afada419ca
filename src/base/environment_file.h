// Environment files as the agent of ECS reads them: VARIABLE=VALUE lines, nothing interpreted. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Adds the file's variables that `variables` has not yet: what a container's environment or an earlier file says goes
// before. A line is a variable where something stands on both sides of its first "=", and no second "=" beside that;
// lines that begin with "#" and all others are passed over. Quotes and spaces are part of the value.
void add_environment_file(std::string_view text, std::map<std::string, std::string>& variables);

// "BUCKET/KEY" of "arn:aws:s3:::BUCKET/KEY", where that is a path beneath a folder of buckets; none where it is not.
std::optional<std::string> bucket_path(std::string_view arn);

}  // namespace weir
