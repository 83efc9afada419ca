#include "main/zone_files.h"

#include <cerrno>
#include <filesystem>

#include "dns/limits.h"
#include "runtime/files.h"

namespace weir {

namespace fs = std::filesystem;

Result<> ZoneFiles::write(const std::string& id, const dns::Zone& zone) {
  std::string text = to_json(zone).dump() + "\n";
  const auto before = written_.find(id);
  if (before != written_.end() && before->second == text) return {};
  // What an earlier one wrote is known to those who read it.
  const bool there = before == written_.end() && runtime::read_file(path(id), dns::kLargestZoneFile) == text;
  if (!there) TRY(runtime::write_file(path(id), text, runtime::Durability::process));
  written_[id] = std::move(text);
  return {};
}

Result<> ZoneFiles::remove(const std::string& id) {
  written_.erase(id);
  std::error_code error;
  fs::remove(path(id), error);
  return error ? Result<>(fail("Io", "cannot remove " + path(id) + ": " + error.message())) : Result<>();
}

Result<> ZoneFiles::keep_only(const std::set<std::string>& ids) {
  std::error_code error;
  std::set<std::string> others;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (!ids.contains(entry.path().stem())) others.insert(entry.path().stem());
  }
  for (const auto& id : others) TRY(remove(id));
  return {};
}

}  // namespace weir
