#include "main/buckets.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "runtime/files.h"

namespace weir {

Result<std::string> read_object(const std::string& buckets, const std::string& bucket, const std::string& key,
                                std::size_t most) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::path(buckets) / bucket, error);
  const fs::path path = fs::canonical(folder / fs::path(key).relative_path(), error);
  const auto absent = [&] {
    return fail("NotFound", fmt::format("there is no file {}/{}/{}", buckets, bucket, key), ErrorSource::client);
  };
  if (error || bucket.empty() || bucket.find('/') != std::string::npos || bucket.starts_with('.')) return absent();
  // Anything but a file might never end.
  if (!path.string().starts_with(folder.string() + "/") || !fs::is_regular_file(path, error)) return absent();
  auto text = runtime::read_file(path.string(), most);
  if (!text && text.error().code == "TooLarge") text.error().source = ErrorSource::client;
  return text;
}

}  // namespace weir
