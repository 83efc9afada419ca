#include "observe/log_keep.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "observe/file.h"
#include "observe/limits.h"

namespace weir::observe {

namespace fs = std::filesystem;

struct LogKeep::Segment {
  std::int64_t first = 0;  // sequence of its first event
  std::int64_t count = 0;
  std::int64_t from = 0;  // times of its oldest and newest event, where it has any
  std::int64_t to = 0;
  std::int64_t bytes = 0;
  bool closed = false;
  std::string path;  // empty in memory
  std::string text;  // in memory

  bool within(const LogRange& range) const {
    return count > 0 && to >= range.from.timestamp && from <= range.to.timestamp;
  }
  void note(std::int64_t timestamp) {
    from = count == 0 ? timestamp : std::min(from, timestamp);
    to = count == 0 ? timestamp : std::max(to, timestamp);
    ++count;
  }
};

struct LogKeep::Stream {
  std::string folder;  // empty in memory
  std::vector<Segment> segments;
  std::int64_t source = 0;
  std::int64_t ingested = -1;
  std::int64_t next() const { return segments.empty() ? 0 : segments.back().first + segments.back().count; }
};

namespace {

constexpr std::string_view kHead = "weir-log 1 ";

struct Line {
  std::int64_t timestamp = 0;
  std::int64_t ingested = 0;
  std::int64_t source = 0;
  std::string_view message;  // JSON
};

bool take_number(std::string_view& text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || length == text.size() || text[length] != ' ') return false;
  text.remove_prefix(length + 1);
  return true;
}

std::optional<Line> parse_line(std::string_view text) {
  Line line;
  if (!take_number(text, line.timestamp) || !take_number(text, line.ingested) || !take_number(text, line.source)) {
    return std::nullopt;
  }
  line.message = text;
  return line;
}

// Calls see(line, its number from 0) for each event of a segment's text that can be read.
template <class See>
void each_line(std::string_view text, See see) {
  std::int64_t number = -1;  // the head
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1);
    if (number >= 0) {
      if (const auto line = parse_line(text.substr(0, end))) see(*line, number);
    }
    ++number;
    text.remove_prefix(end + 1);
  }
}

Result<std::string> read_whole(const std::string& path) {
  const File file(path, O_RDONLY);
  if (!file) return fail_io("cannot read " + path, errno);
  std::string text;
  for (;;) {
    const std::size_t have = text.size();
    if (static_cast<std::int64_t>(have) >= kMaxLogSegmentBytes) return text;
    text.resize(have + (256 << 10));
    const ssize_t count = ::read(file.get(), text.data() + have, text.size() - have);
    text.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0) return fail_io("cannot read " + path, errno);
    if (count == 0) return text;
  }
}

// Adds all of `lines` to the end of the file, or nothing.
Result<> append_whole(const std::string& path, std::string_view lines, std::int64_t size, Durable durable) {
  const File file(path, O_WRONLY | O_APPEND | O_CREAT);
  if (!file) return fail_io("cannot write " + path, errno);
  std::size_t done = 0;
  while (done < lines.size()) {
    const ssize_t count = ::write(file.get(), lines.data() + done, lines.size() - done);
    if (count <= 0) {
      const int number = count < 0 ? errno : ENOSPC;
      if (done > 0 && ::ftruncate(file.get(), size) != 0) return fail_io("cannot truncate " + path, errno);
      return fail_io("cannot write " + path, number);
    }
    done += static_cast<std::size_t>(count);
  }
  if (durable == Durable::machine && ::fdatasync(file.get()) != 0) return fail_io("cannot sync " + path, errno);
  return {};
}

std::string lines_of(std::span<const NewLogEvent> events, std::int64_t now, std::int64_t source) {
  std::string lines;
  for (const auto& event : events) {
    source = std::max(source, event.source);
    lines += fmt::format("{} {} {} ", event.timestamp, now, source);
    Json(event.message).dump_to(lines);
    lines += '\n';
  }
  return lines;
}

}  // namespace

LogKeep::LogKeep(std::string directory, std::size_t segments, std::int64_t segment_bytes)
    : directory_(std::move(directory)), most_segments_(segments), segment_bytes_(segment_bytes) {}

LogKeep::~LogKeep() = default;

// --- opening ----------------------------------------------------------------------------------------------------

Result<LogKeep::Stream*> LogKeep::open(const std::string& id) {
  if (const auto found = streams_.find(id); found != streams_.end()) return found->second.get();
  check(!id.empty() && id.find_first_of("/.") == std::string::npos, "a stream's id can name a folder");
  auto stream = std::make_unique<Stream>();
  if (!directory_.empty()) {
    stream->folder = directory_ + "/" + id;
    TRY(load(*stream));
  }
  return (streams_[id] = std::move(stream)).get();
}

