// The folder that stands for S3: a bucket is a folder in it, an object a file below that one. Any thread; blocks.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace weir {

// The object's content. No key leads out of its bucket, by links neither. Errors: "NotFound", also for what is no file;
// "TooLarge" for one of over `most` bytes; "Io".
Result<std::string> read_object(const std::string& buckets, const std::string& bucket, const std::string& key,
                                std::size_t most);

}  // namespace weir
