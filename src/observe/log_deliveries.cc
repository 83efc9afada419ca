#include "observe/log_deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "base/utf8.h"
#include "model/documents.h"
#include "observe/limits.h"

namespace weir::observe {

namespace {

// The milliseconds of "2026-11-21T07:19:00.123Z".
std::optional<std::int64_t> parse_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    std::from_chars(text.data() + at, text.data() + at + digits, value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok()) return std::nullopt;
  const auto time = std::chrono::hours(number(11, 2)) + std::chrono::minutes(number(14, 2)) +
                    std::chrono::seconds(number(17, 2)) + std::chrono::milliseconds(number(20, 3));
  return std::chrono::milliseconds(std::chrono::sys_days(day).time_since_epoch() + time).count();
}

struct OutputLine {
  std::int64_t time = 0;
  std::string_view text;
};

// Takes the first line off.
std::optional<OutputLine> take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view whole = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  const std::size_t first = whole.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : whole.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto time = parse_time(whole.substr(0, first));
  if (!time) return std::nullopt;
  return OutputLine{*time, whole.substr(second + 1)};
}

}  // namespace

// Lines become events.
class LogDeliveries::Batch {
 public:
  explicit Batch(const std::optional<Regex>& event_start) : event_start_(event_start) {}

  // `source`: where in the container's log the line ends.
  void add(const OutputLine& line, std::int64_t source) {
    const bool continues = open_ && event_start_ && !event_start_->found_in(line.text) &&
                           texts_.back().size() + 1 + line.text.size() <= kMaxLogEventBytes;
    if (continues) {
      texts_.back().append("\n").append(line.text);
      events_.back().source = source;
      return;
    }
    open_ = true;
    // CloudWatch Logs knows no empty event.
    if (line.text.empty()) {
      open_ = false;
      return;
    }
    texts_.emplace_back(line.text);
    events_.push_back({.timestamp = line.time, .source = source});
  }
  void add_note(std::int64_t time, std::string text, std::int64_t source) {
    texts_.push_back(std::move(text));
    events_.push_back({.timestamp = time, .source = source});
    open_ = false;
  }

  bool is_open() const { return event_start_ && open_ && !events_.empty(); }
  std::size_t size() const { return events_.size(); }
  std::int64_t last_time() const { return events_.back().timestamp; }
  // It is read again, with what follows it.
  void take_back_last() {
    texts_.pop_back();
    events_.pop_back();
  }

  std::span<const NewLogEvent> events() {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (!is_utf8(texts_[i])) texts_[i] = repaired_utf8(texts_[i]);
      events_[i].message = texts_[i];
    }
    return events_;
  }

 private:
  const std::optional<Regex>& event_start_;
  std::vector<std::string> texts_;
  std::vector<NewLogEvent> events_;
  bool open_ = false;  // the last event may have more lines
};

Result<> LogDeliveries::resume() {
  for (const auto& one : TRY(store::load_all<model::LogDelivery>(store_, ""))) begin(one.document);
  return {};
}

void LogDeliveries::begin(const model::LogDelivery& delivery) {
  const auto [place, fresh] = deliveries_[delivery.task].try_emplace(delivery.container);
  if (!fresh && place->second.document.stream == delivery.stream) return;
  place->second = {.document = delivery};
  if (delivery.event_start.empty()) return;
  if (auto compiled = Regex::compile(delivery.event_start)) place->second.event_start = std::move(*compiled);
}

std::set<std::string> LogDeliveries::tasks() const {
  std::set<std::string> tasks;
  for (const auto& [task, containers] : deliveries_) tasks.insert(task);
  return tasks;
}

LogDeliveries::Round LogDeliveries::deliver(const std::string& task, Timestamp now) {
  Round round;
  const auto found = deliveries_.find(task);
  if (found == deliveries_.end()) return round;
  for (auto one = found->second.begin(); one != found->second.end();) {
    one = carry(one->second, now, round) ? std::next(one) : found->second.erase(one);
  }
  if (found->second.empty()) deliveries_.erase(found);
  return round;
}

