"""A service's history, asked for in JSON as newer clients than Debian's ask: each deployment with its end, stopped by hand and rolled back; a daemon; a
service behind two balancers."""

import json
import unittest
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from weir_testing import ACCESS_KEY, HELLO, REGION, SECRET_KEY, Weir, version_of, wait_until

SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"


def call(weir, operation, **body):
    """(status, reply) of an operation that Debian's boto3 does not know yet."""
    request = AWSRequest("POST", weir.endpoint, data=json.dumps(body), headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}"})
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "ecs", REGION).add_auth(request)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(weir.endpoint, request.data.encode(), dict(request.headers)),
                         timeout=20) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class ServiceDeployments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs = weir, weir.ecs
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def serve(self, name):
        """One task behind a balancer; returns its definition."""
        self.group = self.weir.target_group(name)
        _, self.port = self.weir.listener(self.weir.balancer(name), self.group)
        good = self.weir.task_definition(name, VERSION="good")
        self.weir.create_service(name, good, 1, self.group, deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True}})
        self.addCleanup(self.ecs.delete_service, cluster="test", service=name, force=True)
        self.weir.stable(name)
        return good

    def call(self, operation, **body):
        status, reply = call(self.weir, operation, **body)
        self.assertEqual(status, 200, reply)
        return reply

    def last(self, name):
        briefs = self.call("ListServiceDeployments", cluster="test", service=name)["serviceDeployments"]
        arn = briefs[0]["serviceDeploymentArn"]
        return self.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def definition_of(self, revision):
        found = self.call("DescribeServiceRevisions", serviceRevisionArns=[revision])["serviceRevisions"][0]
        return found["taskDefinition"]

    def test_the_history_tells_each_end(self):
        good = self.serve("history")
        first = self.last("history")
        self.assertEqual(first["status"], "SUCCESSFUL")
        self.assertEqual(first["deploymentCircuitBreaker"],
                         {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3})
        self.assertEqual(first["targetServiceRevision"]["runningTaskCount"], 1)
        self.assertLessEqual(first["createdAt"], first["finishedAt"])

        bad = self.weir.task_definition("history", command=("sh", "-c", "exit 1"))
        self.ecs.update_service(cluster="test", service="history", taskDefinition=bad)
        failed = wait_until(lambda: (last := self.last("history"))["status"] == "ROLLBACK_SUCCESSFUL" and last,
                            "it is rolled back", 60)
        self.assertEqual(failed["deploymentCircuitBreaker"]["status"], "TRIGGERED")
        self.assertGreaterEqual(failed["deploymentCircuitBreaker"]["failureCount"], 3)
        self.assertEqual(failed["rollback"]["reason"], "ECS deployment circuit breaker: tasks failed to start.")
        self.assertEqual(failed["rollback"]["serviceRevisionArn"], first["targetServiceRevision"]["arn"])
        self.assertEqual(self.definition_of(failed["targetServiceRevision"]["arn"]), bad)
        self.assertEqual(self.definition_of(failed["rollback"]["serviceRevisionArn"]), good)
        shown = self.call("DescribeServices", cluster="test", services=["history"])["services"][0]
        self.assertNotIn("currentServiceDeployment", shown)

        self.ecs.update_service(cluster="test", service="history", forceNewDeployment=True)
        wait_until(lambda: self.last("history")["status"] == "SUCCESSFUL", "it is deployed anew", 60)
        self.assertEqual(self.definition_of(self.last("history")["targetServiceRevision"]["arn"]), good)
        listed = self.call("ListServiceDeployments", cluster="test", service="history", status=["SUCCESSFUL"])
        self.assertEqual(len(listed["serviceDeployments"]), 2)

    def test_a_deployment_is_stopped_by_hand(self):
        good = self.serve("hand")
        # It starts and is never healthy, so that the deployment goes on until somebody stops it.
        slow = self.weir.task_definition("hand", command=("sh", "-c", SLEEP))
        self.ecs.update_service(cluster="test", service="hand", taskDefinition=slow, healthCheckGracePeriodSeconds=600)
        going_on = wait_until(lambda: (last := self.last("hand"))["status"] == "IN_PROGRESS" and last, "it goes on")
        shown = self.call("DescribeServices", cluster="test", services=["hand"])["services"][0]
        self.assertEqual(shown["currentServiceDeployment"], going_on["serviceDeploymentArn"])
        self.call("StopServiceDeployment", serviceDeploymentArn=going_on["serviceDeploymentArn"])
        back = wait_until(lambda: (last := self.last("hand"))["status"] == "ROLLBACK_SUCCESSFUL" and last, "it is back", 60)
        self.assertEqual(self.weir.stable("hand")["taskDefinition"], good)
        self.assertEqual(back["deploymentCircuitBreaker"]["status"], "MONITORING_COMPLETE")
        status, refused = call(self.weir, "StopServiceDeployment", serviceDeploymentArn=going_on["serviceDeploymentArn"])
        self.assertEqual((status, refused["__type"].split("#")[-1]), (400, "ConflictException"))

        self.ecs.update_service(cluster="test", service="hand", taskDefinition=slow)
        arn = wait_until(lambda: (last := self.last("hand"))["status"] == "IN_PROGRESS" and last["serviceDeploymentArn"],
                         "it goes on")
        self.call("StopServiceDeployment", serviceDeploymentArn=arn, stopType="ABORT")
        wait_until(lambda: self.last("hand")["status"] == "STOPPED", "it is stopped")
        self.assertEqual(self.weir.service("hand")["deployments"][0]["rolloutState"], "FAILED")
        self.assertEqual(version_of(self.port), "good", "what served goes on serving")

    def test_a_daemon_is_replaced_in_place(self):
        one = self.weir.task_definition("daemon", command=("sh", "-c", SLEEP))
        self.ecs.create_service(cluster="test", serviceName="daemon", taskDefinition=one, schedulingStrategy="DAEMON")
        self.addCleanup(self.ecs.delete_service, cluster="test", service="daemon")
        self.weir.stable("daemon")
        before = self.weir.tasks("daemon")
        self.assertEqual(len(before), 1)
        two = self.weir.task_definition("daemon", command=("sh", "-c", SLEEP), NEW="1")
        self.ecs.update_service(cluster="test", service="daemon", taskDefinition=two)
        self.weir.stable("daemon")
        after = self.weir.tasks("daemon")
        self.assertEqual([task["taskDefinitionArn"] for task in after], [two])

    def test_a_service_is_reached_through_each_of_its_balancers(self):
        groups = [self.weir.target_group(f"both-{i}") for i in range(2)]
        ports = [self.weir.listener(self.weir.balancer(f"both-{i}"), group)[1] for i, group in enumerate(groups)]
        definition = self.weir.task_definition("both", VERSION="both")
        self.ecs.create_service(cluster="test", serviceName="both", taskDefinition=definition, desiredCount=1, loadBalancers=[
            {"targetGroupArn": group, "containerName": "app", "containerPort": 8080} for group in groups])
        self.addCleanup(self.ecs.delete_service, cluster="test", service="both", force=True)
        self.weir.stable("both")
        self.assertEqual([version_of(port) for port in ports], ["both", "both"])


if __name__ == "__main__":
    unittest.main()
