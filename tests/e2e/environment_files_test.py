"""Environment files: objects of S3 to ECS, files beneath `weir serve --buckets` here."""

import tempfile
import pathlib
import unittest

from service_deployments_test import call
from weir_testing import HELLO, Weir, wait_until

SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"


class EnvironmentFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.buckets = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-buckets-")))
        cls.enterClassContext(weir := Weir("--buckets", cls.buckets))
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def put(self, key, text):
        path = self.buckets / "conf" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return {"type": "s3", "value": f"arn:aws:s3:::conf/{key}"}

    def run_task(self, family, files, override=None, **environment):
        said = self.weir.home / f"{family}.env"
        status, reply = call(self.weir, "RegisterTaskDefinition", family=family, networkMode="bridge", containerDefinitions=[{
            "name": "app", "image": "hello:1", "memory": 32, "stopTimeout": 5, "environmentFiles": files,
            "command": ["sh", "-c", f"env > {said}.new; mv {said}.new {said}; {SLEEP}"],
            "environment": [{"name": name, "value": value} for name, value in environment.items()]}])
        self.assertEqual(status, 200, reply)
        self.assertIn({"name": "ecs.capability.env-files.s3"}, reply["taskDefinition"]["requiresAttributes"])
        overrides = {"containerOverrides": [{"name": "app", **override}]} if override else {}
        status, reply = call(self.weir, "RunTask", cluster="test", taskDefinition=family, overrides=overrides)
        self.assertEqual(status, 200, reply)
        arn = reply["tasks"][0]["taskArn"]
        self.addCleanup(self.ecs.stop_task, cluster="test", task=arn)
        return arn, said

    def environment(self, said):
        wait_until(said.exists, "the task says its environment")
        return dict(line.split("=", 1) for line in said.read_text().splitlines() if "=" in line)

    def test_a_container_gets_what_they_say_in_their_order(self):
        first = self.put("deep/first.env", "# of all\nCOLOR=blue\nOWN=file\nQUOTED=\"as it is\"\nURL=http://h/?a=b\nEMPTY=\n")
        second = self.put("second.env", "COLOR=red\nSECOND=2\n")
        _, said = self.run_task("plain", [first, second], OWN="environment")
        seen = self.environment(said)
        self.assertEqual([seen.get(name) for name in ("COLOR", "OWN", "QUOTED", "URL", "EMPTY", "SECOND")],
                         ["blue", "environment", '"as it is"', "http://h/?a=b", None, "2"])

    def test_an_override_names_others_instead(self):
        usual = self.put("usual.env", "WHICH=usual\nUSUAL=1\n")
        other = self.put("other.env", "WHICH=other\nCHANGED=file\n")
        _, said = self.run_task("other", [usual], override={"environmentFiles": [other], "environment": [
            {"name": "CHANGED", "value": "override"}]})
        seen = self.environment(said)
        self.assertEqual((seen["WHICH"], seen["CHANGED"], seen.get("USUAL")), ("other", "override", None))

    def test_one_that_is_not_there_ends_the_task(self):
        arn, _ = self.run_task("none", [{"type": "s3", "value": "arn:aws:s3:::conf/none.env"}])
        task = wait_until(lambda: (task := self.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0])
                          and task["lastStatus"] == "STOPPED" and task, "the task has ended")
        self.assertEqual(task["stopCode"], "TaskFailedToStart")
        self.assertIn("ResourceInitializationError: failed to download env files", task["stoppedReason"])
        self.assertIn(str(self.buckets / "conf/none.env"), task["stoppedReason"])

    def test_what_is_no_such_file_is_refused(self):
        for value in ("arn:aws:s3:::conf/app.txt", "arn:aws:s3:::conf/../../etc/x.env", "conf/app.env"):
            status, reply = call(self.weir, "RegisterTaskDefinition", family="bad", containerDefinitions=[
                {"name": "app", "image": "hello:1", "memory": 32, "environmentFiles": [{"type": "s3", "value": value}]}])
            self.assertEqual((status, reply["__type"].rsplit("#", 1)[-1]), (400, "ClientException"), reply)
            self.assertIn(value, reply["message"])


if __name__ == "__main__":
    unittest.main()