bool LogDeliveries::carry(Delivery& delivery, Timestamp now, Round& round) {
  const auto& document = delivery.document;
  if (!stream_is_there(delivery)) {
    drop(delivery);
    return false;
  }
  // Asked before it is read: what is there then is all there will ever be.
  const bool over = task_has_ended(delivery);
  if (!delivery.looked) {
    const auto figures = keep_.figures(document.stream);
    if (!figures) return failed(delivery, figures.error(), round);
    delivery.offset = figures->source;
    delivery.looked = true;
  }
  const auto chunk = source_.read(document.task, document.container, delivery.offset);
  if (!chunk && chunk.error().code != "NotFound") return failed(delivery, chunk.error(), round);
  if (!chunk || chunk->text.empty()) {
    if (over) drop(delivery);
    return !over;
  }

  Batch batch(delivery.event_start);
  std::int64_t at = chunk->next - static_cast<std::int64_t>(chunk->text.size());
  if (at > delivery.offset) {
    batch.add_note(
        now.millis,
        fmt::format("weir: {} bytes of this log were lost, they were not kept so long", at - delivery.offset), at);
  }
  for (std::string_view rest = chunk->text; !rest.empty();) {
    const std::size_t before = rest.size();
    const auto line = take_line(rest);
    at += static_cast<std::int64_t>(before - rest.size());
    if (line) batch.add(*line, at);
  }
  const bool held = hold_back(delivery, batch, *chunk, over, now, round);
  const auto events = batch.events();
  if (const auto kept = keep_.append(document.stream, events, now.millis); !kept) {
    return failed(delivery, kept.error(), round);
  }
  failing_.erase(document.stream);
  if (!held) {
    delivery.offset = chunk->next;
  } else if (!events.empty()) {
    delivery.offset = events.back().source;
  }
  return true;
}

// Whether the batch's last event waits for lines that continue it: those that are there already, or may come yet.
bool LogDeliveries::hold_back(const Delivery& delivery, Batch& batch, const LogSource::Chunk& chunk, bool over,
                              Timestamp now, Round& round) {
  if (!batch.is_open()) {
    round.more = true;  // perhaps: the next look says
    return false;
  }
  const auto after = source_.read(delivery.document.task, delivery.document.container, chunk.next);
  const bool more = after && !after->text.empty();
  const Timestamp until = Timestamp{batch.last_time()} + kHoldEvent;
  round.more |= more || over;
  // A line from later than now was written before the calendar was set back.
  const bool is_due = until <= now || until - now > kHoldEvent;
  if (more ? batch.size() < 2 : over || is_due) return false;
  batch.take_back_last();
  if (!more) round.until = round.until ? std::min(*round.until, until) : until;
  return true;
}

// One that was deleted, perhaps made anew since, is not written to.
bool LogDeliveries::stream_is_there(const Delivery& delivery) {
  const auto stream = store::peek<model::LogStream>(store_, delivery.document.stream_key);
  return !stream || (*stream && (**stream)->id == delivery.document.stream);
}

bool LogDeliveries::task_has_ended(const Delivery& delivery) {
  const auto& document = delivery.document;
  const model::Task named{.scope = document.scope, .cluster = document.cluster, .id = document.task};
  const auto task = store::peek<model::Task>(store_, named.key());
  return task && (!*task || (**task)->last_status == "STOPPED");
}

void LogDeliveries::drop(const Delivery& delivery) {
  const store::Write gone{{model::LogDelivery::kKind, delivery.document.key()}, std::nullopt};
  // Where it stays, it is taken up after a restart, and dropped then.
  (void)store_.commit({&gone, 1});
  failing_.erase(delivery.document.stream);
}

bool LogDeliveries::failed(const Delivery& delivery, const Error& error, Round& round) {
  round.failed = true;
  if (!failing_.insert(delivery.document.stream).second) return true;
  log_.warning(fmt::format("log groups: the output of task {}, container {} is delivered later: {}",
                           delivery.document.task, delivery.document.container, error.message));
  return true;
}

}  // namespace weir::observe
