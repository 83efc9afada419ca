"""Cloud Map as boto3 and the aws CLI meet it: operations and their ends, paginators, error classes, discovery behind the
`data-` that clients put before the host's name, and what a kill -9 leaves."""

import socket
import unittest

from botocore.config import Config
from weir_testing import Weir

ARN = "arn:aws:servicediscovery:eu-west-1:000000000000:"


def resolves(name):
    try:
        return bool(socket.getaddrinfo(name, 80))
    except OSError:
        return False


class ServiceDiscovery(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.map, cls.aws = weir, weir.client("servicediscovery"), staticmethod(weir.aws)
        # The client puts `data-` before the endpoint for DiscoverInstances; before a user's name it does no harm.
        weir.endpoint = weir.endpoint.replace("http://", "http://weir@")
        cls.data = weir.client("servicediscovery")
        weir.endpoint = weir.endpoint.replace("weir@", "")

    def done(self, reply, target="NAMESPACE"):
        operation = self.map.get_operation(OperationId=reply["OperationId"])["Operation"]
        self.assertEqual(operation["Status"], "SUCCESS")
        return operation["Targets"].get(target)

    def private(self, name):
        return self.done(self.map.create_private_dns_namespace(Name=name, Vpc="vpc-1"))

    def service(self, namespace, name, **more):
        return self.map.create_service(Name=name, NamespaceId=namespace, **more)["Service"]

    def test_the_echo_system_is_built_as_its_templates_do_it(self):
        namespace = self.private("echo.local")
        records = {"DnsRecords": [{"Type": "A", "TTL": 300}], "RoutingPolicy": "MULTIVALUE"}
        for name in ("echo_client", "echo_server"):
            made = self.service(namespace, name, DnsConfig=records, HealthCheckCustomConfig={"FailureThreshold": 1})
            self.assertTrue(made["Arn"].startswith(ARN + "service/srv-"))
        listed = self.aws("servicediscovery", "list-services", "--filters",
                          f"Name=NAMESPACE_ID,Values={namespace},Condition=EQ")["Services"]
        self.assertEqual([one["Name"] for one in listed], ["echo_client", "echo_server"])
        service = listed[1]["Id"]
        self.done(self.map.register_instance(ServiceId=service, InstanceId="i-1", Attributes={
            "AWS_INSTANCE_IPV4": "169.254.172.42", "ECS_TASK_SET_EXTERNAL_ID": "blue", "AWS_INIT_HEALTH_STATUS": "UNHEALTHY"}))
        status = self.aws("servicediscovery", "get-instances-health-status", "--service-id", service)["Status"]
        self.assertEqual(status, {"i-1": "UNHEALTHY"})
        self.aws("servicediscovery", "update-instance-custom-health-status", "--service-id", service,
                 "--instance-id", "i-1", "--status", "HEALTHY")
        found = self.data.discover_instances(NamespaceName="echo.local", ServiceName="echo_server",
                                             QueryParameters={"ECS_TASK_SET_EXTERNAL_ID": "blue"})["Instances"]
        self.assertEqual([(one["InstanceId"], one["HealthStatus"]) for one in found], [("i-1", "HEALTHY")])
        with self.assertRaises(self.map.exceptions.ResourceInUse):
            self.map.delete_service(Id=service)
        self.done(self.map.deregister_instance(ServiceId=service, InstanceId="i-1"), "INSTANCE")
        for one in listed:
            self.aws("servicediscovery", "delete-service", "--id", one["Id"])
        self.done(self.map.delete_namespace(Id=namespace))
        with self.assertRaises(self.map.exceptions.NamespaceNotFound):
            self.map.get_namespace(Id=namespace)

    def test_lists_page(self):
        namespace = self.done(self.map.create_http_namespace(Name="paged"))
        for i in range(7):
            self.service(namespace, f"s{i}")
        only = [{"Name": "NAMESPACE_ID", "Values": [namespace]}]
        pages = self.map.get_paginator("list_services").paginate(Filters=only, PaginationConfig={"PageSize": 3})
        services = [one for page in pages for one in page["Services"]]
        self.assertEqual({one["Name"] for one in services}, {f"s{i}" for i in range(7)})
        for i in range(5):
            self.map.register_instance(ServiceId=services[0]["Id"], InstanceId=f"i{i}", Attributes={"at": str(i)})
        pages = self.map.get_paginator("list_instances").paginate(ServiceId=services[0]["Id"],
                                                                  PaginationConfig={"PageSize": 2})
        self.assertEqual([one["Id"] for page in pages for one in page["Instances"]], [f"i{i}" for i in range(5)])
        pages = self.map.get_paginator("list_namespaces").paginate(PaginationConfig={"PageSize": 1})
        self.assertIn("paged", [one["Name"] for page in pages for one in page["Namespaces"]])
        pages = self.map.get_paginator("list_operations").paginate(PaginationConfig={"PageSize": 2}, Filters=[
            {"Name": "SERVICE_ID", "Values": [services[0]["Id"]], "Condition": "EQ"}])
        self.assertEqual(len([one for page in pages for one in page["Operations"]]), 5)

    def test_errors_are_classes_with_their_members(self):
        namespace = self.done(self.map.create_http_namespace(Name="taken", CreatorRequestId="first"))
        with self.assertRaises(self.map.exceptions.NamespaceAlreadyExists) as caught:
            self.map.create_http_namespace(Name="taken", CreatorRequestId="second")
        self.assertEqual(caught.exception.response["NamespaceId"], namespace)
        self.assertEqual(caught.exception.response["CreatorRequestId"], "first")
        service = self.service(namespace, "one")["Id"]
        with self.assertRaises(self.map.exceptions.ServiceAlreadyExists) as caught:
            self.service(namespace, "one")
        self.assertEqual(caught.exception.response["ServiceId"], service)
        first = self.map.register_instance(ServiceId=service, InstanceId="a", CreatorRequestId="r", Attributes={})
        with self.assertRaises(self.map.exceptions.DuplicateRequest) as caught:
            self.map.register_instance(ServiceId=service, InstanceId="b", CreatorRequestId="r", Attributes={})
        self.assertEqual(caught.exception.response["DuplicateOperationId"], first["OperationId"])
        rows = [
            ("InstanceNotFound", lambda: self.map.get_instance(ServiceId=service, InstanceId="none")),
            ("ServiceNotFound", lambda: self.map.get_service(Id="srv-none")),
            ("OperationNotFound", lambda: self.map.get_operation(OperationId="none")),
            ("CustomHealthNotFound", lambda: self.map.update_instance_custom_health_status(
                ServiceId=service, InstanceId="a", Status="HEALTHY")),
            ("InvalidInput", lambda: self.service(namespace, "-")),
            ("InvalidInput", lambda: self.service(namespace, "two", HealthCheckConfig={"Type": "TCP"})),
            ("ResourceNotFoundException", lambda: self.map.list_tags_for_resource(ResourceARN=ARN + "service/srv-none")),
        ]
        for name, call in rows:
            with self.subTest(name), self.assertRaises(getattr(self.map.exceptions, name)):
                call()

    def test_discovery_answers_behind_the_prefix_that_clients_add(self):
        namespace = self.done(self.map.create_http_namespace(Name="found"))
        service = self.service(namespace, "shop")["Id"]
        self.map.register_instance(ServiceId=service, InstanceId="one", Attributes={"k": "v"})
        names = {"NamespaceName": "found", "ServiceName": "shop"}
        summary = {"InstanceId": "one", "NamespaceName": "found", "ServiceName": "shop", "HealthStatus": "UNKNOWN",
                   "Attributes": {"k": "v"}}
        self.assertEqual(self.data.discover_instances(**names)["Instances"], [summary])
        endpoint, self.weir.endpoint = self.weir.endpoint, self.weir.endpoint.replace("http://", "http://weir@")
        self.addCleanup(setattr, self.weir, "endpoint", endpoint)
        cli = self.aws("servicediscovery", "discover-instances", "--namespace-name", "found", "--service-name", "shop")
        self.assertEqual(cli["Instances"], [summary])
        # The prefix can be switched off, and any name that leads here will do.
        for url, config in ((endpoint, Config(inject_host_prefix=False)),
                            (endpoint.replace("127.0.0.1", "localhost"), Config())):
            if config.inject_host_prefix and not resolves("data-localhost"):
                continue
            client = self.weir_client(url, config)
            self.assertEqual(client.discover_instances(**names)["Instances"], [summary])

    def weir_client(self, url, config):
        import boto3
        from weir_testing import ACCESS_KEY, NOT_RETRIED, REGION, SECRET_KEY
        client = boto3.session.Session().client("servicediscovery", endpoint_url=url, region_name=REGION,
                                                aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
                                                config=NOT_RETRIED.merge(config))
        self.addCleanup(client.close)
        return client

    def test_everything_is_there_after_a_kill(self):
        namespace = self.private("kept.local")
        service = self.service(namespace, "db", DnsConfig={"DnsRecords": [{"Type": "SRV", "TTL": 10}]},
                               HealthCheckCustomConfig={}, Tags=[{"Key": "team", "Value": "shop"}])
        self.map.register_instance(ServiceId=service["Id"], InstanceId="one", Attributes={
            "AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "5432"})

        def seen():
            return [self.map.get_namespace(Id=namespace)["Namespace"], self.map.get_service(Id=service["Id"])["Service"],
                    self.map.get_instance(ServiceId=service["Id"], InstanceId="one")["Instance"],
                    self.map.get_instances_health_status(ServiceId=service["Id"])["Status"],
                    self.map.list_tags_for_resource(ResourceARN=service["Arn"])["Tags"]]

        before = seen()
        self.assertEqual(before[1]["InstanceCount"], 1)
        self.weir.kill()
        self.weir.start()
        self.assertEqual(seen(), before)


if __name__ == "__main__":
    unittest.main()
