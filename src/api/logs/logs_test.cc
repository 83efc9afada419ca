// The operations of logs over a store and a LogKeep in memory.
#include <fmt/format.h>

#include <set>

#include "api/test_world.h"

namespace weir::api {
namespace {

class Logs : public TestWorld {
 protected:
  Json logs(const char* operation, const std::string& request) { return expect_reply("logs", operation, request); }
  void group(const std::string& name) { logs("CreateLogGroup", fmt::format(R"({{"logGroupName":"{}"}})", name)); }
  void stream(const std::string& group, const std::string& name) {
    logs("CreateLogStream", fmt::format(R"({{"logGroupName":"{}","logStreamName":"{}"}})", group, name));
  }
  // Times are counted from now.
  Json put(const std::string& group, const std::string& stream,
           const std::vector<std::pair<std::int64_t, std::string>>& events) {
    Json list = Json::array();
    for (const auto& [at, message] : events) {
      Json event = Json::object();
      event.set("timestamp", now() + at);
      event.set("message", message);
      list.push(std::move(event));
    }
    return logs("PutLogEvents", fmt::format(R"({{"logGroupName":"{}","logStreamName":"{}","logEvents":{}}})", group,
                                            stream, list.dump()));
  }
  std::int64_t now() const { return clock.wall().millis; }
  static std::string messages(const Json& reply) {
    std::string all;
    for (const auto& event : reply["events"].items()) all += event["message"].as_string() + " ";
    return all;
  }
  Json get(const std::string& more) {
    return logs("GetLogEvents", fmt::format(R"({{"logGroupName":"g","logStreamName":"s"{}}})", more));
  }
  Json filter(const std::string& more) {
    return logs("FilterLogEvents", fmt::format(R"({{"logGroupName":"g"{}}})", more));
  }
  static std::string with_token(const Json& reply, const char* which, const std::string& more = "") {
    return fmt::format(R"(,"nextToken":"{}"{})", reply[which].as_string(), more);
  }
};

TEST_F(Logs, GroupsAreMadeListedKeptAndDeleted) {
  for (const char* name : {"/ecs/web", "/ecs/api", "other"}) group(name);
  auto reply = logs("DescribeLogGroups", R"({"logGroupNamePrefix":"/ecs/","limit":1})");
  const Json& first = reply["logGroups"].items().at(0);
  EXPECT_EQ(first["logGroupName"].as_string(), "/ecs/api");
  EXPECT_EQ(first["arn"].as_string(), "arn:aws:logs:eu-central-1:000000000000:log-group:/ecs/api:*");
  EXPECT_EQ(first["creationTime"].as_int(), now());
  EXPECT_EQ(first.find("retentionInDays"), nullptr);
  reply =
      logs("DescribeLogGroups", fmt::format(R"({{"logGroupNamePrefix":"/ecs/"{}}})", with_token(reply, "nextToken")));
  EXPECT_EQ(reply["logGroups"].items().at(0)["logGroupName"].as_string(), "/ecs/web");
  EXPECT_EQ(reply.find("nextToken"), nullptr);
  EXPECT_EQ(logs("DescribeLogGroups", R"({"logGroupNamePattern":"the"})")["logGroups"].items().size(), 1u);

  logs("PutRetentionPolicy", R"({"logGroupName":"other","retentionInDays":7})");
  EXPECT_EQ(
      logs("DescribeLogGroups", R"({"logGroupNamePrefix":"other"})")["logGroups"].items().at(0)["retentionInDays"],
      Json(7));
  logs("DeleteRetentionPolicy", R"({"logGroupName":"other"})");
  logs("DeleteLogGroup", R"({"logGroupName":"other"})");
  EXPECT_EQ(logs("DescribeLogGroups", "{}")["logGroups"].items().size(), 2u);
}

TEST_F(Logs, AGroupThatIsMadeAgainIsEmpty) {
  group("g");
  stream("g", "s");
  put("g", "s", {{0, "a"}});
  logs("DeleteLogGroup", R"({"logGroupName":"g"})");
  group("g");
  EXPECT_TRUE(logs("DescribeLogStreams", R"({"logGroupName":"g"})")["logStreams"].items().empty());
  stream("g", "s");
  EXPECT_EQ(messages(get("")), "");
}

TEST_F(Logs, TagsAreOfTheGroup) {
  group("g");
  const std::string arn = R"("resourceArn":"arn:aws:logs:eu-central-1:000000000000:log-group:g")";
  logs("TagResource", "{" + arn + R"(,"tags":{"a":"1","b":"2"}})");
  logs("TagLogGroup", R"({"logGroupName":"g","tags":{"c":"3"}})");
  logs("UntagResource", "{" + arn + R"(,"tagKeys":["a"]})");
  EXPECT_EQ(logs("ListTagsForResource", "{" + arn + "}").dump(), R"({"tags":{"b":"2","c":"3"}})");
  logs("UntagLogGroup", R"({"logGroupName":"g","tags":["b"]})");
  EXPECT_EQ(logs("ListTagsLogGroup", R"({"logGroupName":"g"})").dump(), R"({"tags":{"c":"3"}})");
}

TEST_F(Logs, StreamsAreListedByNameOrByTheirLastEvent) {
  group("g");
  for (const char* name : {"a", "b", "c"}) stream("g", name);
  put("g", "a", {{-5, "x"}});
  put("g", "c", {{-9, "x"}});
  const auto names = [&](const std::string& more) {
    std::string all;
    Json reply = logs("DescribeLogStreams", R"({"logGroupName":"g")" + more + "}");
    for (const auto& one : reply["logStreams"].items()) all += one["logStreamName"].as_string();
    return all;
  };
  EXPECT_EQ(names(""), "abc");
  EXPECT_EQ(names(R"(,"descending":true)"), "cba");
  EXPECT_EQ(names(R"(,"orderBy":"LastEventTime")"), "bca");
  EXPECT_EQ(names(R"(,"orderBy":"LastEventTime","descending":true)"), "acb");
  EXPECT_EQ(names(R"(,"logStreamNamePrefix":"b")"), "b");
  const Json page = logs("DescribeLogStreams", R"({"logGroupName":"g","limit":2})");
  EXPECT_EQ(names(with_token(page, "nextToken")), "c");
  const Json& shown = page["logStreams"].items().at(0);
  EXPECT_EQ(shown["firstEventTimestamp"].as_int(), now() - 5);
  EXPECT_EQ(shown["lastIngestionTime"].as_int(), now());
  EXPECT_EQ(shown["arn"].as_string(), "arn:aws:logs:eu-central-1:000000000000:log-group:g:log-stream:a");
}

TEST_F(Logs, EventsAreReadInBothDirectionsAndTheTokenStaysAtTheEnd) {
  group("g");
  stream("g", "s");
  for (int i = 0; i < 10; ++i) put("g", "s", {{i, std::to_string(i)}});
  const std::string two = R"(,"limit":2)";
  EXPECT_EQ(messages(get("")), "0 1 2 3 4 5 6 7 8 9 ");
  Json page = get(two);
  EXPECT_EQ(messages(page), "8 9 ");
  Json back = get(with_token(page, "nextBackwardToken", two));
  EXPECT_EQ(messages(back), "6 7 ");
  EXPECT_EQ(messages(get(with_token(back, "nextForwardToken", two))), "8 9 ");
  const Json end = get(with_token(page, "nextForwardToken"));
  EXPECT_EQ(messages(end), "");
  EXPECT_EQ(end["nextForwardToken"], page["nextForwardToken"]);
  EXPECT_EQ(messages(get(with_token(end, "nextBackwardToken", two))), "8 9 ");
  put("g", "s", {{20, "new"}});
  EXPECT_EQ(messages(get(with_token(end, "nextForwardToken"))), "new ");

  std::string all;
  page = get(R"(,"limit":3,"startFromHead":true)");
  for (int pages = 0; !messages(page).empty() && pages < 10; ++pages) {
    all += messages(page);
    page = get(with_token(page, "nextForwardToken", R"(,"limit":3,"startFromHead":true)"));
  }
  EXPECT_EQ(all, "0 1 2 3 4 5 6 7 8 9 new ");
  EXPECT_EQ(messages(get(fmt::format(R"(,"startTime":{},"endTime":{})", now() + 3, now() + 5))), "3 4 ");
}

TEST_F(Logs, FilteringGoesThroughAllStreamsInTheOrderOfTime) {
  group("g");
  for (const char* name : {"a", "b", "c"}) stream("g", name);
  put("g", "b", {{1, "b1"}, {3, "b3 ERROR"}, {3, "b3 again"}});
  put("g", "a", {{0, "a0"}, {3, "a3"}, {9, "a9 ERROR"}});
  put("g", "c", {{2, "c2 ERROR"}, {4, R"({"level":"ERROR"})"}});
  EXPECT_EQ(messages(filter("")), "a0 b1 c2 ERROR a3 b3 ERROR b3 again {\"level\":\"ERROR\"} a9 ERROR ");
  EXPECT_EQ(messages(filter(R"(,"filterPattern":"ERROR -level")")), "c2 ERROR b3 ERROR a9 ERROR ");
  EXPECT_EQ(messages(filter(R"(,"filterPattern":"{ $.level = \"ERROR\" }")")), "{\"level\":\"ERROR\"} ");
  EXPECT_EQ(messages(filter(R"(,"logStreamNames":["a","a"])")), "a0 a3 a9 ERROR ");
  EXPECT_EQ(messages(filter(R"(,"logStreamNamePrefix":"b")")), "b1 b3 ERROR b3 again ");
  EXPECT_EQ(messages(filter(fmt::format(R"(,"startTime":{},"endTime":{})", now() + 2, now() + 3))),
            "c2 ERROR a3 b3 ERROR b3 again ");
  for (int limit = 1; limit < 9; ++limit) {
    std::string all;
    std::set<std::string> ids;
    Json page = filter(fmt::format(R"(,"limit":{})", limit));
    for (;;) {
      all += messages(page);
      for (const auto& event : page["events"].items()) ids.insert(event["eventId"].as_string());
      if (!page.find("nextToken")) break;
      page = filter(with_token(page, "nextToken", fmt::format(R"(,"limit":{})", limit)));
    }
    EXPECT_EQ(all, "a0 b1 c2 ERROR a3 b3 ERROR b3 again {\"level\":\"ERROR\"} a9 ERROR ") << limit;
    EXPECT_EQ(ids.size(), 8u) << limit;
  }
}

TEST_F(Logs, FilteringReadsManyEventsToTheirEnd) {
  group("g");
  for (const char* name : {"a", "b"}) stream("g", name);
  std::vector<std::pair<std::int64_t, std::string>> events;
  for (int i = 0; i < 2500; ++i) events.emplace_back(i, fmt::format("event {} {}", i, std::string(200, 'x')));
  put("g", "a", events);
  put("g", "b", events);
  std::size_t seen = 0;
  Json page = filter("");
  for (;;) {
    seen += page["events"].items().size();
    if (!page.find("nextToken")) break;
    page = filter(with_token(page, "nextToken"));
  }
  EXPECT_EQ(seen, 5000u);
  EXPECT_EQ(messages(filter(R"(,"filterPattern":"\"event 2499 \"","limit":1)")).substr(0, 10), "event 2499");
}

TEST_F(Logs, RetentionHidesOldEventsAndOldOnesAreNotTaken) {
  group("g");
  stream("g", "s");
  put("g", "s", {{0, "a"}});
  logs("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":1})");
  clock.advance(std::chrono::hours(23));
  EXPECT_EQ(messages(get("")), "a ");
  clock.advance(std::chrono::hours(2));
  EXPECT_EQ(messages(get("")), "");
  EXPECT_EQ(messages(filter("")), "");
  const std::int64_t hour = 3'600'000;
  EXPECT_EQ(put("g", "s", {{-25 * hour, "a"}, {-2 * hour, "b"}})["rejectedLogEventsInfo"].dump(),
            R"({"expiredLogEventEndIndex":1})");
  EXPECT_EQ(put("g", "s", {{0, "c"}, {3 * hour, "d"}})["rejectedLogEventsInfo"].dump(),
            R"({"tooNewLogEventStartIndex":1})");
  EXPECT_EQ(put("g", "s", {{-15 * 24 * hour, "e"}})["rejectedLogEventsInfo"].dump(), R"({"tooOldLogEventEndIndex":1})");
  EXPECT_EQ(messages(get("")), "b c ");
}

TEST_F(Logs, BadRequestsAreRefusedInAwsWords) {
  group("g");
  stream("g", "s");
  const std::string swapped = fmt::format(
      R"({{"logGroupName":"g","logStreamName":"s","logEvents":[{{"timestamp":{},"message":"a"}},{{"timestamp":{},"message":"b"}}]}})",
      now(), now() - 1);
  const std::string wide = fmt::format(
      R"({{"logGroupName":"g","logStreamName":"s","logEvents":[{{"timestamp":{},"message":"a"}},{{"timestamp":{},"message":"b"}}]}})",
      now() - 90'000'000, now());
  struct Row {
    const char* operation;
    Bad bad;
  };
  const Row rows[] = {
      {"CreateLogGroup", {R"({"logGroupName":"g"})", "ResourceAlreadyExistsException", "log group already exists"}},
      {"CreateLogGroup", {R"({"logGroupName":"h","kmsKeyId":"k"})", "InvalidParameterException", "'kmsKeyId'"}},
      {"CreateLogGroup",
       {R"({"logGroupName":"h","logGroupClass":"DELIVERY"})", "InvalidParameterException", "DELIVERY"}},
      {"DeleteLogGroup",
       {R"({"logGroupName":"h"})", "ResourceNotFoundException", "The specified log group does not exist."}},
      {"PutRetentionPolicy",
       {R"({"logGroupName":"g","retentionInDays":2})", "InvalidParameterException", "'retentionInDays'"}},
      {"CreateLogStream", {R"({"logGroupName":"h","logStreamName":"s"})", "ResourceNotFoundException", "log group"}},
      {"CreateLogStream",
       {R"({"logGroupName":"g","logStreamName":"s"})", "ResourceAlreadyExistsException", "log stream already exists"}},
      {"DeleteLogStream",
       {R"({"logGroupName":"g","logStreamName":"t"})", "ResourceNotFoundException",
        "The specified log stream does not exist."}},
      {"DescribeLogStreams", {"{}", "InvalidParameterException", "logGroupIdentifier"}},
      {"DescribeLogStreams", {R"({"logGroupName":"g","nextToken":"x"})", "InvalidParameterException", "nextToken"}},
      {"DescribeLogStreams",
       {R"({"logGroupName":"g","orderBy":"LastEventTime","logStreamNamePrefix":"s"})", "InvalidParameterException",
        "LastEventTime"}},
      {"DescribeLogGroups",
       {R"({"logGroupNamePrefix":"g","logGroupNamePattern":"g"})", "InvalidParameterException", "mutually exclusive"}},
      {"PutLogEvents", {swapped.c_str(), "InvalidParameterException", "chronological order"}},
      {"PutLogEvents", {wide.c_str(), "InvalidParameterException", "24 hours"}},
      {"GetLogEvents",
       {R"({"logGroupName":"g","logStreamName":"s","nextToken":"f/1"})", "InvalidParameterException", "nextToken"}},
      {"GetLogEvents", {R"({"logGroupName":"g","logStreamName":"t"})", "ResourceNotFoundException", "log stream"}},
      {"FilterLogEvents",
       {R"({"logGroupName":"g","filterPattern":"\"open"})", "InvalidParameterException", "filter pattern"}},
      {"FilterLogEvents",
       {R"({"logGroupName":"g","logStreamNames":["s"],"logStreamNamePrefix":"s"})", "InvalidParameterException",
        "mutually exclusive"}},
      {"FilterLogEvents",
       {R"({"logGroupIdentifier":"arn:aws:logs:us-east-1:000000000000:log-group:g"})", "ResourceNotFoundException",
        "log group"}},
      {"ListTagsForResource", {R"({"resourceArn":"g"})", "InvalidParameterException", "ARN"}},
  };
  for (const auto& row : rows) expect_refused("logs", row.operation, row.bad);
}

}  // namespace
}  // namespace weir::api
