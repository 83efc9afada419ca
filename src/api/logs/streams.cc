// The operations on log streams.
#include <fmt/format.h>

#include "api/arn.h"
#include "api/logs/actions.h"
#include "api/logs/errors.h"
#include "api/logs/references.h"
#include "api/paging.h"
#include "api/writing.h"
#include "observe/log_keep.h"

namespace weir::api::logs {

namespace {

constexpr std::int32_t kStreamsPerPage = 50;

Result<shapes::CreateLogStreamResponse> try_create(Context& context, const shapes::CreateLogStreamRequest& request) {
  TRY(find_group(context, request.logGroupName));
  model::LogStream stream{.scope = scope_of(context),
                          .group = request.logGroupName,
                          .name = request.logStreamName,
                          .created_at = context.now};
  if (TRY(store::load<model::LogStream>(context.store, stream.key()))) {
    return already_exists("The specified log stream already exists");
  }
  stream.id = context.random.hex(32);
  TRY(commit(context, {store::put(stream, store::Expect::kAbsent)}));
  return shapes::CreateLogStreamResponse{};
}

shapes::LogStream shown(const Context& context, const model::LogStream& stream,
                        const observe::LogStreamFigures& figures) {
  shapes::LogStream shown{
      .logStreamName = stream.name,
      .creationTime = stream.created_at.millis,
      .uploadSequenceToken = fmt::format("49{:054}", figures.events + 1),
      .arn = fmt::format("{}:log-stream:{}", group_arn(context, stream.group), stream.name),
      .storedBytes = 0,  // AWS says so of every stream
  };
  if (figures.events > 0) {
    shown.firstEventTimestamp = figures.first;
    shown.lastEventTimestamp = figures.last;
  }
  if (figures.ingested >= 0) shown.lastIngestionTime = figures.ingested;
  return shown;
}

}  // namespace

Result<shapes::CreateLogStreamResponse> create_log_stream(Context& context,
                                                          const shapes::CreateLogStreamRequest& request) {
  return writing(kServerError, [&] { return try_create(context, request); });
}

Result<shapes::DeleteLogStreamResponse> delete_log_stream(Context& context, LogKeep& keep,
                                                          const shapes::DeleteLogStreamRequest& request) {
  const auto deleted = writing(kServerError, [&]() -> Result<std::string> {
    const auto stream = TRY(find_stream(context, request.logGroupName, request.logStreamName));
    TRY(commit(context, {store::erase(stream)}));
    return stream.document.id;
  });
  if (!deleted) return std::unexpected(deleted.error());
  keep.remove(*deleted);
  return shapes::DeleteLogStreamResponse{};
}

Result<shapes::DescribeLogStreamsResponse> describe_log_streams(Context& context, LogKeep& keep,
                                                                const shapes::DescribeLogStreamsRequest& request) {
  const std::string group = TRY(group_name(context, request.logGroupName, request.logGroupIdentifier));
  TRY(find_group(context, group));
  const bool by_time = request.orderBy == "LastEventTime";
  const std::string prefix = request.logStreamNamePrefix.value_or("");
  if (by_time && !prefix.empty()) {
    return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  std::vector<Positioned<shapes::LogStream>> all;
  for (const auto& stream : TRY(streams_of(context, group, prefix))) {
    const auto figures = by_time ? TRY(keep.figures(stream.document.id)) : observe::LogStreamFigures{};
    const std::string time = by_time ? position_number(figures.last) : "";
    all.push_back({time + stream.document.name, shown(context, stream.document, figures)});
  }
  auto page = page_of(std::move(all), request.nextToken.value_or(""),
                      static_cast<std::size_t>(request.limit.value_or(kStreamsPerPage)),
                      request.descending.value_or(false) ? Order::descending : Order::ascending);
  if (!page) return invalid_token();
  if (!by_time) {
    // Only those of the page are looked at.
    for (auto& item : page->items) {
      const auto stream = TRY(find_stream(context, group, *item.logStreamName)).document;
      item = shown(context, stream, TRY(keep.figures(stream.id)));
    }
  }
  return shapes::DescribeLogStreamsResponse{std::move(page->items), std::move(page->next)};
}

}  // namespace weir::api::logs
