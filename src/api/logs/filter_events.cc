// FilterLogEvents: the events of many streams in the order of time, those that match a pattern. A page ends with its
// limit, or when enough was looked at; its token names the last event that was looked at.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <queue>

#include "api/arn.h"
#include "api/logs/actions.h"
#include "api/logs/errors.h"
#include "api/logs/references.h"
#include "api/paging.h"
#include "observe/filter_pattern.h"
#include "observe/log_keep.h"

namespace weir::api::logs {

namespace {

using observe::LogEvent;
using observe::LogPlace;
using observe::LogRange;

constexpr std::int32_t kEventsPerPage = 10'000;
constexpr std::size_t kPageBytes = 1 << 20;       // of messages given
constexpr std::size_t kLookedAtBytes = 32 << 20;  // of messages looked at for one page
constexpr std::size_t kBatchEvents = 1000;        // read from one stream at once
constexpr std::size_t kBatchBytes = 128 << 10;

// The last event looked at, in the order of (time, stream, sequence).
struct Mark {
  std::int64_t timestamp = -1;
  std::int64_t sequence = 0;
  std::string stream;
};

std::string token_of(const Mark& mark) {
  return page_token(fmt::format("{} {} {}", mark.timestamp, mark.sequence, mark.stream));
}

Result<Mark> mark_of(const std::string& token) {
  Mark mark;
  const auto text = page_position(token);
  if (!text) return invalid_token();
  std::string_view rest = *text;
  for (std::int64_t* number : {&mark.timestamp, &mark.sequence}) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *number);
    const auto length = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc() || length == rest.size() || rest[length] != ' ' || *number < 0) return invalid_token();
    rest.remove_prefix(length + 1);
  }
  mark.stream = rest;
  return mark;
}

// One stream's events, read in batches and only when their time has come.
class Cursor {
 public:
  Cursor(LogKeep& keep, model::LogStream stream, LogRange range)
      : keep_(keep), stream_(std::move(stream)), range_(range) {
    range_.most = kBatchEvents;
    range_.most_bytes = kBatchBytes;
  }

  const model::LogStream& stream() const { return stream_; }
  // No later than the next event; none at the end.
  Result<std::optional<std::int64_t>> earliest() {
    if (at_ < batch_.size()) return batch_[at_].timestamp;
    if (done_) return std::nullopt;
    return keep_.earliest(stream_.id, range_);
  }
  // Whether head() is there. Where it is not, it is read, which may show that its time is later than earliest() said.
  bool ready() const { return at_ < batch_.size(); }
  Result<> fetch() {
    batch_ = TRY(keep_.read(stream_.id, range_));
    at_ = 0;
    done_ = batch_.empty();
    if (!done_) range_.from = {batch_.back().timestamp, batch_.back().sequence + 1};
    return {};
  }
  const LogEvent& head() const { return batch_[at_]; }
  void advance() { ++at_; }

 private:
  LogKeep& keep_;
  const model::LogStream stream_;
  LogRange range_;
  std::vector<LogEvent> batch_;
  std::size_t at_ = 0;
  bool done_ = false;
};

// Unique over all streams: time, place in the stream, and the stream's id.
std::string event_id(const model::LogStream& stream, const LogEvent& event) {
  std::uint64_t id = 0;
  std::from_chars(stream.id.data(), stream.id.data() + std::min<std::size_t>(stream.id.size(), 16), id, 16);
  return fmt::format("{:020}{:016}{:020}", event.timestamp, event.sequence, id);
}

Result<std::vector<model::LogStream>> streams_asked(Context& context, const std::string& group,
                                                    const shapes::FilterLogEventsRequest& request) {
  if (request.logStreamNames && request.logStreamNamePrefix) {
    return invalid_parameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.");
  }
  std::vector<model::LogStream> streams;
  if (!request.logStreamNames) {
    for (auto& one : TRY(streams_of(context, group, request.logStreamNamePrefix.value_or("")))) {
      streams.push_back(std::move(one.document));
    }
    return streams;
  }
  for (const auto& name : *request.logStreamNames) {
    streams.push_back(TRY(find_stream(context, group, name)).document);
  }
  std::ranges::sort(streams, {}, &model::LogStream::name);
  const auto twice = std::ranges::unique(streams, {}, &model::LogStream::name);
  streams.erase(twice.begin(), twice.end());
  return streams;
}

