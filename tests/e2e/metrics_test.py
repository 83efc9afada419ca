"""What Weir counts, as CloudWatch's metrics and as Prometheus' text; and a deployment that an alarm takes back."""

import datetime
import http.client
import re
import time
import unittest
import urllib.request

from service_deployments_test import call
from weir_testing import HELLO, Prove, Weir, wait_until

RATE = 300  # requests a second


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs, cls.cloudwatch = weir, weir.ecs, weir.client("cloudwatch")
        weir.import_image("hello:1", HELLO)
        weir.ecs.create_cluster(clusterName="test")

    def serve(self, name, **configuration):
        balancer, group = self.weir.balancer(name), self.weir.target_group(name)
        _, port = self.weir.listener(balancer, group)
        good = self.weir.task_definition(name, VERSION="1.0")
        self.weir.create_service(name, good, 2, group, deploymentConfiguration=configuration)
        self.addCleanup(self.ecs.delete_service, cluster="test", service=name, force=True)
        self.weir.stable(name)
        arn = self.elb("load_balancers")(Names=[name])["LoadBalancers"][0]["LoadBalancerArn"]
        self.of_balancer = [{"Name": "LoadBalancer", "Value": arn.split(":loadbalancer/")[1]}]
        arn = self.elb("target_groups")(Names=[name])["TargetGroups"][0]["TargetGroupArn"]
        self.of_group = self.of_balancer + [{"Name": "TargetGroup", "Value": arn.split(":")[-1]}]
        return good, port

    def elb(self, what):
        return getattr(self.weir.elbv2, f"describe_{what}")

    def statistic(self, metric, statistic="Sum", dimensions=None, period=3600, namespace="AWS/ApplicationELB"):
        percentile = statistic.startswith("p")
        points = self.cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=metric, Dimensions=dimensions or self.of_balancer, Period=period,
            StartTime=now() - datetime.timedelta(minutes=30), EndTime=now() + datetime.timedelta(minutes=1),
            **({"ExtendedStatistics": [statistic]} if percentile else {"Statistics": [statistic]}))["Datapoints"]
        values = [point["ExtendedStatistics"][statistic] if percentile else point[statistic] for point in points]
        return values[-1] if values else None

    def test_traffic_is_what_the_metrics_say(self):
        _, port = self.serve("counted")
        with Prove(self.weir, f"http://127.0.0.1:{port}/", RATE, "--expect", "hello ") as prove:
            time.sleep(3)  # so much load
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        sent = account["sent"]
        wait_until(lambda: self.statistic("RequestCount") == sent, "every request is counted, once", 10)
        self.assertEqual(self.statistic("RequestCount", dimensions=self.of_group), sent)
        self.assertEqual(self.statistic("HTTPCode_Target_2XX_Count", dimensions=self.of_group), sent)
        self.assertIsNone(self.statistic("HTTPCode_Target_5XX_Count"), "left out where it is 0")
        self.assertEqual(self.statistic("TargetResponseTime", "SampleCount"), sent)
        self.assertLess(0, self.statistic("TargetResponseTime", "p50"))
        self.assertLessEqual(self.statistic("TargetResponseTime", "p50"), self.statistic("TargetResponseTime", "p99"))
        self.assertEqual(self.statistic("HealthyHostCount", "Maximum", self.of_group), 2)
        self.assertEqual(self.statistic("UnHealthyHostCount", "Minimum", self.of_group), 0)
        self.assertGreater(self.statistic("ProcessedBytes"), sent * 50)
        self.assertGreater(self.statistic("NewConnectionCount"), 0)
        self.assertAlmostEqual(self.statistic("RequestCountPerTarget", dimensions=self.of_group), sent / 2, delta=1)
        # By the second, while it is fresh.
        data = self.cloudwatch.get_metric_data(
            StartTime=now() - datetime.timedelta(seconds=60), EndTime=now(), MetricDataQueries=[
                {"Id": "r", "MetricStat": {"Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount",
                                                      "Dimensions": self.of_balancer}, "Period": 1, "Stat": "Sum"}}])
        self.assertGreater(len(data["MetricDataResults"][0]["Values"]), 2)
        listed = self.weir.aws(
            "cloudwatch", "list-metrics", "--namespace", "AWS/ApplicationELB", "--metric-name", "RequestCount",
            "--dimensions", f"Name=LoadBalancer,Value={self.of_balancer[0]['Value']}")
        self.assertEqual(len(listed["Metrics"]), 2)
        with urllib.request.urlopen(f"{self.weir.endpoint}/_weir/metrics", timeout=10) as reply:
            self.assertEqual(reply.headers["Content-Type"], "text/plain; version=0.0.4")
            text = reply.read().decode()
        labels = r'{[^}]*load_balancer="app/counted/\w+",unit="Count"}'
        line = f"aws_application_elb_request_count_sum_total{labels} {sent}$"
        self.assertRegex(text, re.compile(line, re.MULTILINE))

    def test_what_tasks_use_is_a_share_of_what_they_reserve(self):
        container = {"name": "app", "image": "hello:1", "cpu": 256, "memory": 64, "command": ["sh", "-c", "while :; do :; done"]}
        busy = self.ecs.register_task_definition(family="busy", networkMode="bridge", containerDefinitions=[container])
        self.cloudwatch.put_metric_alarm(
            AlarmName="busy", Namespace="AWS/ECS", MetricName="CPUUtilization", Statistic="Average", Period=1,
            Dimensions=self.of_service("busy"), EvaluationPeriods=1, Threshold=50, TreatMissingData="notBreaching",
            ComparisonOperator="GreaterThanThreshold")
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=["busy"])
        self.weir.create_service("busy", busy["taskDefinition"]["taskDefinitionArn"], 1)
        self.addCleanup(self.ecs.delete_service, cluster="test", service="busy", force=True)
        self.weir.stable("busy")

        def share(metric, statistic="Maximum", dimensions=self.of_service("busy")):
            return self.statistic(metric, statistic, dimensions, namespace="AWS/ECS") or 0
        wait_until(lambda: share("CPUUtilization") > 50, "a busy task is seen", 20)
        wait_until(lambda: self.state("busy") == "ALARM", "an alarm goes off", 20)
        self.assertTrue(0 < share("MemoryUtilization") < 100, share("MemoryUtilization"))
        cluster = [{"Name": "ClusterName", "Value": "test"}]
        for metric in ("CPUUtilization", "CPUReservation", "MemoryUtilization", "MemoryReservation"):
            self.assertGreater(share(metric, dimensions=cluster), 0, metric)
            self.assertLess(share(metric, dimensions=cluster), 101, metric)
        data = self.cloudwatch.get_metric_data(
            StartTime=now() - datetime.timedelta(seconds=60), EndTime=now(), MetricDataQueries=[
                {"Id": "n", "MetricStat": {"Metric": {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization",
                                                      "Dimensions": self.of_service("busy")}, "Period": 1,
                                           "Stat": "SampleCount"}}])
        self.assertEqual(set(data["MetricDataResults"][0]["Values"]), {1.0}, "one task, each second")
        with urllib.request.urlopen(f"{self.weir.endpoint}/_weir/metrics", timeout=10) as reply:
            text = reply.read().decode()
        self.assertRegex(text, r'aws_ecs_cpu_utilization{[^}]*cluster_name="test",service_name="busy",unit="Percent"} ')

        idle = self.weir.task_definition("idle")
        self.ecs.update_service(cluster="test", service="busy", taskDefinition=idle)
        wait_until(lambda: self.state("busy") == "OK", "the alarm is over", 30)

    @staticmethod
    def of_service(name):
        return [{"Name": "ClusterName", "Value": "test"}, {"Name": "ServiceName", "Value": name}]

    def state(self, alarm):
        return self.cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"]

    def test_an_alarm_takes_a_version_back(self):
        good, port = self.serve("watched")
        self.cloudwatch.put_metric_alarm(
            AlarmName="watched-5xx", Namespace="AWS/ApplicationELB", MetricName="HTTPCode_Target_5XX_Count",
            Dimensions=self.of_group, Statistic="Sum", Period=1, EvaluationPeriods=1, Threshold=0,
            ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching")
        self.addCleanup(self.cloudwatch.delete_alarms, AlarmNames=["watched-5xx"])
        wait_until(lambda: self.state("watched-5xx") == "OK", "the alarm is OK")
        bad = self.weir.task_definition("watched", VERSION="2.0", STATUS="500")
        self.newer("UpdateService", cluster="test", service="watched", taskDefinition=bad, deploymentConfiguration={
            "alarms": {"alarmNames": ["watched-5xx"], "enable": True, "rollback": True}})
        breach = wait_until(lambda: self.answers_badly(port), "the bad version is seen", 60, every=0.02)

        def taken_back():
            self.answers_badly(port)
            return self.weir.service("watched")["taskDefinition"] == good

        wait_until(taken_back, "the service goes back", 30, every=0.02)
        took = time.monotonic() - breach
        print(f"from the first 5xx to the rollback begun: {took:.2f} s")
        self.assertLess(took, 10, "the figure to reach is 2 s")
        service = self.weir.stable("watched")
        said = [event["message"] for event in reversed(service["events"])]
        failed = [one for one in said if "deployment failed" in one]
        self.assertEqual(len(failed), 1, said)
        self.assertRegex(failed[0], r"^\(service watched\) \(deployment ecs-svc/\d+\) deployment failed: alarm detected.$")
        after = said[said.index(failed[0]) + 1]
        self.assertTrue(after.startswith("(service watched) rolling back to deployment ecs-svc/"), after)
        self.assertEqual(said[-1], "(service watched) has reached a steady state.")
        wait_until(lambda: not self.answers_badly(port), "the good version alone serves")
        arn = self.newer("ListServiceDeployments", cluster="test",
                         service="watched")["serviceDeployments"][0]["serviceDeploymentArn"]
        shown = self.newer("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"][0]
        self.assertEqual(shown["status"], "ROLLBACK_SUCCESSFUL")
        self.assertEqual(shown["alarms"], {"status": "TRIGGERED", "alarmNames": ["watched-5xx"]})

    def newer(self, operation, **document):
        """A call of ECS with what Debian's boto3 does not know yet."""
        status, reply = call(self.weir, operation, **document)
        self.assertEqual(status, 200, reply)
        return reply

    def answers_badly(self, port):
        """When a request was answered with 500, or None."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/")
            reply = connection.getresponse()
            reply.read()
            return time.monotonic() if reply.status == 500 else None
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
