#!/usr/bin/python3
"""The API server against real clients and rude ones: clients_test.py API_STUB_SERVER."""

import contextlib
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
import unittest

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

SERVER = sys.argv.pop(1)
TARGET = "AmazonEC2ContainerServiceV20141113."
SCOPE = "AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0"


@contextlib.contextmanager
def serving(*keys, quick=False, narrow=False):
    """The port of a stub server that lives as long as the block."""
    environment = {**os.environ, **({"STUB_QUICK": "1"} if quick else {}), **({"STUB_NARROW": "1"} if narrow else {})}
    server = subprocess.Popen([SERVER, *keys], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=environment)
    try:
        yield int(server.stdout.readline())
        alive = server.poll() is None
    finally:
        server.stdin.close()
        status = server.wait(10)
        server.stdout.close()
    assert alive and status == 0, f"the server ended by itself or left an upload behind: {status}"


def client(service, port, key="AKIDEXAMPLE", secret="secret", **options):
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="eu-central-1",
                        aws_access_key_id=key, aws_secret_access_key=secret,
                        config=botocore.config.Config(retries={"max_attempts": 1}, **options))


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 10)


def read_all(connection):
    """Everything up to the peer's end."""
    text = b""
    while piece := connection.recv(65536):
        text += piece
    return text


def read_until(connection, wanted, count=1):
    text = b""
    while text.count(wanted) < count:
        piece = connection.recv(65536)
        if not piece:
            raise AssertionError(f"closed after {text!r}")
        text += piece
    return text


def call(name, body=b"{}", extra=""):
    head = (f"POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: {TARGET}{name}\r\nAuthorization: {SCOPE}\r\n"
            f"X-Amz-Date: 20150830T123600Z\r\n{extra}Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


def eventually(condition):
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not come to pass")
        time.sleep(0.01)


def served(port):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return get(port, "/_weir/left") == "0"


def get(port, path):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read().decode()


class RealClients(unittest.TestCase):
    def run_cli(self, port, *arguments, program="/usr/bin/aws"):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "x",
                       "AWS_DEFAULT_REGION": "eu-central-1", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1",
                       "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null"}
        return subprocess.run([program, "--endpoint-url", f"http://127.0.0.1:{port}", *arguments], env=environment,
                              capture_output=True, text=True, timeout=60)

    def test_every_aws_cli_of_this_machine_is_understood(self):
        programs = {"/usr/bin/aws", shutil.which("aws")} - {None}
        with serving() as port:
            for program in programs:
                done = self.run_cli(port, "sts", "get-caller-identity", "--query", "Account", "--output", "text",
                                    program=program)
                self.assertEqual(done.stdout.strip(), "123456789012", done.stderr)
                done = self.run_cli(port, "ecs", "create-cluster", "--cluster-name", "demo", "--query",
                                    "cluster.clusterArn", "--output", "text", program=program)
                self.assertEqual(done.stdout.strip(), "arn:aws:ecs:eu-central-1:123456789012:cluster/demo", done.stderr)
                done = self.run_cli(port, "elbv2", "describe-target-groups", "--names", "a", "b", "--query",
                                    "TargetGroups[].TargetGroupName", "--output", "text", program=program)
                self.assertEqual(done.stdout.split(), ["a", "b"], done.stderr)
                done = self.run_cli(port, "ecs", "put-cluster-capacity-providers", "--cluster", "a",
                                    "--capacity-providers", "b", "--default-capacity-provider-strategy",
                                    "capacityProvider=b", program=program)
                self.assertIn("PutClusterCapacityProviders of ecs is not implemented by Weir", done.stderr)

    def test_boto3_reads_values_and_errors_as_they_are(self):
        with serving() as port:
            elbv2 = client("elbv2", port)
            balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]
            self.assertEqual(balancer["DNSName"], 'a&b<c>"d"')
            self.assertEqual(balancer["LoadBalancerName"], "line\r\n\N{REPLACEMENT CHARACTER} two\N{REPLACEMENT CHARACTER}")
            self.assertLess(abs(balancer["CreatedTime"].timestamp() - time.time()), 60)
            with self.assertRaises(elbv2.exceptions.TargetGroupNotFoundException):
                elbv2.describe_target_groups(Names=["absent"])
            ecs = client("ecs", port)
            with self.assertRaises(ecs.exceptions.ClusterNotFoundException):
                ecs.delete_cluster(cluster="nope")
            with self.assertRaises(ecs.exceptions.ServerException):
                ecs.create_cluster(clusterName="broken")
            loose = client("ecs", port, parameter_validation=False)
            with self.assertRaises(ecs.exceptions.InvalidParameterException):
                loose.register_task_definition(family="a")

    def test_with_keys_only_a_right_signature_is_let_in(self):
        with serving("AKIDEXAMPLE", "wJalr+/=") as port:
            self.assertEqual(client("sts", port, secret="wJalr+/=").get_caller_identity()["UserId"], "AKIDEXAMPLE")
            client("ecs", port, secret="wJalr+/=").create_cluster(clusterName="ä /")
            for service, key, secret, code in (
                ("sts", "AKIDEXAMPLE", "wrong", "SignatureDoesNotMatch"),
                ("sts", "AKIDOTHER", "wJalr+/=", "InvalidClientTokenId"),
                ("ecs", "AKIDEXAMPLE", "wrong", "InvalidSignatureException"),
                ("ecs", "AKIDOTHER", "wJalr+/=", "UnrecognizedClientException"),
            ):
                held = client(service, port, key, secret)
                with self.assertRaises(botocore.exceptions.ClientError) as raised:
                    held.get_caller_identity() if service == "sts" else held.create_cluster()
                self.assertEqual(raised.exception.response["Error"]["Code"], code)

    def test_a_presigned_call_is_let_in(self):
        with serving("AKIDEXAMPLE", "secret") as port:
            url = client("sts", port).generate_presigned_url("get_caller_identity", HttpMethod="GET")
            path = url.split(str(port), 1)[1]
            self.assertIn("<UserId>AKIDEXAMPLE</UserId>", get(port, path))
            self.assertIn("SignatureDoesNotMatch", get(port, path[:-1] + ("0" if path[-1] != "0" else "1")))


