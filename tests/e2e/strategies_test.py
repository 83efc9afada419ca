"""BLUE_GREEN, LINEAR and CANARY through a real `weir serve` under an open load: every stage, every way back, and never
a failed request. An AWS minute lasts two seconds."""

import json
import pathlib
import tempfile
import time
import unittest

from service_deployments_test import call
from weir_testing import HELLO, Prove, Weir, version_of, wait_until

RATE = 300  # requests a second
MINUTE = 2  # seconds


class Strategies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-hooks-"))
        cls.seen = pathlib.Path(folder, "seen")  # what the hooks' commands were told, an event a line
        # The third call is content: two say that it goes on.
        slow = f"""cat >> {cls.seen}; echo >> {cls.seen}; n=$(wc -l < {cls.seen});
            if [ $n -lt 3 ]; then echo '{{"hookStatus":"IN_PROGRESS","callBackDelay":0.2,"hookDetails":{{"n":'$n'}}}}';
            else echo '{{"hookStatus":"SUCCEEDED"}}'; fi"""
        cls.enterClassContext(weir := Weir(
            "--minute", f"{MINUTE}s", "--workers", 1,  # shares are exact per worker
            "--hook", f"slow={slow}", "--hook", "no=echo '{\"hookStatus\":\"FAILED\"}'", "--hook", "broken=exit 3",
            "--hook", "hangs=exec sleep 1000"))
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    # --- what each test builds ----------------------------------------------------------------------------------
    def call(self, operation, **body):
        status, reply = call(self.weir, operation, **body)
        self.assertEqual(status, 200, reply)
        return reply

    def serve(self, name, count=2, tested=False, **configuration):
        """A service of version 1 behind a production rule, with a test rule for requests with ?test=1 where `tested`."""
        self.name = name
        self.groups = [self.weir.target_group(f"{name}-{i}") for i in "ab"]
        listener, self.port = self.weir.listener(self.weir.balancer(name), self.groups[0])
        pair = list(zip(self.groups, (1, 0)))
        self.production = self.weir.rule(listener, 10, [{"Field": "path-pattern", "Values": ["/*"]}], pair)
        advanced = {"alternateTargetGroupArn": self.groups[1], "productionListenerRule": self.production}
        if tested:
            self.test_rule = self.weir.rule(listener, 5, [{"Field": "query-string", "QueryStringConfig": {"Values": [
                {"Key": "test", "Value": "1"}]}}], pair)
            advanced["testListenerRule"] = self.test_rule
        balancers = [{"targetGroupArn": self.groups[0], "containerName": "app", "containerPort": 8080,
                      "advancedConfiguration": advanced}]
        self.call("CreateService", cluster="test", serviceName=name, taskDefinition=self.version("1.0"),
                  desiredCount=count, loadBalancers=balancers, deploymentConfiguration=configuration)
        self.addCleanup(self.ecs.delete_service, cluster="test", service=name, force=True)
        self.weir.stable(name)

    def version(self, version, **more):
        return self.weir.task_definition(self.name, VERSION=version, **more)

    def update(self, **members):
        return self.call("UpdateService", cluster="test", service=self.name, **members)["service"]

    def last(self):
        briefs = self.call("ListServiceDeployments", cluster="test", service=self.name)["serviceDeployments"]
        arn = briefs[0]["serviceDeploymentArn"]
        return self.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def reach(self, stage, seconds=40):
        return wait_until(lambda: (last := self.last()).get("lifecycleStage") == stage and last, stage, seconds)

    def end(self, status, seconds=60):
        return wait_until(lambda: (last := self.last())["status"] == status and last, status, seconds)

    def weights(self, rule=None):
        actions = self.weir.elbv2.describe_rules(RuleArns=[rule or self.production])["Rules"][0]["Actions"]
        found = {each["TargetGroupArn"]: each["Weight"] for each in actions[0]["ForwardConfig"]["TargetGroups"]}
        return [found[group] for group in self.groups]

    def load(self):
        return Prove(self.weir, f"http://127.0.0.1:{self.port}/", RATE, "--expect", "hello ")

    def nothing_failed(self, account):
        self.assertEqual(account["failed"], 0, account)
        self.assertEqual(account["ok"], account["sent"])
        self.assertGreater(account["sent"], 0.8 * RATE * account["seconds"], "the load was what it was meant to be")

    def share(self, version):
        """Of requests that are sent now."""
        done = self.weir.run("prove", "--rate", 400, "--duration", "1s", "--quiet", "--json", "-",
                             f"http://127.0.0.1:{self.port}/", check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        account = json.loads(done.stdout[done.stdout.index("{"):])
        return 100 * account["versions"].get(version, 0) / account["ok"]

    def messages(self):
        return [event["message"] for event in reversed(self.weir.service(self.name)["events"])]

    # --- the strategies -----------------------------------------------------------------------------------------
    def test_blue_green_shifts_bakes_and_cleans_up(self):
        self.serve("bg", tested=True, strategy="BLUE_GREEN", bakeTimeInMinutes=2)
        first = self.last()
        self.assertEqual((first["status"], first["lifecycleStage"]), ("SUCCESSFUL", "CLEAN_UP"))
        self.assertEqual(first["targetServiceRevision"]["requestedProductionTrafficWeight"], 100)
        self.assertEqual(self.weights(), [100, 0])
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"))
            baking = self.reach("BAKE_TIME")
            self.assertEqual(self.weights(), [0, 100])
            self.assertEqual(self.weights(self.test_rule), [0, 100])
            self.assertEqual(version_of(self.port), "2.0")
            self.assertEqual(version_of(self.port, "/?test=1"), "2.0")
            self.assertEqual(baking["status"], "IN_PROGRESS")
            target, source = baking["targetServiceRevision"], baking["sourceServiceRevisions"][0]
            self.assertEqual((target["runningTaskCount"], source["runningTaskCount"]), (2, 2), "old ones stay")
            self.assertEqual(target["requestedProductionTrafficWeight"], 100)
            self.assertEqual(source["requestedTestTrafficWeight"], 0)
            deployments = self.weir.service("bg")["deployments"]
            self.assertEqual([d["status"] for d in deployments], ["PRIMARY", "ACTIVE"])
            done = self.end("SUCCESSFUL")
            self.weir.stable("bg")
            # And back to the first group with the next one.
            self.update(taskDefinition=self.version("3.0"), deploymentConfiguration={"bakeTimeInMinutes": 0})
            self.end("SUCCESSFUL")
            account = load.finish()
        self.nothing_failed(account)
        self.assertEqual(set(account["versions"]), {"1.0", "2.0", "3.0"})
        self.assertEqual(self.weights(), [100, 0])
        self.assertGreater(done["finishedAt"] - baking["updatedAt"], MINUTE, "it baked")
        self.assertEqual(self.messages()[-1], "(service bg) has reached a steady state.")
        self.assertEqual(len(self.weir.tasks("bg")), 2)

    def test_a_canary_bakes_with_its_share_before_the_rest_follows(self):
        self.serve("canary", strategy="CANARY", bakeTimeInMinutes=1,
                   canaryConfiguration={"canaryPercent": 10, "canaryBakeTimeInMinutes": 4})
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"))
            wait_until(lambda: self.weights() == [90, 10], "the canary has its share", 30)
            wait_until(lambda: self.share("2.0") > 0, "and gets it", 5)
            self.assertAlmostEqual(self.share("2.0"), 10, delta=2)
            self.assertEqual(self.last()["targetServiceRevision"]["requestedProductionTrafficWeight"], 10)
            self.reach("BAKE_TIME")
            self.assertEqual(self.weights(), [0, 100])
            self.end("SUCCESSFUL")
            account = load.finish()
        self.nothing_failed(account)

    def test_linear_steps_follow_one_another(self):
        self.serve("linear", strategy="LINEAR", bakeTimeInMinutes=0,
                   linearConfiguration={"stepPercent": 25, "stepBakeTimeInMinutes": 1})
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"))
            seen = []
            def ended():
                weight = self.weights()[1]
                if weight not in seen:
                    seen.append(weight)
                return self.last()["status"] == "SUCCESSFUL"
            wait_until(ended, "it has ended", 60, every=0.1)
            account = load.finish()
        self.assertEqual(seen, [0, 25, 50, 75, 100])
        self.nothing_failed(account)

    # --- ways back ----------------------------------------------------------------------------------------------
    def test_a_rollback_during_the_bake_is_at_once_and_spills_nothing(self):
        self.serve("back", tested=True, strategy="BLUE_GREEN", bakeTimeInMinutes=1000)
        before = {task["taskArn"] for task in self.weir.tasks("back")}
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"))
            baking = self.reach("BAKE_TIME")
            began = time.monotonic()
            self.call("StopServiceDeployment", serviceDeploymentArn=baking["serviceDeploymentArn"], stopType="ROLLBACK")
            wait_until(lambda: version_of(self.port) == "1.0", "traffic is the old tasks' again", 20, every=0.005)
            print(f"rollback from the bake: traffic is back after {time.monotonic() - began:.3f} s")
            back = self.end("ROLLBACK_SUCCESSFUL")
            account = load.finish()
        self.nothing_failed(account)
        self.assertEqual((self.weights(), self.weights(self.test_rule)), ([100, 0], [100, 0]))
        self.assertEqual({task["taskArn"] for task in self.weir.tasks("back")}, before, "the same tasks as ever")
        self.assertEqual(back["targetServiceRevision"]["requestedProductionTrafficWeight"], 0)
        self.assertEqual(back["rollback"]["serviceRevisionArn"], back["sourceServiceRevisions"][0]["arn"])
        self.assertEqual(self.weir.stable("back")["deployments"][0]["rolloutState"], "COMPLETED")

    def test_a_green_that_crashes_is_never_shown_to_anybody(self):
        self.serve("crash", strategy="BLUE_GREEN", bakeTimeInMinutes=0,
                   deploymentCircuitBreaker={"enable": True, "rollback": True})
        bad = self.weir.task_definition("crash", command=("sh", "-c", "exit 1"))
        with self.load() as load:
            self.update(taskDefinition=bad)
            failed = self.end("ROLLBACK_SUCCESSFUL", 90)
            account = load.finish()
        self.nothing_failed(account)
        self.assertEqual(set(account["versions"]), {"1.0"})
        self.assertEqual(failed["deploymentCircuitBreaker"]["status"], "TRIGGERED")
        self.assertEqual(self.weights(), [100, 0])

    def test_the_bake_outlives_the_control_process(self):
        self.serve("kill", strategy="BLUE_GREEN", bakeTimeInMinutes=3)
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"))
            self.reach("BAKE_TIME")
            self.weir.kill()
            time.sleep(1)
            self.weir.start()
            self.assertEqual(self.last()["lifecycleStage"], "BAKE_TIME")
            self.end("SUCCESSFUL")
            account = load.finish()
        self.nothing_failed(account)
        self.assertEqual(self.weights(), [0, 100])
        self.assertEqual(len(self.weir.tasks("kill")), 2)

    # --- changes on the way -------------------------------------------------------------------------------------
    def test_a_newer_deployment_takes_over_and_scaling_reaches_both(self):
        self.serve("newer", strategy="CANARY", canaryConfiguration={"canaryPercent": 50, "canaryBakeTimeInMinutes": 1000})
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"))
            wait_until(lambda: self.weights() == [50, 50], "half of the traffic", 30)
            self.update(desiredCount=3)
            wait_until(lambda: [d["runningCount"] for d in self.weir.service("newer")["deployments"]] == [3, 3],
                       "both are scaled", 30)
            older = self.last()["serviceDeploymentArn"]
            self.update(taskDefinition=self.version("3.0"), deploymentConfiguration={
                "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0})
            wait_until(lambda: self.last()["serviceDeploymentArn"] != older, "a deployment of its own")
            self.end("SUCCESSFUL")
            account = load.finish()
        self.nothing_failed(account)
        replaced = self.call("DescribeServiceDeployments", serviceDeploymentArns=[older])["serviceDeployments"][0]
        self.assertEqual(replaced["status"], "STOPPED")
        self.assertEqual((version_of(self.port), len(self.weir.tasks("newer"))), ("3.0", 3))

    def test_a_live_service_changes_its_strategy(self):
        self.serve("switch", strategy="ROLLING")
        with self.load() as load:
            for version, configuration in (("2.0", {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}),
                                           ("3.0", {"strategy": "ROLLING"}),
                                           ("4.0", {"strategy": "LINEAR", "linearConfiguration": {
                                               "stepPercent": 50, "stepBakeTimeInMinutes": 0}})):
                self.update(taskDefinition=self.version(version), deploymentConfiguration=configuration)
                wait_until(lambda: self.last()["status"] == "SUCCESSFUL" and version_of(self.port) == version, version, 60)
            account = load.finish()
        self.nothing_failed(account)

    def test_a_service_without_a_balancer_goes_through_the_stages(self):
        self.name = "plain"
        self.call("CreateService", cluster="test", serviceName="plain", taskDefinition=self.version("1.0"), desiredCount=1,
                  deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1})
        self.addCleanup(self.ecs.delete_service, cluster="test", service="plain", force=True)
        self.weir.stable("plain")
        self.update(taskDefinition=self.version("2.0"))
        baking = self.reach("BAKE_TIME")
        self.assertNotIn("requestedProductionTrafficWeight", baking["targetServiceRevision"])
        self.assertEqual(len(self.weir.tasks("plain")), 2)
        self.end("SUCCESSFUL")
        self.assertEqual(len(self.weir.tasks("plain")), 1)

    # --- hooks --------------------------------------------------------------------------------------------------
    @staticmethod
    def pause(stage, minutes=1000, action="ROLLBACK"):
        return {"targetType": "PAUSE", "lifecycleStages": [stage],
                "timeoutConfiguration": {"timeoutInMinutes": minutes, "action": action}}

    @staticmethod
    def function(name, stage, **more):
        return {"hookTargetArn": f"arn:aws:lambda:eu-west-1:000000000000:function:{name}", "lifecycleStages": [stage],
                "roleArn": "arn:aws:iam::000000000000:role/hooks", **more}

    def paused(self, seconds=30):
        """The one hook that waits for an answer, with its deployment."""
        def waiting():
            last = self.last()
            hooks = [hook for hook in last.get("lifecycleHookDetails", []) if hook["status"] == "AWAITING_ACTION"]
            return hooks and (last, hooks[0])
        return wait_until(waiting, "a hook pauses it", seconds)

    def test_a_pause_waits_for_an_answer(self):
        self.serve("pause", strategy="BLUE_GREEN", bakeTimeInMinutes=0)
        hooks = [self.pause("POST_SCALE_UP"), self.pause("PRE_PRODUCTION_TRAFFIC_SHIFT")]
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"), deploymentConfiguration={"lifecycleHooks": hooks})
            last, hook = self.paused()
            self.assertEqual((last["lifecycleStage"], hook["targetType"]), ("POST_SCALE_UP", "PAUSE"))
            self.assertEqual((hook["timeoutAction"], self.weights()), ("ROLLBACK", [100, 0]))
            self.weir.kill()
            self.weir.start()
            self.assertEqual(self.paused()[1]["hookId"], hook["hookId"], "it waits on after a crash")
            arn = last["serviceDeploymentArn"]
            self.call("ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook["hookId"])
            again, second = wait_until(lambda: (found := self.paused())[1]["hookId"] != hook["hookId"] and found, "the next")
            self.assertEqual((again["lifecycleStage"], self.weights()), ("PRE_PRODUCTION_TRAFFIC_SHIFT", [100, 0]))
            status, refused = call(self.weir, "ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook["hookId"])
            self.assertEqual(status, 400)
            self.assertIn("Provided hookId is either completed, unavailable", refused["message"])
            self.call("ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=second["hookId"], action="CONTINUE")
            self.end("SUCCESSFUL")
            # And one that somebody does not like.
            self.update(taskDefinition=self.version("3.0"))
            last, hook = self.paused()
            self.call("ContinueServiceDeployment", serviceDeploymentArn=last["serviceDeploymentArn"],
                      hookId=hook["hookId"], action="ROLLBACK")
            self.assertIn("POST_SCALE_UP", self.end("ROLLBACK_SUCCESSFUL")["statusReason"])
            account = load.finish()
        self.nothing_failed(account)
        self.assertEqual(set(account["versions"]), {"1.0", "2.0"})

    def test_a_pause_that_nobody_answers_times_out(self):
        self.serve("timeout", strategy="BLUE_GREEN", bakeTimeInMinutes=0)
        self.update(taskDefinition=self.version("2.0"), deploymentConfiguration={
            "lifecycleHooks": [self.pause("POST_SCALE_UP", minutes=1, action="CONTINUE")]})
        self.end("SUCCESSFUL")
        self.update(taskDefinition=self.version("3.0"), deploymentConfiguration={
            "lifecycleHooks": [self.pause("POST_PRODUCTION_TRAFFIC_SHIFT", minutes=1)]})
        back = self.end("ROLLBACK_SUCCESSFUL")
        self.assertEqual(back["statusReason"],
                         "Service deployment rolled back because POST_PRODUCTION_TRAFFIC_SHIFT pause hook timed out.")
        self.assertEqual(version_of(self.port), "2.0")

    def test_a_command_stands_in_for_a_function(self):
        self.serve("hooks", strategy="BLUE_GREEN", bakeTimeInMinutes=0)
        self.seen.write_text("")
        with self.load() as load:
            self.update(taskDefinition=self.version("2.0"), deploymentConfiguration={"lifecycleHooks": [
                self.function("slow", "PRODUCTION_TRAFFIC_SHIFT", hookDetails={"why": "test"})]})
            done = self.end("SUCCESSFUL")
            events = [json.loads(line) for line in self.seen.read_text().splitlines()]
            self.assertEqual(len(events), 3)
            self.assertEqual({event["executionId"] for event in events}, {events[0]["executionId"]})
            self.assertEqual(events[0]["lifecycleStage"], "PRODUCTION_TRAFFIC_SHIFT")
            self.assertEqual(events[0]["resourceArn"], done["serviceDeploymentArn"])
            self.assertEqual(events[0]["hookDetails"], {"why": "test"})
            self.assertEqual(events[2]["hookDetails"], {"why": "test", "n": 2})
            weights = events[0]["executionDetails"]["productionTrafficWeights"]
            self.assertEqual(weights[done["targetServiceRevision"]["arn"]], 100)
            self.assertEqual(weights[done["sourceServiceRevisions"][0]["arn"]], 0)
            for name, words in (("no", "returned FAILED status."), ("broken", "its command ended with status 3"),
                                ("nobody", "no command is known for it: weir serve --hook nobody=COMMAND"),
                                ("hangs", "timed out.")):
                with self.subTest(name=name):
                    stage = "POST_PRODUCTION_TRAFFIC_SHIFT"
                    before = self.last()["serviceDeploymentArn"]
                    self.update(taskDefinition=self.version("3.0"), deploymentConfiguration={"lifecycleHooks": [
                        self.function(name, stage, timeoutConfiguration={"timeoutInMinutes": 1})]})
                    wait_until(lambda: self.last()["serviceDeploymentArn"] != before, "it has begun")
                    reason = self.end("ROLLBACK_SUCCESSFUL")["statusReason"]
                    self.assertIn(f"rolled back because {stage} lifecycle hook(s) failed. ", reason)
                    self.assertIn(words, reason)
            account = load.finish()
        self.nothing_failed(account)

    def test_ten_tasks_shift_in_seconds(self):
        self.serve("ten", count=10, strategy="BLUE_GREEN", bakeTimeInMinutes=0)
        with self.load() as load:
            began = time.monotonic()
            self.update(taskDefinition=self.version("2.0"))
            wait_until(lambda: self.weights() == [0, 100], "all of the traffic", 40, every=0.02)
            print(f"10 tasks, UpdateService to all traffic shifted: {time.monotonic() - began:.2f} s")
            self.end("SUCCESSFUL")
            account = load.finish()
        self.nothing_failed(account)


if __name__ == "__main__":
    unittest.main()
