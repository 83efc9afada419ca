#include "runtime/user.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "runtime/files.h"

namespace weir::runtime {
namespace {

constexpr std::size_t kMaxUserFileBytes = 1 << 20;

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 0x7FFFFFFF) return std::nullopt;
  return value;
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(by, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

using Fields = std::vector<std::string>;

// The lines of /etc/passwd or /etc/group with at least `least` fields: of the image, or the host's where it has none.
std::vector<Fields> entries(const std::string& root, const char* file, std::size_t least) {
  auto text = read_file(root + file, kMaxUserFileBytes);
  if (!text) text = read_file(file, kMaxUserFileBytes);
  std::vector<Fields> all;
  for (const auto& line : split(text ? *text : "", '\n')) {
    if (auto fields = split(line, ':'); fields.size() >= least) all.push_back(std::move(fields));
  }
  return all;
}

std::unexpected<Error> unable(const std::string& kind, const std::string& name, const char* file) {
  return fail("CannotStartContainerError",
              fmt::format("unable to find {} {}: no matching entries in {} file", kind, name, file),
              ErrorSource::runtime);
}

Result<gid_t> find_group(const std::string& wished, const std::vector<Fields>& groups) {
  if (const auto gid = number(wished)) return *gid;
  for (const auto& group : groups) {
    if (group[0] == wished) return number(group[2]).value_or(0);
  }
  return unable("group", wished, "group");
}

}  // namespace

Result<User> find_user(const std::string& wished, const std::string& root) {
  const std::size_t colon = wished.find(':');
  const std::string name = wished.substr(0, colon);
  const auto users = entries(root, "/etc/passwd", 4);
  const auto groups = entries(root, "/etc/group", 4);
  const auto uid = number(name);
  const auto entry =
      std::ranges::find_if(users, [&](const Fields& one) { return uid ? number(one[2]) == *uid : one[0] == name; });
  if (entry == users.end() && !uid) return unable("user", name, "passwd");
  User user{.uid = uid ? *uid : number((*entry)[2]).value_or(0)};
  if (entry != users.end()) {
    user.gid = number((*entry)[3]).value_or(0);
    for (const auto& group : groups) {
      const auto members = split(group[3], ',');
      if (std::ranges::find(members, (*entry)[0]) != members.end()) user.groups.push_back(number(group[2]).value_or(0));
    }
  }
  if (colon != std::string::npos) user.gid = TRY(find_group(wished.substr(colon + 1), groups));
  return user;
}

Result<std::optional<User>> choose_user(const std::string& containers, const std::string& images,
                                        const std::string& root) {
  const std::string& wished = containers.empty() ? images : containers;
  if (wished.empty()) return std::nullopt;
  return TRY(find_user(wished, root));
}

}  // namespace weir::runtime