class Routes(unittest.TestCase):
    def test_a_body_is_kept_in_memory_or_in_a_file(self):
        with serving() as port, contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("POST", "/_weir/echo", body=b"x" * 100_000)
            self.assertEqual(connection.getresponse().read(), b"x" * 100_000)
            connection.request("PUT", "/_weir/upload/name:tag", body=b"x" * 40_000_000)
            self.assertEqual(connection.getresponse().read(), b"name:tag 40000000\n")
            pieces = iter([b"abc", b"de"])
            connection.request("PUT", "/_weir/upload/x", body=pieces, encode_chunked=True,
                               headers={"Transfer-Encoding": "chunked"})
            self.assertEqual(connection.getresponse().read(), b"x 5\n")

    def test_a_client_that_leaves_an_upload_leaves_no_file(self):
        with serving() as port:
            with connect(port) as connection:
                connection.sendall(b"PUT /_weir/upload/x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
            self.assertEqual(get(port, "/_weir/left"), "0")  # the server looks for files when it ends

    def test_a_stream_comes_in_pieces(self):
        with serving() as port, connect(port) as connection:
            connection.sendall(b"GET /_weir/ticks HTTP/1.1\r\nHost: h\r\n\r\n")
            text = read_until(connection, b"0\r\n\r\n")
            self.assertIn(b"transfer-encoding: chunked", text.lower())
            self.assertEqual(text.split(b"\r\n\r\n", 1)[1],
                             b"7\r\ntick 1\n\r\n7\r\ntick 2\n\r\n7\r\ntick 3\n\r\n0\r\n\r\n")
            connection.sendall(b"GET /_weir/ticks HTTP/1.0\r\nHost: h\r\n\r\n")
            self.assertTrue(read_all(connection).endswith(b"\r\n\r\ntick 1\ntick 2\ntick 3\n"))

    def test_a_handler_learns_that_its_client_left(self):
        with serving() as port:
            with connect(port) as connection:
                connection.sendall(b"GET /_weir/rest HTTP/1.1\r\nHost: h\r\n\r\n")
                read_until(connection, b"here\n")
                self.assertEqual(get(port, "/_weir/left"), "0")
            eventually(lambda: get(port, "/_weir/left") == "1")

    def test_a_handler_that_lets_go_of_its_stream_is_a_500(self):
        with serving() as port:
            self.assertIn("not answered", get(port, "/_weir/drop"))

    def test_what_is_not_there_is_said(self):
        with serving() as port, connect(port) as connection:
            connection.sendall(b"GET /_weir/none HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 404 "))
        with serving() as port, connect(port) as connection:
            connection.sendall(b"DELETE /_weir/echo HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 405 "))

    def test_a_foreign_web_page_is_refused(self):
        with serving() as port, connect(port) as connection:
            connection.sendall(b"POST /_weir/echo HTTP/1.1\r\nHost: h\r\nOrigin: http://evil.example\r\n"
                               b"Connection: close\r\nContent-Length: 0\r\n\r\n")
            self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 403 "))

    def test_with_keys_routes_are_signed_too(self):
        with serving("AKIDEXAMPLE", "secret") as port:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
                for method, path, body in (("POST", "/_weir/echo", b"text"), ("PUT", "/_weir/upload/a", b"text")):
                    connection.request(method, path, body)
                    refused = connection.getresponse()
                    refused.read()
                    self.assertEqual(refused.status, 403)
                    request = botocore.awsrequest.AWSRequest(
                        method=method, url=f"http://127.0.0.1:{port}{path}", data=body,
                        headers={"X-Amz-Content-SHA256": hashlib.sha256(body).hexdigest()})
                    botocore.auth.SigV4Auth(botocore.credentials.Credentials("AKIDEXAMPLE", "secret"), "weir",
                                            "us-east-1").add_auth(request)
                    connection.request(method, path, body, dict(request.headers))
                    allowed = connection.getresponse()
                    self.assertEqual(allowed.status, 200, allowed.read())
                    allowed.read()
                    connection.request(method, path, b"more", dict(request.headers))
                    forged = connection.getresponse()
                    forged.read()
                    self.assertEqual(forged.status, 403)


