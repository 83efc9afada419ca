#include "observe/metric_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "observe/file.h"
#include "observe/limits.h"

namespace weir::observe {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMostBytes = 2 * kMostDayBytes;  // of a file that is read: one is put together before

std::string day_file(const std::string& folder, std::int64_t day) { return fmt::format("{}/{}.points", folder, day); }

Result<> write_all(const File& file, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file.get(), text.data(), text.size());
    if (count <= 0) return fail_io("cannot write " + path, count < 0 ? errno : ENOSPC);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

std::string line_of(std::int64_t minute, const Aggregate& values) {
  return fmt::format("{} {}\n", minute, text_of(values));
}

void add_lines(std::string_view text, std::int64_t from, std::int64_t to, Minutes& minutes) {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    std::int64_t minute = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), minute);
    const auto length = static_cast<std::size_t>(stop - line.data());
    if (error != std::errc() || length >= line.size() || line[length] != ' ' || minute < from || minute >= to) continue;
    if (const auto values = parse_aggregate(line.substr(length + 1))) minutes[minute].add(*values);
  }
}

// A day that was added to often, with a line a minute.
Result<> put_together(const std::string& folder, std::int64_t day) {
  Minutes minutes;
  TRY(read_minutes(folder, day * kSecondsPerDay, (day + 1) * kSecondsPerDay, minutes));
  std::string text;
  for (const auto& [minute, values] : minutes) text += line_of(minute, values);
  return replace_file(day_file(folder, day), text);
}

std::optional<std::int64_t> day_of(const fs::path& path) {
  const std::string stem = path.stem();
  std::int64_t day = 0;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), day);
  if (path.extension() != ".points" || error != std::errc() || end != stem.data() + stem.size()) return std::nullopt;
  return day;
}

}  // namespace

Result<> append_minute(const std::string& folder, std::int64_t minute, const Aggregate& values) {
  const std::int64_t day = minute / kSecondsPerDay;
  const std::string path = day_file(folder, day);
  TRY(append_line(path, line_of(minute, values)));
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && status.st_size > kMostDayBytes) TRY(put_together(folder, day));
  return {};
}

Result<> read_minutes(const std::string& folder, std::int64_t from, std::int64_t to, Minutes& minutes) {
  for (std::int64_t day = from / kSecondsPerDay; day * kSecondsPerDay < to; ++day) {
    add_lines(TRY(read_small_file(day_file(folder, day))), from, to, minutes);
  }
  return {};
}

bool remove_days(const std::string& folder, std::int64_t before) {
  std::error_code error;
  bool left = false;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    const auto day = day_of(file.path());
    if (day && (*day + 1) * kSecondsPerDay <= before) {
      ::unlink(file.path().c_str());
    } else {
      left = true;
    }
  }
  return !left && ::rmdir(folder.c_str()) == 0;
}

Result<std::string> read_small_file(const std::string& path) {
  const File file(path, O_RDONLY);
  if (!file) {
    if (errno == ENOENT) return std::string();
    return fail_io("cannot read " + path, errno);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail_io("cannot read " + path, errno);
  std::string text(static_cast<std::size_t>(std::min<std::int64_t>(status.st_size, kMostBytes)), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + have, text.size() - have);
    if (count < 0) return fail_io("cannot read " + path, errno);
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  text.resize(have);
  return text;
}

Result<> replace_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return fail_io("cannot write " + fresh, errno);
    TRY(write_all(file, fresh, text));
    if (::fdatasync(file.get()) != 0) return fail_io("cannot sync " + fresh, errno);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail_io("cannot replace " + path, errno);
  return {};
}

Result<> append_line(const std::string& path, std::string_view line) {
  const auto append = [&](const File& file) -> Result<> {
    // A torn line of a crash or of a full disk gets its end first, so that it spoils nothing but itself.
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    char last = '\n';
    if (size > 0 && ::pread(file.get(), &last, 1, size - 1) != 1) return fail_io("cannot read " + path, errno);
    if (last == '\n') return write_all(file, path, line);
    return write_all(file, path, "\n" + std::string(line));
  };
  constexpr int kFlags = O_RDWR | O_APPEND | O_CREAT;
  const File file(path, kFlags);
  if (file) return append(file);
  if (errno != ENOENT) return fail_io("cannot write " + path, errno);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  const File again(path, kFlags);
  if (!again) return fail_io("cannot write " + path, errno);
  return append(again);
}

}  // namespace weir::observe
