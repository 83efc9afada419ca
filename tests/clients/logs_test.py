"""CloudWatch Logs as boto3 and the aws CLI meet it: paginators, tail, error classes, and what a kill -9 leaves."""

import datetime
import os
import pathlib
import subprocess
import time
import unittest

from weir_testing import Weir, wait_until

ARN = "arn:aws:logs:eu-west-1:000000000000:log-group:"


def now():
    return int(time.time() * 1000)


class Logs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.logs, cls.aws = weir, weir.client("logs"), staticmethod(weir.aws)

    def stream(self, group, *streams):
        if not self.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            self.logs.create_log_group(logGroupName=group)
        for stream in streams:
            self.logs.create_log_stream(logGroupName=group, logStreamName=stream)

    def put(self, group, stream, *messages, at=None):
        at = at or now()
        events = [{"timestamp": at + i, "message": message} for i, message in enumerate(messages)]
        return self.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def filtered(self, group, **more):
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more)
        return [event for page in pages for event in page["events"]]

    def test_groups_and_streams_page_and_say_what_they_are(self):
        for i in range(7):
            self.logs.create_log_group(logGroupName=f"/paged/{i}", tags={"team": "shop"})
        pages = self.logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix="/paged/", PaginationConfig={"PageSize": 3})
        groups = [group for page in pages for group in page["logGroups"]]
        self.assertEqual([group["logGroupName"] for group in groups], [f"/paged/{i}" for i in range(7)])
        self.assertEqual(groups[0]["arn"], f"{ARN}/paged/0:*")
        self.assertNotIn("retentionInDays", groups[0])
        self.logs.put_retention_policy(logGroupName="/paged/0", retentionInDays=30)
        cli = self.aws("logs", "describe-log-groups", "--log-group-name-prefix", "/paged/0")["logGroups"]
        self.assertEqual(cli[0]["retentionInDays"], 30)
        self.logs.delete_retention_policy(logGroupName="/paged/0")
        arn = groups[0]["arn"].removesuffix(":*")  # older clients do not know logGroupArn
        self.assertEqual(self.logs.list_tags_for_resource(resourceArn=arn)["tags"], {"team": "shop"})
        self.logs.tag_resource(resourceArn=arn, tags={"stage": "test"})
        self.logs.untag_resource(resourceArn=arn, tagKeys=["team"])
        self.assertEqual(self.logs.list_tags_log_group(logGroupName="/paged/0")["tags"], {"stage": "test"})
        for i in range(7):
            self.stream("/paged/0", f"s{i}")
        pages = self.logs.get_paginator("describe_log_streams").paginate(
            logGroupName="/paged/0", descending=True, PaginationConfig={"PageSize": 2})
        self.assertEqual([one["logStreamName"] for page in pages for one in page["logStreams"]],
                         [f"s{6 - i}" for i in range(7)])
        self.put("/paged/0", "s3", "x")
        newest = self.logs.describe_log_streams(logGroupName="/paged/0", orderBy="LastEventTime", descending=True, limit=1)
        self.assertEqual(newest["logStreams"][0]["logStreamName"], "s3")

    def test_events_are_read_from_either_end(self):
        self.stream("ends", "s")
        self.put("ends", "s", *(f"line {i}" for i in range(100)))
        seen, token = [], None
        while True:
            page = self.logs.get_log_events(logGroupName="ends", logStreamName="s", startFromHead=True, limit=30,
                                            **({"nextToken": token} if token else {}))
            seen += [event["message"] for event in page["events"]]
            if page["nextForwardToken"] == token:
                break
            token = page["nextForwardToken"]
        self.assertEqual(seen, [f"line {i}" for i in range(100)])
        cli = self.aws("logs", "get-log-events", "--log-group-name", "ends", "--log-stream-name", "s", "--limit", "2")
        self.assertEqual([event["message"] for event in cli["events"]], ["line 98", "line 99"])
        self.assertTrue(cli["nextForwardToken"].startswith("f/") and cli["nextBackwardToken"].startswith("b/"))

    def test_filtering_finds_what_matches_in_every_stream(self):
        self.stream("found", "a", "b")
        at = now() - 1000
        self.put("found", "a", "GET /", "ERROR no such file", '{"level":"error","status":503}', at=at)
        self.put("found", "b", "ERROR timeout", '{"level":"info","status":200}', at=at + 1)
        rows = [
            ("", 5), ("ERROR", 2), ("ERROR -timeout", 1), ('"no such"', 1), ("?GET ?timeout", 2), ("nothing", 0),
            ('{ $.level = "error" && $.status >= 500 }', 1), ("{ $.status = * }", 2), ("{ $.gone NOT EXISTS }", 2),
        ]
        for pattern, count in rows:
            with self.subTest(pattern):
                self.assertEqual(len(self.filtered("found", filterPattern=pattern)), count)
        events = self.filtered("found", PaginationConfig={"PageSize": 1})
        self.assertEqual([event["timestamp"] for event in events], sorted(event["timestamp"] for event in events))
        self.assertEqual(len({event["eventId"] for event in events}), 5)
        self.assertEqual(len(self.filtered("found", startTime=at + 1, endTime=at + 1)), 2)
        self.assertEqual(len(self.filtered("found", logStreamNames=["b"])), 2)

    def test_the_cli_tails_a_group_and_follows_it(self):
        self.stream("/tailed", "s")
        self.put("/tailed", "s", "before")
        command = ["/usr/bin/aws", "--endpoint-url", self.weir.endpoint, "logs", "tail", "/tailed", "--follow",
                   "--format", "short"]
        said = pathlib.Path(self.weir.home, "tail.txt")
        with open(said, "wb") as out:
            tail = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT,
                                    env={**self.weir.environment, "PYTHONUNBUFFERED": "1"})
        try:
            wait_until(lambda: "before" in said.read_text(), "the tail shows what was there", 30)
            self.put("/tailed", "s", "after")
            wait_until(lambda: "after" in said.read_text(), "the tail shows what came", 30)
            self.assertEqual(said.read_text().count("before"), 1)
        finally:
            tail.kill()
            tail.wait()

    def test_what_was_taken_is_there_after_a_kill(self):
        self.stream("kept", "s")
        self.put("kept", "s", "one", "two\nlines", "ünïcödé \t \"quoted\"")
        before = self.filtered("kept")
        self.weir.kill()
        self.weir.start()
        self.assertEqual(self.filtered("kept"), before)
        self.put("kept", "s", "more")
        self.assertEqual(len(self.filtered("kept")), 4)
        self.assertEqual(len({event["eventId"] for event in self.filtered("kept")}), 4)

    def test_what_is_deleted_leaves_nothing_on_the_disk(self):
        folders = pathlib.Path(self.weir.state, "log-groups")
        self.stream("gone", "s", "t")
        before = len(os.listdir(folders)) if folders.exists() else 0
        self.put("gone", "s", "x")
        self.put("gone", "t", "x")
        self.assertEqual(len(os.listdir(folders)), before + 2)
        self.logs.delete_log_stream(logGroupName="gone", logStreamName="s")
        self.assertEqual(len(os.listdir(folders)), before + 1)
        self.logs.delete_log_group(logGroupName="gone")
        self.assertEqual(len(os.listdir(folders)), before)

    def test_old_and_early_events_are_rejected_by_their_index(self):
        self.stream("late", "s")
        day = datetime.timedelta(days=1) // datetime.timedelta(milliseconds=1)
        self.assertEqual(self.put("late", "s", "x", at=now() - 15 * day)["rejectedLogEventsInfo"],
                         {"tooOldLogEventEndIndex": 1})
        self.assertEqual(self.put("late", "s", "x", at=now() + day)["rejectedLogEventsInfo"],
                         {"tooNewLogEventStartIndex": 0})
        self.assertNotIn("rejectedLogEventsInfo", self.put("late", "s", "x"))

    def test_errors_are_of_the_classes_that_boto3_knows(self):
        self.stream("errors", "s")
        known, logs = self.logs.exceptions, self.logs
        rows = [
            (known.ResourceAlreadyExistsException, "The specified log group already exists", logs.create_log_group,
             {"logGroupName": "errors"}),
            (known.ResourceAlreadyExistsException, "The specified log stream already exists", logs.create_log_stream,
             {"logGroupName": "errors", "logStreamName": "s"}),
            (known.ResourceNotFoundException, "The specified log group does not exist.", logs.filter_log_events,
             {"logGroupName": "nowhere"}),
            (known.ResourceNotFoundException, "The specified log stream does not exist.", logs.get_log_events,
             {"logGroupName": "errors", "logStreamName": "nowhere"}),
            (known.InvalidParameterException, "retentionInDays", logs.put_retention_policy,
             {"logGroupName": "errors", "retentionInDays": 4}),
            (known.InvalidParameterException, "logGroupName", logs.create_log_group, {"logGroupName": "a b"}),
            (known.InvalidParameterException, "kmsKeyId", logs.create_log_group,
             {"logGroupName": "a", "kmsKeyId": "k"}),
            (known.InvalidParameterException, "filter pattern", logs.filter_log_events,
             {"logGroupName": "errors", "filterPattern": "[a, b]"}),
        ]
        for kind, message, call, arguments in rows:
            with self.subTest(message), self.assertRaises(kind) as caught:
                call(**arguments)
            self.assertIn(message, caught.exception.response["Error"]["Message"])
        said = self.aws("logs", "start-query", "--log-group-name", "errors", "--start-time", "0", "--end-time", "1",
                        "--query-string", "x", fails=True)
        self.assertIn("StartQuery", said)


if __name__ == "__main__":
    unittest.main()
