// Small files, read and written whole. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace weir::runtime {

// Whether what was written must survive the machine's end or only the process's.
enum class Durability { process, machine };

// Errors: "NotFound" where there is none, "TooLarge", "Io".
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);
// Replaces the file in one step: a reader sees the old or the new content. Errors: "Full", "Io".
Result<> write_file(const std::string& path, std::string_view content, Durability durability);
// As read_file; and "Json".
Result<Json> read_json(const std::string& path, std::size_t max_bytes);

Result<> make_directories(const std::string& path);
// Removes a file or a folder with everything in it; what cannot be removed stays.
void remove_tree(const std::string& path);
// An error from errno: "Full" where it means that there is no room, "NotFound", otherwise "Io".
std::unexpected<Error> fail_file(std::string what, int error_number);

}  // namespace weir::runtime
