#include "base/environment_file.h"

#include <algorithm>

namespace weir {

namespace {

bool is_bucket(std::string_view name) {
  constexpr std::size_t kShortest = 3, kLongest = 63;
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return name.size() >= kShortest && name.size() <= kLongest && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), allowed);
}

// Neither leaves the bucket nor names a folder.
bool is_key(std::string_view key) {
  constexpr std::size_t kLongest = 1024;
  if (key.empty() || key.size() > kLongest || key.find('\0') != std::string_view::npos) return false;
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t end = std::min(key.find('/', at), key.size());
    const std::string_view part = key.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

void add_environment_file(std::string_view text, std::map<std::string, std::string>& variables) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == 0 || equals == std::string_view::npos) continue;
    const std::string_view value = line.substr(equals + 1);
    if (value.empty() || value.starts_with('=') || line.find('\0') != std::string_view::npos) continue;
    variables.try_emplace(std::string(line.substr(0, equals)), value);
  }
}

std::optional<std::string> bucket_path(std::string_view arn) {
  constexpr std::string_view kBegin = "arn:aws:s3:::";
  if (!arn.starts_with(kBegin)) return std::nullopt;
  arn.remove_prefix(kBegin.size());
  const std::size_t slash = arn.find('/');
  if (slash == std::string_view::npos || !is_bucket(arn.substr(0, slash)) || !is_key(arn.substr(slash + 1))) {
    return std::nullopt;
  }
  return std::string(arn);
}

}  // namespace weir
