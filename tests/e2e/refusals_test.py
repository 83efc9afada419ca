"""Bad input: each a clear error in AWS's shape, or one line on stderr, and nothing half-written."""

import contextlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

from botocore.exceptions import ClientError

from weir_testing import (ACCESS_KEY, HELLO, SECRET_KEY, WEIR, Weir, clean_environment, free_port, listening, unverified,
                          wait_until)

ECS_TARGET = "AmazonEC2ContainerServiceV20141113."


def post(weir, body, service="ecs", **headers):
    """A request with a signature that nobody checks; (status, body) of the reply."""
    request = urllib.request.Request(weir.endpoint, body.encode(), {
        **unverified(service), **{name.replace("_", "-"): value for name, value in headers.items()}})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def raw(port, text):
    """Sends bytes, returns all that is received until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def serve_to_its_end(*arguments):
    """`weir serve` that is expected to refuse: (exit code, stderr)."""
    done = subprocess.run([WEIR, "serve", *(str(one) for one in arguments)], capture_output=True, text=True, timeout=20,
                          env=clean_environment())
    return done.returncode, done.stderr


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir = weir
        weir.ecs.create_cluster(clusterName="test")

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response["Error"]["Message"]

    def test_malformed_json(self):
        for body in ("{", "[]", "nonsense", '{"clusterName": 7}', '{"clusterName": "a"} x'):
            with self.subTest(body):
                status, text = post(self.weir, body, X_Amz_Target=ECS_TARGET + "CreateCluster",
                                    Content_Type="application/x-amz-json-1.1")
                self.assertEqual(status, 400, text)
                self.assertRegex(json.loads(text)["__type"], "SerializationException|InvalidParameterException")

    def test_unknown_operations(self):
        status, text = post(self.weir, "{}", X_Amz_Target=ECS_TARGET + "MakeTea", Content_Type="application/x-amz-json-1.1")
        self.assertEqual(status, 400)
        self.assertIn("UnknownOperationException", json.loads(text)["__type"])
        for body in ("Action=MakeTea&Version=2015-12-01", "%%%", ""):
            with self.subTest(body):
                status, text = post(self.weir, body, "elasticloadbalancing",
                                    Content_Type="application/x-www-form-urlencoded")
                self.assertEqual(status, 400, text)
                self.assertRegex(text, r"<Error>\s*(<Type>Sender</Type>)?\s*<Code>\w+</Code>\s*<Message>")

    def test_what_is_not_implemented_is_named(self):
        message = self.refused("UnknownOperationException", self.weir.ecs.register_container_instance)
        self.assertIn("RegisterContainerInstance", message)

    def test_fields(self):
        ecs, elbv2 = self.weir.ecs, self.weir.elbv2
        before = ecs.list_services(cluster="test")["serviceArns"]
        self.assertIn("255", self.refused("InvalidParameterException", ecs.create_cluster, clusterName="a" * 256))
        status, text = post(self.weir, "{}", X_Amz_Target=ECS_TARGET + "CreateService",
                            Content_Type="application/x-amz-json-1.1")
        self.assertEqual((status, "serviceName" in text), (400, True), text)
        self.refused("ValidationError", elbv2.create_load_balancer, Name="a" * 33, Subnets=["subnet-1", "subnet-2"])
        self.refused("ClusterNotFoundException", ecs.create_service, cluster="nowhere", serviceName="a",
                     taskDefinition="a", desiredCount=1)
        self.refused("ClusterNotFoundException", ecs.list_services, cluster="nowhere")
        self.refused("ServiceNotFoundException", ecs.update_service, cluster="test", service="nobody", desiredCount=1)
        self.refused("TargetGroupNotFound", elbv2.describe_target_groups, Names=["none"])
        self.refused("LoadBalancerNotFound", elbv2.describe_load_balancers, Names=["none"])
        made = set(ecs.list_services(cluster="test")["serviceArns"]) - set(before)
        self.assertEqual(made, set(), "nothing was half-written")

    def test_an_unknown_image_is_tried_again_until_it_appears(self):
        weir = self.weir
        definition = weir.task_definition("late", "late:1", VERSION="late")
        weir.create_service("late", definition, 1)
        stopped = wait_until(lambda: weir.tasks("late", status="STOPPED"), "a task that could not start")
        self.assertIn("CannotPullContainerError", stopped[0]["stoppedReason"])
        self.assertEqual(stopped[0]["stopCode"], "TaskFailedToStart")
        said = "(service late) was unable to place a task. Reason: CannotPullContainerError: "
        wait_until(lambda: any(event["message"].startswith(said) for event in weir.service("late")["events"]), "it says why")
        weir.import_image("late:1", HELLO)
        weir.stable("late")
        weir.ecs.delete_service(cluster="test", service="late", force=True)

    def test_the_proxy_answers_malformed_http_with_400_and_closes(self):
        weir = self.weir
        _, port = weir.listener(weir.balancer("raw"), weir.target_group("raw"))
        wait_until(lambda: listening(port), "the listener listens")
        rows = [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]
        for row in rows:
            with self.subTest(row):
                received = raw(port, row)
                self.assertRegex(received, rb"^HTTP/1\.1 400 ")
                self.assertEqual(received.count(b"HTTP/1.1 "), 1)

    def test_a_port_in_use(self):
        weir = self.weir
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            wish = {"LoadBalancerArn": weir.balancer("taken"), "Protocol": "HTTP", "Port": taken.getsockname()[1],
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": weir.target_group("taken")}]}
            message = self.refused("InvalidConfigurationRequest", weir.elbv2.create_listener, **wish)
            self.assertIn(f"{wish['Port']}: Address already in use", message)
        weir.elbv2.create_listener(**wish)  # it is free now
        wait_until(lambda: listening(wish["Port"]), "the listener listens")
        self.refused("DuplicateListener", weir.elbv2.create_listener, **{**wish, "DefaultActions": [
            {"Type": "forward", "TargetGroupArn": weir.target_group("other")}]})


class Signatures(unittest.TestCase):
    def test_a_wrong_key_or_secret_is_refused_and_the_right_one_is_not(self):
        with tempfile.TemporaryDirectory() as folder:
            secret = pathlib.Path(folder, "secret")
            secret.write_text(SECRET_KEY + "\n")
            with Weir("--access-key", ACCESS_KEY, "--secret-key-file", secret) as weir:
                self.assertEqual(weir.sts.get_caller_identity()["Account"], "000000000000")
                rows = [("ecs", "list_clusters", ACCESS_KEY, "wrong", "InvalidSignatureException"),
                        ("sts", "get_caller_identity", ACCESS_KEY, "wrong", "SignatureDoesNotMatch"),
                        ("ecs", "list_clusters", "AKIDSOMEONE", SECRET_KEY, "UnrecognizedClientException"),
                        ("elbv2", "describe_load_balancers", "AKIDSOMEONE", SECRET_KEY, "InvalidClientTokenId")]
                for service, call, key, secret_key, code in rows:
                    with self.subTest(code), self.assertRaises(ClientError) as caught:
                        getattr(weir.client(service, key, secret_key), call)()
                    error = caught.exception.response
                    self.assertEqual(error["Error"]["Code"], code)
                    self.assertIn(error["ResponseMetadata"]["HTTPStatusCode"], (400, 403))

    def test_beyond_loopback_keys_are_wanted(self):
        with tempfile.TemporaryDirectory() as folder:
            code, said = serve_to_its_end("--state", folder, "--listen", f"0.0.0.0:{free_port()}")
        self.assertNotEqual(code, 0)
        self.assertIn("--access-key", said)


class Starts(unittest.TestCase):
    def refuses(self, state, port, pattern):
        code, said = serve_to_its_end("--state", state, "--listen", f"127.0.0.1:{port}")
        self.assertNotEqual(code, 0)
        self.assertRegex(said, pattern)
        self.assertEqual(len(said.strip().splitlines()), 1, said)

    def test_the_endpoint_is_in_use(self):
        with socket.socket() as taken, tempfile.TemporaryDirectory() as folder:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.refuses(folder, port, rf"{port}.*in use")

    def test_the_state_folder_is_no_folder(self):
        with tempfile.NamedTemporaryFile() as file:
            self.refuses(file.name, free_port(), re.escape(file.name))

    def test_a_store_from_a_newer_version(self):
        with tempfile.TemporaryDirectory() as folder:
            with Weir(state=folder) as weir:
                weir.ecs.create_cluster(clusterName="kept")
            databases = [path for path in pathlib.Path(folder).rglob("*") if path.is_file() and
                         path.read_bytes().startswith(b"SQLite format 3\0")]
            self.assertEqual(len(databases), 1)
            with contextlib.closing(sqlite3.connect(databases[0])) as database:
                version = database.execute("PRAGMA user_version").fetchone()[0]
                self.assertGreater(version, 0)
                database.execute(f"PRAGMA user_version = {version + 1}")
            self.refuses(folder, free_port(), "newer")
            with contextlib.closing(sqlite3.connect(databases[0])) as database:
                database.execute(f"PRAGMA user_version = {version}")
            with Weir(state=folder) as weir:
                found = weir.ecs.describe_clusters(clusters=["kept"])["clusters"]
                self.assertEqual([cluster["clusterName"] for cluster in found], ["kept"])

    def test_a_full_disk(self):
        if os.geteuid() != 0:
            self.skipTest("mounting a small file system needs root")
        folder = tempfile.mkdtemp(prefix="weir-e2e-disk-")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True).returncode:
            os.rmdir(folder)
            self.skipTest("this place does not allow mounting a small file system")
        try:
            with Weir(state=pathlib.Path(folder, "state")) as weir:
                written = 0
                with self.assertRaises(ClientError) as caught:
                    while written < 10_000:
                        weir.task_definition("big", "none:1", VERSION="x" * 30_000)
                        written += 1
                self.assertEqual(caught.exception.response["Error"]["Code"], "ServerException")
                self.assertRegex(caught.exception.response["Error"]["Message"], "(?i)full|no space")
                newest = weir.ecs.describe_task_definition(taskDefinition="big")["taskDefinition"]
                self.assertEqual(newest["revision"], written, "what was answered is kept, what was refused is not")
        finally:
            subprocess.run(["umount", folder], check=True)
            os.rmdir(folder)


if __name__ == "__main__":
    unittest.main()
