// GetLogEvents: one stream, forwards or backwards. A token is "f/" or "b/" and a place between two events in 56 digits:
// forwards from there, or backwards. At either end the token stays the same, as clients expect.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/logs/actions.h"
#include "api/logs/errors.h"
#include "api/logs/references.h"
#include "observe/log_keep.h"

namespace weir::api::logs {

namespace {

using observe::LogPlace;

constexpr std::size_t kTimeDigits = 20;
constexpr std::size_t kPlaceDigits = 56;

std::string token(char direction, LogPlace place) {
  return fmt::format("{}/{:020}{:036}/s", direction, place.timestamp, place.sequence);
}

struct Token {
  bool forward = true;
  LogPlace place;
};

Result<Token> parse_token(std::string_view text) {
  Token read;
  if (text.size() != 2 + kPlaceDigits + 2 || (text[0] != 'f' && text[0] != 'b') || text[1] != '/' ||
      !text.ends_with("/s")) {
    return invalid_token();
  }
  const auto number = [](std::string_view digits, std::int64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() && value >= 0;
  };
  read.forward = text[0] == 'f';
  if (!number(text.substr(2, kTimeDigits), read.place.timestamp) ||
      !number(text.substr(2 + kTimeDigits, kPlaceDigits - kTimeDigits), read.place.sequence)) {
    return invalid_token();
  }
  return read;
}

}  // namespace

Result<shapes::GetLogEventsResponse> get_log_events(Context& context, LogKeep& keep,
                                                    const shapes::GetLogEventsRequest& request) {
  const std::string name = TRY(group_name(context, request.logGroupName, request.logGroupIdentifier));
  const auto group = TRY(find_group(context, name));
  const auto stream = TRY(find_stream(context, name, request.logStreamName));
  Token from{.forward = request.startFromHead.value_or(false)};
  if (request.nextToken) from = TRY(parse_token(*request.nextToken));

  observe::LogRange range;
  range.from.timestamp = std::max(request.startTime.value_or(0), retained_from(group.document, context.now));
  if (request.endTime) range.to = {*request.endTime, 0};
  if (request.nextToken) {
    if (from.forward) {
      range.from = std::max(range.from, from.place);
    } else {
      range.to = std::min(range.to, from.place);
    }
  }
  if (request.limit) range.most = static_cast<std::size_t>(*request.limit);
  range.newest = !from.forward;

  const auto events = TRY(keep.read(stream.document.id, range));
  shapes::GetLogEventsResponse response;
  response.events.emplace();
  for (const auto& event : events) {
    response.events->push_back(
        {.timestamp = event.timestamp, .message = event.message, .ingestionTime = event.ingested});
  }
  const LogPlace here = request.nextToken ? from.place : range.from;
  const LogPlace begin = events.empty() ? here : LogPlace{events.front().timestamp, events.front().sequence};
  const LogPlace end = events.empty() ? here : LogPlace{events.back().timestamp, events.back().sequence + 1};
  response.nextForwardToken = token('f', end);
  response.nextBackwardToken = token('b', begin);
  return response;
}

}  // namespace weir::api::logs
