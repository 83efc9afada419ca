"""Secrets and parameters: kept sealed, given to tasks when they start, shown to nobody else."""

import json
import pathlib
import stat
import unittest

from weir_testing import HELLO, Weir, wait_until

SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"
VALUE = "hunter2-is-no-secret"


class Secrets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs, cls.aws = weir, weir.ecs, staticmethod(weir.aws)
        cls.ssm, cls.manager = weir.client("ssm"), weir.client("secretsmanager")
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def run_task(self, family, **secrets):
        said = self.weir.home / f"{family}.env"
        container = {"name": "app", "image": "hello:1", "memory": 32, "stopTimeout": 5,
                     "command": ["sh", "-c", f"env > {said}.new; mv {said}.new {said}; {SLEEP}"],
                     "secrets": [{"name": name, "valueFrom": value} for name, value in secrets.items()]}
        self.ecs.register_task_definition(family=family, networkMode="bridge", containerDefinitions=[container],
                                          executionRoleArn="arn:aws:iam::000000000000:role/execution")
        arn = self.ecs.run_task(cluster="test", taskDefinition=family)["tasks"][0]["taskArn"]
        self.addCleanup(self.ecs.stop_task, cluster="test", task=arn)
        return arn, said

    def environment(self, said):
        wait_until(said.exists, "the task says its environment")
        return dict(line.split("=", 1) for line in said.read_text().splitlines() if "=" in line)

    def stopped(self, arn):
        return wait_until(lambda: (task := self.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0])
                          and task["lastStatus"] == "STOPPED" and task, "the task has ended")

    def test_tasks_get_them_and_nobody_else_sees_them(self):
        self.ssm.put_parameter(Name="/web/token", Value=VALUE, Type="SecureString")
        self.ssm.put_parameter(Name="plain", Value="p", Type="String")
        made = self.manager.create_secret(Name="web/db", SecretString=json.dumps({"password": VALUE, "port": 5432}))
        self.manager.put_secret_value(SecretId="web/db", SecretString=json.dumps({"password": "new" + VALUE}))
        arn, said = self.run_task(
            "web", TOKEN="/web/token", PLAIN="arn:aws:ssm:eu-west-1:000000000000:parameter/plain", WHOLE=made["ARN"],
            NEW=f"{made['ARN']}:password::", OLD=f"{made['ARN']}:password:AWSPREVIOUS:",
            PORT_OF_DB=f"{made['ARN']}:port::{made['VersionId']}")
        seen = self.environment(said)
        self.assertEqual((seen["TOKEN"], seen["PLAIN"], seen["NEW"], seen["OLD"], seen["PORT_OF_DB"]),
                         (VALUE, "p", "new" + VALUE, VALUE, "5432"))
        self.assertEqual(json.loads(seen["WHOLE"]), {"password": "new" + VALUE})
        shown = json.dumps([self.ecs.describe_tasks(cluster="test", tasks=[arn]),
                            self.ecs.describe_task_definition(taskDefinition="web")], default=str)
        self.assertNotIn(VALUE, shown)
        self.assertIn("/web/token", shown)
        for path in self.weir.state.glob("weir.db*"):
            self.assertNotIn(VALUE.encode(), path.read_bytes(), path)
        self.assertEqual(stat.S_IMODE((self.weir.state / "secrets.key").stat().st_mode), 0o600)

    def test_they_survive_a_kill_of_serve(self):
        self.ssm.put_parameter(Name="kept", Value=VALUE, Type="SecureString")
        self.manager.create_secret(Name="kept", SecretString=VALUE)
        self.weir.kill()
        self.weir.start()
        got = self.aws("ssm", "get-parameter", "--name", "kept", "--with-decryption")["Parameter"]
        self.assertEqual((got["Value"], got["Version"]), (VALUE, 1))
        self.assertEqual(self.aws("secretsmanager", "get-secret-value", "--secret-id", "kept")["SecretString"], VALUE)

    def test_a_task_whose_secret_is_missing_cannot_start(self):
        made = self.manager.create_secret(Name="incomplete", SecretString="{}")
        pull = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval " \
               "failed: unable to retrieve "
        gone = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:gone-AbCdEf"
        rows = [("one", "/absent", "secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: "
                 "/absent"),
                ("two", gone, "secret from asm: service call has been retried 1 time(s): failed to fetch secret "
                 f"{gone} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."),
                ("three", f"{made['ARN']}:key::", "secret from asm: service call has been retried 1 time(s): retrieved "
                 "secret from Secrets Manager did not contain json key key")]
        for family, value, reason in rows:
            with self.subTest(family):
                task = self.stopped(self.run_task(family, SECRET=value)[0])
                self.assertEqual((task["stopCode"], task["stoppedReason"]), ("TaskFailedToStart", pull + reason))

    def test_the_cli_and_boto3_manage_them(self):
        for i in range(12):
            self.ssm.put_parameter(Name=f"/paged/{i:02}", Value=str(i), Type="String")
        pages = self.ssm.get_paginator("get_parameters_by_path").paginate(Path="/paged")
        self.assertEqual([one["Value"] for page in pages for one in page["Parameters"]], [str(i) for i in range(12)])
        with self.assertRaises(self.ssm.exceptions.ParameterAlreadyExists):
            self.ssm.put_parameter(Name="/paged/00", Value="x", Type="String")
        with self.assertRaises(self.ssm.exceptions.ParameterNotFound):
            self.ssm.get_parameter(Name="/paged/99")
        self.aws("secretsmanager", "create-secret", "--name", "cli", "--secret-string", "one", "--tags",
                 "Key=team,Value=shop")
        self.manager.update_secret(SecretId="cli", SecretString="two")
        listed = self.aws("secretsmanager", "list-secrets", "--filters", "Key=name,Values=cli")["SecretList"]
        self.assertEqual([one["Name"] for one in listed], ["cli"])
        self.aws("secretsmanager", "delete-secret", "--secret-id", "cli", "--recovery-window-in-days", "7")
        self.manager.restore_secret(SecretId="cli")
        with self.assertRaises(self.manager.exceptions.ResourceExistsException):
            self.manager.create_secret(Name="cli")
        self.assertIn("UnknownOperationException", self.aws("ssm", "label-parameter-version", "--name", "/paged/00",
                                                            "--labels", "prod", fails=True))


if __name__ == "__main__":
    unittest.main()
