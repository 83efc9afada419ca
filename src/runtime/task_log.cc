#include "runtime/task_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>

#include "runtime/files.h"
#include "runtime/limits.h"

namespace weir::runtime {
namespace {

namespace fs = std::filesystem;

std::string segment_path(const std::string& prefix, std::int64_t begin) {
  return fmt::format("{}.{:020}.log", prefix, begin);
}

// The parts of "<container>.<20 digits>.log".
bool split_segment(const std::string& file, std::string& container, std::int64_t& begin) {
  constexpr std::size_t kTail = 1 + 20 + 4;
  if (file.size() <= kTail || !file.ends_with(".log") || file[file.size() - kTail] != '.') return false;
  container = file.substr(0, file.size() - kTail);
  const char* digits = file.data() + file.size() - kTail + 1;
  return std::from_chars(digits, digits + 20, begin).ptr == digits + 20;
}

// Up to `most` bytes at `offset`.
Result<std::string> read_part(const std::string& path, std::int64_t offset, std::size_t most) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_file("cannot read " + path, errno);
  std::string part(most, '\0');
  std::size_t have = 0;
  while (have < most) {
    const ssize_t count = pread(fd.get(), part.data() + have, most - have, offset + static_cast<std::int64_t>(have));
    if (count < 0) return fail_file("cannot read " + path, errno);
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  part.resize(have);
  return part;
}

// The length of `text` less a character of UTF-8 that is only begun at its end.
std::size_t whole_characters(std::string_view text) {
  for (std::size_t tail = 1; tail <= std::min<std::size_t>(3, text.size()); ++tail) {
    const auto byte = static_cast<unsigned char>(text[text.size() - tail]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return size > tail ? text.size() - tail : text.size();
  }
  return text.size();
}

}  // namespace

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// --- writing ----------------------------------------------------------------------------------------------------

LogWriter::LogWriter(std::string directory, std::string container, const Clock& clock)
    : prefix_(directory + "/" + container), clock_(clock) {}

void LogWriter::write(LogStream stream, std::string_view bytes) {
  std::string& partial = partial_[static_cast<std::size_t>(stream)];
  while (!bytes.empty()) {
    const std::size_t room = kLogLineBytes - partial.size();
    const std::size_t end = bytes.substr(0, room).find('\n');
    if (end != std::string_view::npos) {
      partial += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
    } else {
      partial += bytes.substr(0, room);
      bytes.remove_prefix(std::min(room, bytes.size()));
      if (partial.size() < kLogLineBytes) break;
      // A line of exactly that length is no reason for an empty one after it.
      if (bytes.starts_with('\n')) {
        bytes.remove_prefix(1);
      } else if (const std::size_t cut = whole_characters(partial); cut < partial.size()) {
        add_line(stream, std::string_view(partial).substr(0, cut));
        partial.erase(0, cut);
        continue;
      }
    }
    add_line(stream, partial);
    partial.clear();
  }
  flush();
}

void LogWriter::finish() {
  for (const auto stream : {LogStream::out, LogStream::error}) {
    std::string& partial = partial_[static_cast<std::size_t>(stream)];
    if (!partial.empty()) add_line(stream, partial);
    partial.clear();
  }
  flush();
}

void LogWriter::add_line(LogStream stream, std::string_view text) {
  lines_ += to_iso8601(clock_.wall());
  lines_ += stream == LogStream::out ? " stdout " : " stderr ";
  lines_ += text;
  lines_ += '\n';
}

void LogWriter::flush() {
  if (lines_.empty()) return;
  if (lost_ > 0) {
    lines_ = fmt::format("{} stderr weir: {} bytes of this log were lost, there was no room\n",
                         to_iso8601(clock_.wall()), lost_) +
             lines_;
  }
  if (!segment_ || size_ >= static_cast<std::int64_t>(kLogSegmentBytes)) next_segment();
  const ssize_t count = ::write(segment_.get(), lines_.data(), lines_.size());
  if (count == static_cast<ssize_t>(lines_.size())) {
    size_ += count;
    lost_ = 0;
  } else {
    // A torn line would be worse than a missing one.
    if (count > 0 && ftruncate(segment_.get(), size_) != 0) size_ += count;
    lost_ += static_cast<std::int64_t>(lines_.size());
  }
  lines_.clear();
}

void LogWriter::next_segment() {
  const std::int64_t begin = begin_ + size_;
  net::Fd fresh(open(segment_path(prefix_, begin).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fresh) return;
  segment_ = std::move(fresh);
  begin_ = begin;
  size_ = 0;
  segments_.push_back(begin);
  if (segments_.size() <= kLogSegments) return;
  unlink(segment_path(prefix_, segments_.front()).c_str());
  segments_.erase(segments_.begin());
}

// --- reading ----------------------------------------------------------------------------------------------------

std::vector<std::string> TaskLog::containers(std::string_view task) const {
  std::set<std::string> names;
  std::string container;
  std::int64_t begin = 0;
  std::error_code error;
  if (!is_plain_name(task)) return {};
  for (const auto& file : fs::directory_iterator(fmt::format("{}/{}", directory_, task), error)) {
    if (split_segment(file.path().filename(), container, begin)) names.insert(container);
  }
  return {names.begin(), names.end()};
}

Result<std::vector<TaskLog::Segment>> TaskLog::segments(std::string_view task, std::string_view container) const {
  std::vector<Segment> found;
  std::string name;
  std::int64_t begin = 0;
  std::error_code error;
  if (is_plain_name(task)) {
    for (const auto& file : fs::directory_iterator(fmt::format("{}/{}", directory_, task), error)) {
      if (!split_segment(file.path().filename(), name, begin) || name != container) continue;
      found.push_back({begin, file.path()});
    }
  }
  if (found.empty()) return fail("NotFound", fmt::format("the task {} has no log of {}", task, container));
  std::ranges::sort(found, {}, &Segment::begin);
  return found;
}

Result<TaskLog::Chunk> TaskLog::read(std::string_view task, std::string_view container, std::int64_t offset) const {
  const auto all = TRY(segments(task, container));
  Chunk chunk{"", std::max(offset, all.front().begin)};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + 1 < all.size() && all[i + 1].begin <= chunk.next) continue;
    auto part = read_part(all[i].path, chunk.next - all[i].begin, kLogChunkBytes);
    if (!part && part.error().code == "NotFound") continue;  // dropped in this moment
    if (!part) return std::unexpected(part.error());
    part->resize(part->rfind('\n') + 1);  // npos + 1 is 0
    if (part->empty()) continue;
    chunk.next += static_cast<std::int64_t>(part->size());
    chunk.text = std::move(*part);
    break;
  }
  return chunk;
}

Result<std::int64_t> TaskLog::tail(std::string_view task, std::string_view container, std::size_t lines) const {
  const auto all = TRY(segments(task, container));
  for (auto segment = all.rbegin(); segment != all.rend(); ++segment) {
    const auto text = read_part(segment->path, 0, 2 * kLogSegmentBytes);
    if (!text) return segment == all.rbegin() ? all.front().begin : std::prev(segment)->begin;
    std::size_t at = text->rfind('\n') + 1;
    for (; lines > 0 && at > 0; --lines) at = at < 2 ? 0 : text->rfind('\n', at - 2) + 1;
    if (lines == 0) return segment->begin + static_cast<std::int64_t>(at);
  }
  return all.front().begin;
}

void TaskLog::trim(std::size_t kept, const std::vector<std::string>& in_use) const {
  std::vector<std::pair<fs::file_time_type, fs::path>> logs;
  std::error_code error;
  for (const auto& task : fs::directory_iterator(directory_, error)) {
    if (std::ranges::find(in_use, task.path().filename().string()) != in_use.end()) continue;
    std::error_code ignored;
    logs.emplace_back(fs::last_write_time(task.path(), ignored), task.path());
  }
  if (logs.size() <= kept) return;
  std::ranges::sort(logs);
  for (std::size_t i = 0; i < logs.size() - kept; ++i) remove_tree(logs[i].second);
}

}  // namespace weir::runtime