Result<> LogKeep::load(Stream& stream) {
  std::error_code error;
  for (const auto& file : fs::directory_iterator(stream.folder, error)) {
    Segment segment{.path = file.path()};
    const std::string name = file.path().stem();
    long long first = 0, count = 0, from = 0, to = 0;
    const int read = std::sscanf(name.c_str(), "%lld-%lld-%lld-%lld", &first, &count, &from, &to);
    if (file.path().extension() != ".log" || (read != 1 && read != 4)) continue;
    segment.first = first;
    segment.closed = read == 4;
    if (segment.closed) segment.count = count, segment.from = from, segment.to = to;
    segment.bytes = static_cast<std::int64_t>(file.file_size(error));
    stream.segments.push_back(std::move(segment));
  }
  std::ranges::sort(stream.segments, {}, &Segment::first);
  while (!stream.segments.empty()) {
    Segment& last = stream.segments.back();
    std::string text = TRY(read_whole(last.path));
    const std::size_t whole = text.rfind('\n') + 1;  // npos + 1 is 0
    if (whole == 0 || !text.starts_with(kHead)) {
      ::unlink(last.path.c_str());
      stream.segments.pop_back();
      continue;
    }
    if (whole < text.size() && ::truncate(last.path.c_str(), static_cast<off_t>(whole)) != 0) {
      return fail_io("cannot truncate " + last.path, errno);
    }
    text.resize(whole);
    last.bytes = static_cast<std::int64_t>(whole);
    std::from_chars(text.data() + kHead.size(), text.data() + text.size(), stream.source);
    if (!last.closed) last.count = 0;
    each_line(text, [&](const Line& line, std::int64_t) {
      if (!last.closed) last.note(line.timestamp);
      stream.source = std::max(stream.source, line.source);
      stream.ingested = std::max(stream.ingested, line.ingested);
    });
    // A line that cannot be read keeps its number.
    last.count = std::max(last.count, static_cast<std::int64_t>(std::ranges::count(text, '\n')) - 1);
    break;
  }
  return {};
}

// --- writing ----------------------------------------------------------------------------------------------------

Result<> LogKeep::begin_segment(Stream& stream, std::int64_t source) {
  Segment segment{.first = stream.next()};
  const std::string head = fmt::format("{}{}\n", kHead, source);
  segment.bytes = static_cast<std::int64_t>(head.size());
  if (directory_.empty()) {
    segment.text = head;
  } else {
    std::error_code error;
    fs::create_directories(stream.folder, error);
    segment.path = fmt::format("{}/{:020}.log", stream.folder, segment.first);
    ::unlink(segment.path.c_str());
    TRY(append_whole(segment.path, head, 0, Durable::process));
  }
  stream.segments.push_back(std::move(segment));
  if (stream.segments.size() > most_segments_) drop_oldest(stream);
  return {};
}

void LogKeep::close_segment(Stream& stream) {
  Segment& last = stream.segments.back();
  last.closed = true;
  if (last.path.empty()) return;
  const std::string closed =
      fmt::format("{}/{:020}-{}-{}-{}.log", stream.folder, last.first, last.count, last.from, last.to);
  if (::rename(last.path.c_str(), closed.c_str()) == 0) last.path = closed;
}

void LogKeep::drop_oldest(Stream& stream) {
  const Segment& oldest = stream.segments.front();
  if (!oldest.path.empty()) ::unlink(oldest.path.c_str());
  stream.segments.erase(stream.segments.begin());
}

Result<> LogKeep::append(const std::string& id, std::span<const NewLogEvent> events, std::int64_t now,
                         Durable durable) {
  if (events.empty()) return {};
  Stream& stream = *TRY(open(id));
  if (stream.segments.empty() || stream.segments.back().closed) TRY(begin_segment(stream, stream.source));
  Segment& last = stream.segments.back();
  const std::string lines = lines_of(events, now, stream.source);
  if (last.path.empty()) {
    last.text += lines;
  } else {
    TRY(append_whole(last.path, lines, last.bytes, durable));
  }
  last.bytes += static_cast<std::int64_t>(lines.size());
  for (const auto& event : events) {
    last.note(event.timestamp);
    stream.source = std::max(event.source, stream.source);
  }
  stream.ingested = now;
  if (last.bytes >= segment_bytes_) close_segment(stream);
  return {};
}

