"""App Mesh for tests: a mesh in a `weir serve`, its nodes, routes and services, and tasks that are members of it."""

import json

from networks_test import VPC
from weir_testing import wait_until

ENVOY = {"name": "envoy", "image": "aws-appmesh-envoy:v1", "essential": True}  # nobody has it: Weir's sidecar takes its place
PROXY = {"type": "APPMESH", "containerName": "envoy", "properties": [
    {"name": "IgnoredUID", "value": "1337"}, {"name": "ProxyIngressPort", "value": "15000"},
    {"name": "ProxyEgressPort", "value": "15001"}, {"name": "AppPorts", "value": "8080"}]}
FAMILIES = {"http": "httpRoute", "http2": "http2Route", "grpc": "grpcRoute", "tcp": "tcpRoute"}


def targets(*weights):
    return {"weightedTargets": [{"virtualNode": node, "weight": weight} for node, weight in weights]}


def milliseconds(number):
    return {"unit": "ms", "value": number}


class Mesh:
    """A mesh, a cluster and a namespace of one name; virtual services are called NAME.NAMESPACE."""

    def __init__(self, weir, name="m", egress="DROP_ALL"):
        self.weir, self.name, self.domain = weir, name, f"{name}.local"
        self.appmesh, self.map = weir.client("appmesh"), weir.client("servicediscovery")
        weir.ecs.create_cluster(clusterName=name)
        made = self.map.create_private_dns_namespace(Name=self.domain, Vpc="vpc-1")
        self.namespace = self.map.get_operation(OperationId=made["OperationId"])["Operation"]["Targets"]["NAMESPACE"]
        self.appmesh.create_mesh(meshName=name, spec={"egressFilter": {"type": egress}})

    def registry(self, name):
        config = {"DnsRecords": [{"Type": "A", "TTL": 300}], "RoutingPolicy": "MULTIVALUE"}
        return self.map.create_service(Name=name, NamespaceId=self.namespace, DnsConfig=config,
                                       HealthCheckCustomConfig={"FailureThreshold": 1})["Service"]

    # --- nodes, routes, services ------------------------------------------------------------------------------------
    def node(self, name, port, protocol="http", backends=(), registry=None, attributes=None, **listener):
        """A virtual node: what listens at `port` of this machine, or the instances of a Cloud Map service."""
        discovery = {"dns": {"hostname": "127.0.0.1"}}
        if registry:
            discovery = {"awsCloudMap": {"namespaceName": self.domain, "serviceName": registry, "attributes": [
                {"key": key, "value": value} for key, value in (attributes or {}).items()]}}
        self.appmesh.create_virtual_node(meshName=self.name, virtualNodeName=name, spec={
            "listeners": [{"portMapping": {"port": port, "protocol": protocol}, **listener}], "serviceDiscovery": discovery,
            "backends": [{"virtualService": {"virtualServiceName": self.full(each)}} for each in backends]})

    def full(self, service):
        return f"{service}.{self.domain}"

    def service(self, name, port, protocol, *routes):
        """A virtual service with a router of its own; each route is (match, action, more), by priority."""
        self.appmesh.create_virtual_router(meshName=self.name, virtualRouterName=name, spec={
            "listeners": [{"portMapping": {"port": port, "protocol": protocol}}]})
        for number, (match, action, more) in enumerate(routes):
            self.appmesh.create_route(meshName=self.name, virtualRouterName=name, routeName=f"route-{number}", spec={
                "priority": number, FAMILIES[protocol]: {"match": match, "action": action, **more}})
        self.appmesh.create_virtual_service(meshName=self.name, virtualServiceName=self.full(name), spec={
            "provider": {"virtualRouter": {"virtualRouterName": name}}})
        return self.address(name, port)

    def move(self, router, protocol, match, *weights):
        """Changes where the router's first route leads."""
        self.appmesh.update_route(meshName=self.name, virtualRouterName=router, routeName="route-0", spec={
            "priority": 0, FAMILIES[protocol]: {"match": match, "action": targets(*weights)}})

    def table(self):
        return json.loads((self.weir.state / "table.json").read_text())

    def address(self, service, port):
        """Where the host finds the virtual service."""
        def found():
            ends = f"/virtualService/{self.full(service)}:{port}"
            return next((each["address"] for each in self.table()["listeners"] if each["id"].endswith(ends)), None)
        return wait_until(found, f"{service} is in the table", 10)

    def serving(self, node):
        """How many backends of the node have traffic, once it comes to them."""
        pools = [pool for pool in self.table()["pools"] if f"/virtualNode/{node}:" in pool["id"]]
        return sum(backend["state"] == "serving" for pool in pools for backend in pool["backends"])

    # --- tasks ------------------------------------------------------------------------------------------------------
    def define(self, family, image, command, node, **environment):
        app = {"name": "app", "image": image, "command": command, "essential": True, "stopTimeout": 10,
               "portMappings": [{"containerPort": 8080}],
               "environment": [{"name": name, "value": value} for name, value in environment.items()]}
        envoy = {**ENVOY, "environment": [{"name": "APPMESH_VIRTUAL_NODE_NAME", "value": f"mesh/{self.name}/virtualNode/{node}"}]}
        return self.weir.ecs.register_task_definition(
            family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[app, envoy], proxyConfiguration=PROXY)["taskDefinition"]["taskDefinitionArn"]

    def fleet(self, name, definition, registry, desired):
        """A service with the controller EXTERNAL and one task set, as update scripts make them."""
        self.weir.ecs.create_service(cluster=self.name, serviceName=name, desiredCount=desired,
                                     deploymentController={"type": "EXTERNAL"})
        self.weir.ecs.create_task_set(
            cluster=self.name, service=name, externalId=f"{name}-task-set", taskDefinition=definition, launchType="FARGATE",
            networkConfiguration=VPC, serviceRegistries=[{"registryArn": registry["Arn"]}],
            scale={"value": 100, "unit": "PERCENT"})

    def end_fleet(self, name):
        """With its task set; returns when its tasks have stopped."""
        arns = [task["taskArn"] for task in self.weir.tasks(name, cluster=self.name)]
        for task_set in self.weir.service(name, self.name)["taskSets"]:
            self.weir.ecs.delete_task_set(cluster=self.name, service=name, taskSet=task_set["id"], force=True)
        self.weir.ecs.delete_service(cluster=self.name, service=name, force=True)
        wait_until(lambda: all(task["lastStatus"] == "STOPPED" for task in self.weir.ecs.describe_tasks(
            cluster=self.name, tasks=arns)["tasks"]), f"the tasks of {name} have stopped", 60)