// Where a stream is read on after `mark`.
LogPlace resume(const Mark& mark, const std::string& stream) {
  if (stream == mark.stream) return {mark.timestamp, mark.sequence + 1};
  return {mark.timestamp + (stream < mark.stream ? 1 : 0), 0};
}

// Gathers one page.
class Search {
 public:
  Search(observe::FilterPattern pattern, std::size_t most) : pattern_(std::move(pattern)), most_(most) {}

  Result<> add(std::unique_ptr<Cursor> cursor) {
    cursors_.push_back(std::move(cursor));
    return queue(cursors_.size() - 1);
  }

  Result<shapes::FilterLogEventsResponse> run() {
    shapes::FilterLogEventsResponse response;
    response.events.emplace();
    response.searchedLogStreams.emplace();
    while (!queue_.empty()) {
      const std::size_t at = queue_.top().second;
      Cursor& cursor = *cursors_[at];
      if (cursor.ready()) {
        if (is_full(*response.events, cursor.head())) {
          response.nextToken = token_of(last_);
          break;
        }
        queue_.pop();
        look_at(cursor, *response.events);
      } else {
        queue_.pop();
        TRY(cursor.fetch());
      }
      TRY(queue(at));
    }
    return response;
  }

 private:
  // By time, then by the stream's place in the order of names.
  using Entry = std::pair<std::int64_t, std::size_t>;

  Result<> queue(std::size_t at) {
    if (const auto earliest = TRY(cursors_[at]->earliest())) queue_.emplace(*earliest, at);
    return {};
  }

  bool is_full(const std::vector<shapes::FilteredLogEvent>& events, const LogEvent& next) const {
    if (events.size() == most_ || looked_at_ > kLookedAtBytes) return true;
    return !events.empty() && bytes_ + next.message.size() > kPageBytes;
  }

  void look_at(Cursor& cursor, std::vector<shapes::FilteredLogEvent>& events) {
    const LogEvent& event = cursor.head();
    looked_at_ += event.message.size() + 1;
    last_ = {event.timestamp, event.sequence, cursor.stream().name};
    if (pattern_.matches(event.message)) {
      bytes_ += event.message.size();
      events.push_back({.logStreamName = cursor.stream().name,
                        .timestamp = event.timestamp,
                        .message = event.message,
                        .ingestionTime = event.ingested,
                        .eventId = event_id(cursor.stream(), event)});
    }
    cursor.advance();
  }

  const observe::FilterPattern pattern_;
  const std::size_t most_;
  std::vector<std::unique_ptr<Cursor>> cursors_;  // in the order of the streams' names
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  Mark last_;
  std::size_t bytes_ = 0;
  std::size_t looked_at_ = 0;
};

}  // namespace

Result<shapes::FilterLogEventsResponse> filter_log_events(Context& context, LogKeep& keep,
                                                          const shapes::FilterLogEventsRequest& request) {
  const std::string name = TRY(group_name(context, request.logGroupName, request.logGroupIdentifier));
  const auto group = TRY(find_group(context, name));
  Search search(TRY(observe::FilterPattern::parse(request.filterPattern.value_or(""))),
                static_cast<std::size_t>(request.limit.value_or(kEventsPerPage)));
  const Mark mark = request.nextToken ? TRY(mark_of(*request.nextToken)) : Mark{};

  LogRange range;
  range.from.timestamp = std::max(request.startTime.value_or(0), retained_from(group.document, context.now));
  // The end belongs to the range.
  if (request.endTime && *request.endTime < std::numeric_limits<std::int64_t>::max())
    range.to = {*request.endTime + 1, 0};
  for (auto& stream : TRY(streams_asked(context, name, request))) {
    LogRange rest = range;
    if (request.nextToken) rest.from = std::max(rest.from, resume(mark, stream.name));
    TRY(search.add(std::make_unique<Cursor>(keep, std::move(stream), rest)));
  }
  return search.run();
}

}  // namespace weir::api::logs