void LogKeep::expire(const std::string& id, std::int64_t before) {
  const auto opened = open(id);
  if (!opened) return;
  Stream& stream = **opened;
  if (!std::ranges::any_of(stream.segments, [&](const Segment& one) { return one.count > 0 && one.to < before; })) {
    return;
  }
  // The newest goes only once it has a successor, which says how far the source was taken over and counts on.
  Segment& last = stream.segments.back();
  if (last.count > 0 && last.to < before) {
    if (!last.closed) close_segment(stream);
    if (!begin_segment(stream, stream.source)) return;
  }
  std::erase_if(stream.segments, [&](const Segment& one) {
    const bool old = one.count > 0 && one.to < before;
    if (old && !one.path.empty()) ::unlink(one.path.c_str());
    return old;
  });
}

void LogKeep::remove(const std::string& id) {
  streams_.erase(id);
  std::error_code error;
  if (!directory_.empty()) fs::remove_all(directory_ + "/" + id, error);
}

void LogKeep::keep_only(const std::set<std::string>& streams) {
  std::vector<std::string> others;
  std::error_code error;
  if (!directory_.empty()) {
    for (const auto& folder : fs::directory_iterator(directory_, error)) {
      if (!streams.contains(folder.path().filename())) others.push_back(folder.path().filename());
    }
  }
  for (const auto& id : others) remove(id);
}

// --- reading ----------------------------------------------------------------------------------------------------

Result<std::string> LogKeep::text_of(const Segment& segment) const {
  return segment.path.empty() ? Result<std::string>(segment.text) : read_whole(segment.path);
}

namespace {

struct Found {
  LogPlace place;
  std::int64_t ingested = 0;
  std::string message;  // JSON
};

// The part that `range` asks for of events in order: not more than it wants, nor more bytes.
std::vector<LogEvent> part_of(std::vector<Found> found, const LogRange& range) {
  std::vector<LogEvent> events;
  std::size_t bytes = 0;
  if (range.newest) std::ranges::reverse(found);
  for (const auto& one : found) {
    bytes += one.message.size();
    if (!events.empty() && bytes > range.most_bytes) break;
    const auto message = Json::parse(one.message);
    if (!message) continue;
    events.push_back({one.place.timestamp, one.ingested, one.place.sequence, message->as_string()});
  }
  if (range.newest) std::ranges::reverse(events);
  return events;
}

}  // namespace

Result<std::vector<LogEvent>> LogKeep::read(const std::string& id, const LogRange& range) {
  const Stream& stream = *TRY(open(id));
  std::vector<const Segment*> segments;
  for (const auto& segment : stream.segments) {
    if (segment.within(range)) segments.push_back(&segment);
  }
  const auto nearest = [&](const Segment* one) { return range.newest ? -one->to : one->from; };
  std::ranges::stable_sort(segments, {}, nearest);
  std::vector<Found> found;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    // Enough where all that is left lies behind what is there.
    if (found.size() == range.most) {
      const std::int64_t edge = range.newest ? -found.front().place.timestamp : found.back().place.timestamp;
      if (edge < nearest(segments[i])) break;
    }
    const std::string text = TRY(text_of(*segments[i]));
    each_line(text, [&](const Line& line, std::int64_t number) {
      const LogPlace place{line.timestamp, segments[i]->first + number};
      if (place < range.from || !(place < range.to)) return;
      found.push_back({place, line.ingested, std::string(line.message)});
    });
    std::ranges::sort(found, {}, &Found::place);
    if (found.size() > range.most) {
      const auto extra = static_cast<std::ptrdiff_t>(found.size() - range.most);
      if (range.newest) {
        found.erase(found.begin(), found.begin() + extra);
      } else {
        found.erase(found.end() - extra, found.end());
      }
    }
  }
  return part_of(std::move(found), range);
}

Result<std::optional<std::int64_t>> LogKeep::earliest(const std::string& id, const LogRange& range) {
  const Stream& stream = *TRY(open(id));
  std::optional<std::int64_t> earliest;
  for (const auto& segment : stream.segments) {
    if (!segment.within(range)) continue;
    const std::int64_t from = std::max(segment.from, range.from.timestamp);
    earliest = earliest ? std::min(*earliest, from) : from;
  }
  return earliest;
}

Result<LogStreamFigures> LogKeep::figures(const std::string& id) {
  const Stream& stream = *TRY(open(id));
  LogStreamFigures figures{.ingested = stream.ingested, .source = stream.source};
  for (const auto& segment : stream.segments) {
    figures.bytes += segment.bytes;
    if (segment.count == 0) continue;
    figures.first = figures.events == 0 ? segment.from : std::min(figures.first, segment.from);
    figures.last = figures.events == 0 ? segment.to : std::max(figures.last, segment.to);
    figures.events += segment.count;
  }
  return figures;
}

}  // namespace weir::observe