class RudeClients(unittest.TestCase):
    def test_pipelined_requests_are_answered_in_order(self):
        with serving() as port, connect(port) as connection:
            names = [f"c{number}" for number in range(200)]
            connection.sendall(b"".join(call("CreateCluster", b'{"clusterName":"%s"}' % name.encode())
                                        for name in names))
            text = read_until(connection, b'"status":"ACTIVE"', 200).decode()
            places = [text.index(f'"clusterName":"{name}"') for name in names]
            self.assertEqual(places, sorted(places))

    def test_a_request_may_come_a_byte_at_a_time(self):
        with serving() as port, connect(port) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in call("CreateCluster"):
                connection.sendall(bytes([byte]))
            self.assertIn(b"200 OK", read_until(connection, b"ACTIVE"))

    def test_a_client_may_close_its_half_and_still_read_the_answer(self):
        with serving() as port, connect(port) as connection:
            connection.sendall(call("CreateCluster"))
            connection.shutdown(socket.SHUT_WR)
            self.assertIn(b"ACTIVE", read_all(connection))

    def test_100_continue_comes_before_the_body(self):
        with serving() as port, connect(port) as connection:
            whole = call("CreateCluster", b"{}", "Expect: 100-continue\r\n")
            connection.sendall(whole[:-2])
            self.assertTrue(read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 "))
            connection.sendall(whole[-2:])
            self.assertIn(b"ACTIVE", read_until(connection, b"ACTIVE"))

    def test_a_body_over_the_limit_is_refused_in_the_services_words_and_the_answer_can_be_read(self):
        with serving() as port:
            with connect(port) as connection:
                connection.sendall(call("CreateCluster", b"", "").replace(b"Content-Length: 0", b"Content-Length: 99999999"))
                text = read_all(connection)
                self.assertTrue(text.startswith(b"HTTP/1.1 413 "), text)
                self.assertIn(b"RequestEntityTooLargeException", text)
            with connect(port) as connection:
                head = call("CreateCluster").split(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
                connection.sendall(head)
                piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
                with contextlib.suppress(OSError):
                    for _ in range(20):
                        connection.sendall(piece)
                self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 413 "))

    def test_all_bodies_together_have_a_limit(self):
        def echo(size):
            return b"POST /_weir/echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size

        with serving(quick=True) as port:
            for _ in range(2):  # what one took is given back
                with connect(port) as connection, contextlib.suppress(ConnectionResetError):
                    connection.sendall(echo(600_000))
                    self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 503 "))
                with connect(port) as connection:
                    connection.sendall(echo(400_000))
                    self.assertIn(b"200 OK", read_until(connection, b"\r\n\r\n"))

    def test_malformed_http_is_a_400(self):
        for text in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"):
            with serving() as port, connect(port) as connection:
                connection.sendall(text)
                self.assertRegex(read_all(connection), rb"^HTTP/1.1 (400|501) ")

    def test_a_head_over_the_limit_is_a_431(self):
        with serving() as port, connect(port) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n")
            self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 431 "))

    def test_slow_clients_are_let_go(self):
        with serving(quick=True) as port:
            with connect(port) as idle, connect(port) as head, connect(port) as body:
                head.sendall(b"POST / HTTP/1.1\r\nHo")
                body.sendall(call("CreateCluster", b"{}")[:-1])
                self.assertEqual(read_all(idle), b"")
                self.assertTrue(read_all(head).startswith(b"HTTP/1.1 408 "))
                self.assertTrue(read_all(body).startswith(b"HTTP/1.1 408 "))

    def test_a_connection_too_many_is_told_so(self):
        with serving(quick=True) as port, contextlib.ExitStack() as stack:
            held = [stack.enter_context(connect(port)) for _ in range(8)]
            for one in held:
                one.sendall(call("CreateCluster"))
                read_until(one, b"ACTIVE")
            with connect(port) as extra:
                self.assertTrue(read_all(extra).startswith(b"HTTP/1.1 503 "))
            held[0].close()
            eventually(lambda: "0" in get(port, "/_weir/left"))

    def test_slow_clients_make_way_for_others(self):
        half, rest = call("CreateCluster")[:20], call("CreateCluster")[20:]
        with serving(narrow=True) as port, contextlib.ExitStack() as stack:
            slow = [stack.enter_context(connect(port)) for _ in range(7)]
            for one in slow:
                one.sendall(half)
            idle = stack.enter_context(connect(port))
            # Nobody goes who has just come; then whoever rests goes first.
            eventually(lambda: served(port))
            self.assertEqual(read_all(idle), b"")
            # Of those in the midst of a request the oldest goes, and is told.
            slow.append(stack.enter_context(connect(port)))
            slow[-1].sendall(half)
            eventually(lambda: served(port))
            self.assertTrue(read_all(slow[0]).startswith(b"HTTP/1.1 503 "))
            for one in slow[1:]:
                one.sendall(rest)
                self.assertIn(b"200 OK", read_until(one, b"ACTIVE"))

    def test_who_takes_a_long_answer_does_not_make_way_and_who_stops_taking_does(self):
        body = b"x" * 12_000_000
        ask = b"POST /_weir/echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body

        def asks(port, stack):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
            one.settimeout(10)
            one.connect(("127.0.0.1", port))
            one.sendall(ask)
            return one, one.recv(1)

        with serving(narrow=True) as port, contextlib.ExitStack() as stack:
            taker, taken = asks(port, stack)
            slow = [stack.enter_context(connect(port)) for _ in range(7)]
            for one in slow:
                one.sendall(call("CreateCluster")[:20])
            others = 0
            while not taken.endswith(body):
                piece = taker.recv(1 << 19, socket.MSG_WAITALL if len(taken) < len(body) - (1 << 20) else 0)
                self.assertTrue(piece, f"it was cut after {len(taken)} bytes and {others} others")
                taken += piece
                others += served(port)
            self.assertGreater(others, 0)
            self.assertTrue(read_all(slow[0]).startswith(b"HTTP/1.1 503 "), "others came in its place")
        with serving(narrow=True) as port, contextlib.ExitStack() as stack:
            deaf, _ = asks(port, stack)

            def comes():
                one = stack.enter_context(connect(port))
                with contextlib.suppress(OSError):
                    one.sendall(call("CreateCluster"))
                    return one.recv(65536).startswith(b"HTTP/1.1 200")
            for _ in range(20):  # and stays, so that the one after it needs room: the longest at rest goes each time
                eventually(comes)
            self.assertLess(len(read_all(deaf)), len(body), "it kept others waiting")

    def test_a_client_that_never_reads_does_not_stop_the_others(self):
        with serving() as port, connect(port) as deaf:
            deaf.setblocking(False)
            request = b"POST /_weir/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
            with contextlib.suppress(BlockingIOError):
                for _ in range(100):
                    deaf.send(request)
            self.assertEqual(get(port, "/_weir/left"), "0")


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # boto3 leaves its sockets to the collector
