"""What containers write, in CloudWatch Logs: as boto3 and the aws CLI read it, whatever dies meanwhile."""

import os
import re
import subprocess
import time
import unittest

from weir_testing import HELLO, Weir, wait_until

SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"


def logged(group, **options):
    return {"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": "eu-west-1",
            "awslogs-stream-prefix": "ecs", **{name.replace("_", "-"): value for name, value in options.items()}}}


class AwsLogs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.logs, cls.ecs = weir, weir.client("logs"), weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def run_task(self, family, line, log, **more):
        container = {"name": "app", "image": "hello:1", "memory": 32, "stopTimeout": 5, "command": ["sh", "-c", line],
                     "logConfiguration": log, **more}
        self.ecs.register_task_definition(family=family, networkMode="bridge", containerDefinitions=[container])
        reply = self.ecs.run_task(cluster="test", taskDefinition=family)
        self.assertEqual(reply["failures"], [])
        arn = reply["tasks"][0]["taskArn"]
        self.addCleanup(self.ecs.stop_task, cluster="test", task=arn)
        return arn, f"ecs/app/{arn.rsplit('/', 1)[1]}"

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]

    def stopped(self, arn):
        return wait_until(lambda: (task := self.task(arn))["lastStatus"] == "STOPPED" and task, "the task has ended")

    def messages(self, group, stream):
        events, token = [], {}
        while True:
            reply = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **token)
            if not reply["events"]:
                return events
            events += [event["message"] for event in reply["events"]]
            token = {"nextToken": reply["nextForwardToken"]}

    def arrives(self, group, stream, expected):
        wait_until(lambda: len(self.messages(group, stream)) >= len(expected), f"{len(expected)} events in {stream}")
        self.assertEqual(self.messages(group, stream), expected)

    def test_lines_arrive_while_the_task_runs_and_stay_when_it_is_gone(self):
        self.logs.create_log_group(logGroupName="/ecs/web")
        before = int(time.time() * 1000)
        arn, stream = self.run_task("web", f"echo one; echo; printf 'caf\\303\\251 \\377\\n'; {SLEEP}",
                                    logged("/ecs/web"))
        self.arrives("/ecs/web", stream, ["one", "café \ufffd"])
        described = self.logs.describe_log_streams(logGroupName="/ecs/web")["logStreams"][0]
        self.assertEqual(described["logStreamName"], stream)
        self.assertTrue(before <= described["firstEventTimestamp"] <= time.time() * 1000)
        found = self.logs.filter_log_events(logGroupName="/ecs/web", filterPattern="one")["events"]
        self.assertEqual([(event["logStreamName"], event["message"]) for event in found], [(stream, "one")])
        self.ecs.stop_task(cluster="test", task=arn)
        self.stopped(arn)
        tail = subprocess.run(["/usr/bin/aws", "--endpoint-url", self.weir.endpoint, "logs", "tail", "/ecs/web"],
                              env=self.weir.environment, capture_output=True, text=True, timeout=60, check=True).stdout
        self.assertEqual(re.findall(rf"(?m)^\S+ {stream} (.*)$", tail), ["one", "café \ufffd"])

    def test_the_stream_is_there_when_the_task_starts_and_its_group_where_it_may_be_made(self):
        arn, stream = self.run_task("made", SLEEP, logged("/made", awslogs_create_group="true"))
        wait_until(lambda: self.task(arn)["lastStatus"] == "RUNNING", "the task runs")
        streams = self.logs.describe_log_streams(logGroupName="/made")["logStreams"]
        self.assertEqual([one["logStreamName"] for one in streams], [stream])
        plain = {"logDriver": "awslogs", "options": {"awslogs-group": "/made", "awslogs-region": "eu-west-1"}}
        arn, _ = self.run_task("plain", f"echo hello >&2; {SLEEP}", plain)
        wait_until(lambda: self.task(arn)["lastStatus"] == "RUNNING", "the task runs")
        self.arrives("/made", self.task(arn)["containers"][0]["runtimeId"], ["hello"])

    def test_a_task_without_its_group_cannot_start(self):
        arn, _ = self.run_task("lost", SLEEP, logged("/absent"))
        task = self.stopped(arn)
        self.assertEqual(task["stopCode"], "TaskFailedToStart")
        self.assertEqual(task["stoppedReason"], "ResourceInitializationError: failed to validate logger args: create "
                         "stream has been retried 1 times: failed to create Cloudwatch log stream: "
                         "ResourceNotFoundException: The specified log group does not exist. : exit status 1")
        self.assertEqual(self.logs.describe_log_groups(logGroupNamePrefix="/absent")["logGroups"], [])

    def test_no_line_is_lost_or_doubled_by_kills_of_serve(self):
        self.logs.create_log_group(logGroupName="/killed")
        count = 4000
        arn, stream = self.run_task(
            "killed", f"i=0; while test $i -lt {count}; do echo line $i; i=$((i+1)); test $((i % 50)) = 0 && sleep 0.05; "
                      f"done; {SLEEP}", logged("/killed"))
        for seen in (1, 1200, 2400):
            wait_until(lambda: len(self.messages("/killed", stream)) >= seen, f"{seen} lines have arrived")
            self.weir.kill()
            self.weir.start()
        self.arrives("/killed", stream, [f"line {i}" for i in range(count)])
        # Its last words, while nobody is there to deliver them.
        said = self.weir.home / "end"
        arn, stream = self.run_task("words", f"while test ! -e {said}; do sleep 0.05; done; echo bye; touch {said}.done",
                                    logged("/killed"))
        wait_until(lambda: self.task(arn)["lastStatus"] == "RUNNING", "the task runs")
        self.weir.kill()
        said.touch()
        wait_until(lambda: os.path.exists(f"{said}.done"), "it has said its last words")
        self.weir.start()
        self.arrives("/killed", stream, ["bye"])
        self.stopped(arn)
        self.assertEqual(self.messages("/killed", stream), ["bye"])

    def test_a_line_of_more_than_256_kib_is_split(self):
        self.logs.create_log_group(logGroupName="/long")
        _, stream = self.run_task("long", f"head -c 600000 /dev/zero | tr '\\0' x; echo; {SLEEP}", logged("/long"))
        most = 256 * 1024 - 26
        self.arrives("/long", stream, ["x" * most, "x" * most, "x" * (600000 - 2 * most)])

    def test_lines_of_one_event_come_together(self):
        self.logs.create_log_group(logGroupName="/lines")
        say = "printf 'INFO up\\nERROR down\\n  at f\\n  at g\\nINFO again\\n'"
        _, by_pattern = self.run_task("pattern", f"{say}; {SLEEP}",
                                      logged("/lines", awslogs_multiline_pattern="^(INFO|ERROR)"))
        say = "printf '[May 01, 2017 19:00:01] A\\nb\\n[May 01, 2017 19:00:04] C\\n'"
        _, by_date = self.run_task("date", f"{say}", logged("/lines", awslogs_datetime_format="\\[%b %d, %Y %H:%M:%S\\]"))
        self.arrives("/lines", by_date, ["[May 01, 2017 19:00:01] A\nb", "[May 01, 2017 19:00:04] C"])
        self.arrives("/lines", by_pattern, ["INFO up", "ERROR down\n  at f\n  at g", "INFO again"])

    def test_what_the_driver_does_not_know_is_refused(self):
        rows = [({"logDriver": "syslog"}, "The value 'syslog' of the parameter"),
                (logged("/g", awslogs_endpoint="x"), "Log driver awslogs disallows options: awslogs-endpoint"),
                (logged("/g", awslogs_create_group="false"), "'awslogs-create-group' should only be set to 'true'")]
        for log, message in rows:
            with self.subTest(message), self.assertRaises(self.ecs.exceptions.ClientException) as caught:
                self.run_task("refused", "", log)
            self.assertIn(message, caught.exception.response["Error"]["Message"])


if __name__ == "__main__":
    unittest.main()
