// PutLogEvents.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "api/logs/actions.h"
#include "api/logs/errors.h"
#include "api/logs/references.h"
#include "observe/log_keep.h"

namespace weir::api::logs {

namespace {

using std::chrono::milliseconds;

// As AWS has them.
constexpr std::size_t kMaxBatchBytes = 1'048'576;
constexpr std::size_t kBytesPerEvent = 26;
constexpr std::int64_t kMaxSpan = milliseconds(std::chrono::hours(24)).count();
constexpr std::int64_t kMaxAge = milliseconds(std::chrono::days(14)).count();
constexpr std::int64_t kMaxAhead = milliseconds(std::chrono::hours(2)).count();

Result<> check_batch(const std::vector<shapes::InputLogEvent>& events) {
  std::size_t bytes = 0;
  for (const auto& event : events) bytes += event.message.size() + kBytesPerEvent;
  if (bytes > kMaxBatchBytes) {
    return invalid_parameter(fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kMaxBatchBytes));
  }
  if (!std::ranges::is_sorted(events, {}, &shapes::InputLogEvent::timestamp)) {
    return invalid_parameter("Log events in a single PutLogEvents request must be in chronological order.");
  }
  if (!events.empty() && events.back().timestamp - events.front().timestamp > kMaxSpan) {
    return invalid_parameter(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return {};
}

}  // namespace

Result<shapes::PutLogEventsResponse> put_log_events(Context& context, LogKeep& keep,
                                                    const shapes::PutLogEventsRequest& request) {
  const auto stream = TRY(find_stream(context, request.logGroupName, request.logStreamName));
  const auto group = TRY(find_group(context, request.logGroupName));
  TRY(check_batch(request.logEvents));
  const std::int64_t now = context.now.millis;
  const std::int64_t retained = retained_from(group.document, context.now);
  shapes::RejectedLogEventsInfo rejected;
  std::vector<observe::NewLogEvent> events;
  for (std::size_t i = 0; i < request.logEvents.size(); ++i) {
    const auto& event = request.logEvents[i];
    const auto at = static_cast<std::int32_t>(i);
    if (event.timestamp < now - kMaxAge) {
      rejected.tooOldLogEventEndIndex = at + 1;
    } else if (event.timestamp < retained) {
      rejected.expiredLogEventEndIndex = at + 1;
    } else if (event.timestamp > now + kMaxAhead) {
      rejected.tooNewLogEventStartIndex = rejected.tooNewLogEventStartIndex.value_or(at);
    } else {
      events.push_back({event.timestamp, event.message});
    }
  }
  const auto kept = keep.append(stream.document.id, events, now, observe::Durable::machine);
  if (!kept) return fail(kServerError, kept.error().message, kept.error().source);
  shapes::PutLogEventsResponse response{.nextSequenceToken =
                                            fmt::format("49{:054}", TRY(keep.figures(stream.document.id)).events + 1)};
  if (rejected.tooOldLogEventEndIndex || rejected.expiredLogEventEndIndex || rejected.tooNewLogEventStartIndex) {
    response.rejectedLogEventsInfo = rejected;
  }
  return response;
}

}  // namespace weir::api::logs
