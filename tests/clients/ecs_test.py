"""ecs as boto3 and the aws CLI meet it: paginators, waiters, error classes, JSON files written and read again."""

import datetime
import json
import pathlib
import unittest

from weir_testing import Weir

CLUSTER = "clients"
CONTAINER = {"name": "app", "image": "none:1", "memory": 64, "portMappings": [{"containerPort": 8080}]}
ARN = "arn:aws:ecs:eu-west-1:000000000000:"


class Ecs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.ecs, cls.aws = weir, weir.ecs, staticmethod(weir.aws)
        cls.ecs.create_cluster(clusterName=CLUSTER)

    def register(self, family, **more):
        made = self.ecs.register_task_definition(family=family, containerDefinitions=[CONTAINER], **more)
        return made["taskDefinition"]

    def service(self, name, **more):
        return self.ecs.create_service(**{"cluster": CLUSTER, "serviceName": name, "desiredCount": 0, **more})["service"]

    def test_a_definition_described_by_the_cli_is_registered_again_from_its_file(self):
        """As the deployment scripts of 2020 do it: describe, take five members out, change one thing, register."""
        rich = {**CONTAINER, "user": "1337", "dockerLabels": {"a": "b"}, "essential": True, "stopTimeout": 5,
                "ulimits": [{"name": "nofile", "softLimit": 15000, "hardLimit": 15000}],
                "environment": [{"name": "APPMESH", "value": "mesh/echo"}],
                "secrets": [{"name": "TOKEN", "valueFrom": "/web/token"}],
                "mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared", "readOnly": True}],
                "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 5, "timeout": 2, "retries": 3},
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}}}
        after = {"name": "second", "image": "none:2", "memory": 32, "volumesFrom": [{"sourceContainer": "app"}],
                 "dependsOn": [{"containerName": "app", "condition": "HEALTHY"}]}
        self.ecs.register_task_definition(
            family="old", networkMode="awsvpc", cpu="256", memory="512", executionRoleArn="arn:aws:iam::1:role/x",
            requiresCompatibilities=["FARGATE"], volumes=[{"name": "shared"}], containerDefinitions=[rich, after])
        described = self.aws("ecs", "describe-task-definition", "--task-definition", "old")["taskDefinition"]
        self.assertFalse({"registeredAt", "registeredBy", "deregisteredAt"} & described.keys())
        for member in ("status", "compatibilities", "taskDefinitionArn", "requiresAttributes", "revision"):
            del described[member]
        described["containerDefinitions"][0]["environment"].append({"name": "NODE", "value": "new"})
        file = pathlib.Path(self.weir.home, "definition.json")
        file.write_text(json.dumps(described))
        registered = self.aws("ecs", "register-task-definition", "--cli-input-json", f"file://{file}")["taskDefinition"]
        self.assertEqual(registered["revision"], 2)
        self.assertEqual(registered["containerDefinitions"], described["containerDefinitions"])
        for member in ("volumes", "cpu", "memory", "networkMode", "requiresCompatibilities", "placementConstraints"):
            self.assertEqual(registered[member], described[member])

    def test_paginators_see_each_item_once_and_in_order(self):
        for _ in range(12):
            self.register("paged")
        pages = self.ecs.get_paginator("list_task_definitions").paginate(
            familyPrefix="paged", PaginationConfig={"PageSize": 5})
        revisions = [int(arn.rsplit(":", 1)[1]) for page in pages for arn in page["taskDefinitionArns"]]
        self.assertEqual(revisions, list(range(1, 13)))

        names = [f"service-{12 - i}" for i in range(12)]
        for name in names:
            self.service(name, taskDefinition="paged")
        pages = list(self.ecs.get_paginator("list_services").paginate(cluster=CLUSTER))
        self.assertEqual(len(pages[0]["serviceArns"]), 10, "AWS gives ten services a page")
        listed = [arn.rsplit("/", 1)[1] for page in pages for arn in page["serviceArns"]]
        self.assertEqual([name for name in listed if name in names], names, "in the order of their creation")
        for name in names:
            self.ecs.delete_service(cluster=CLUSTER, service=name)

    def test_errors_are_of_the_classes_that_boto3_knows(self):
        known, ecs = self.ecs.exceptions, self.ecs
        rows = [
            (known.ClusterNotFoundException, "Cluster not found.", ecs.list_services, {"cluster": "nowhere"}),
            (known.ServiceNotFoundException, "Service not found.", ecs.delete_service,
             {"cluster": CLUSTER, "service": "nobody"}),
            (known.ClientException, "Unable to describe task definition.", ecs.describe_task_definition,
             {"taskDefinition": "nothing"}),
            (known.ClientException, "TaskDefinition not found.", ecs.create_service,
             {"cluster": CLUSTER, "serviceName": "a", "taskDefinition": "nothing", "desiredCount": 1}),
            (known.InvalidParameterException, "Tasks cannot be empty.", ecs.describe_tasks,
             {"cluster": CLUSTER, "tasks": []}),
            (known.InvalidParameterException, "The referenced task was not found.", ecs.stop_task,
             {"cluster": CLUSTER, "task": "0" * 32}),
            (known.ClientException, "Fargate only supports network mode", ecs.register_task_definition,
             {"family": "a", "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [CONTAINER]}),
            (known.ClientException, "'containerDefinitions[0].privileged'", ecs.register_task_definition,
             {"family": "a", "containerDefinitions": [{**CONTAINER, "privileged": True}]}),
            (known.InvalidParameterException, "The daemon scheduling strategy does not support a desired count",
             ecs.create_service, {"cluster": CLUSTER, "serviceName": "a", "taskDefinition": "a", "desiredCount": 1,
                                  "schedulingStrategy": "DAEMON"}),
            (known.UnsupportedFeatureException, "'EXTERNAL' of the parameter 'launchType'", ecs.run_task,
             {"cluster": CLUSTER, "taskDefinition": "a", "launchType": "EXTERNAL"}),
            (known.NamespaceNotFoundException, "namespace", ecs.list_services_by_namespace, {"namespace": "local"}),
        ]
        for kind, message, call, arguments in rows:
            with self.subTest(message), self.assertRaises(kind) as caught:
                call(**arguments)
            self.assertIn(message, caught.exception.response["Error"]["Message"])

    def test_failures_name_what_is_missing(self):
        found = self.ecs.describe_services(cluster=CLUSTER, services=["nobody"])
        self.assertEqual(found["failures"], [{"arn": f"{ARN}service/{CLUSTER}/nobody", "reason": "MISSING"}])
        found = self.ecs.describe_tasks(cluster=CLUSTER, tasks=["0" * 32])
        self.assertEqual(found["failures"], [{"arn": f"{ARN}task/{CLUSTER}/{'0' * 32}", "reason": "MISSING"}])
        found = self.ecs.describe_clusters(clusters=["nowhere"])
        self.assertEqual(found["failures"], [{"arn": f"{ARN}cluster/nowhere", "reason": "MISSING"}])

    def test_a_service_lives_and_is_gone_as_the_waiters_have_it(self):
        self.register("life")
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=5)
        made = self.service("life", taskDefinition="life", clientToken="once",
                            deploymentConfiguration={"minimumHealthyPercent": 50, "maximumPercent": 150})
        self.assertEqual(self.service("life", taskDefinition="life", clientToken="once")["serviceArn"],
                         made["serviceArn"])
        self.assertGreater(made["createdAt"], before)
        self.weir.stable("life", CLUSTER)
        self.ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=["life"])
        first = self.weir.service("life", CLUSTER)["deployments"][0]["id"]
        updated = self.ecs.update_service(cluster=CLUSTER, service="life", forceNewDeployment=True)["service"]
        self.assertNotEqual(updated["deployments"][0]["id"], first)
        self.assertEqual([one["status"] for one in updated["deployments"]], ["PRIMARY", "ACTIVE"])
        self.weir.stable("life", CLUSTER)
        self.ecs.delete_service(cluster=CLUSTER, service=made["serviceArn"])
        self.ecs.get_waiter("services_inactive").wait(cluster=CLUSTER, services=["life"])
        self.assertNotIn(made["serviceArn"], self.ecs.list_services(cluster=CLUSTER)["serviceArns"])

    def test_a_region_is_a_world_of_its_own(self):
        elsewhere = self.aws("ecs", "list-clusters", "--region", "us-east-1")
        self.assertEqual(elsewhere["clusterArns"], [])
        self.assertIn(f"{ARN}cluster/{CLUSTER}", self.aws("ecs", "list-clusters")["clusterArns"])

    def test_later_tags_settings_and_providers_as_the_cli_gives_them(self):
        made = self.aws("ecs", "create-cluster", "--cluster-name", "later")["cluster"]
        arn = made["clusterArn"]
        self.aws("ecs", "tag-resource", "--resource-arn", arn, "--tags", "key=a,value=1", "key=b,value=2")
        self.aws("ecs", "untag-resource", "--resource-arn", arn, "--tag-keys", "a")
        self.assertEqual(self.aws("ecs", "list-tags-for-resource", "--resource-arn", arn)["tags"],
                         [{"key": "b", "value": "2"}])
        put = self.aws("ecs", "put-cluster-capacity-providers", "--cluster", "later", "--capacity-providers", "FARGATE",
                       "FARGATE_SPOT", "--default-capacity-provider-strategy", "capacityProvider=FARGATE,weight=1")
        self.assertEqual(put["cluster"]["capacityProviders"], ["FARGATE", "FARGATE_SPOT"])
        known = self.aws("ecs", "describe-capacity-providers")["capacityProviders"]
        self.assertEqual([one["name"] for one in known], ["FARGATE", "FARGATE_SPOT"])
        self.aws("ecs", "put-account-setting", "--name", "containerInsights", "--value", "enhanced")
        listed = self.aws("ecs", "list-account-settings", "--effective-settings", "--name", "containerInsights")
        self.assertEqual(listed["settings"][0]["value"], "enhanced")
        self.aws("ecs", "delete-account-setting", "--name", "containerInsights")

    def test_tags_come_back(self):
        tags = [{"key": "team", "value": "shop"}]
        made = self.ecs.create_cluster(clusterName="tagged", tags=tags)["cluster"]
        self.assertEqual(self.ecs.list_tags_for_resource(resourceArn=made["clusterArn"])["tags"], tags)
        described = self.ecs.describe_clusters(clusters=["tagged"], include=["TAGS", "SETTINGS", "CONFIGURATIONS"])
        self.assertEqual(described["clusters"][0]["tags"], tags)
        self.assertEqual(self.ecs.delete_cluster(cluster="tagged")["cluster"]["status"], "INACTIVE")


if __name__ == "__main__":
    unittest.main()
