"""Backends of a test's own behind a real `weir serve`, and what puts them there: for tests of what the balancer does to
requests."""

import contextlib
import http.client
import http.server
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from weir_testing import Weir, wait_until


class Backend:
    """An HTTP server on a free loopback port that answers with its name; `held` requests of /slow wait for release().
    `statuses` are those of its next answers, `status` that of the others."""

    def __init__(self, name, **options):
        self.name, self.healthy, self.seen = name, True, []
        self.released = threading.Event()
        self.held = threading.Semaphore(0)
        self.options = options
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                backend.answer(self)

            do_DELETE = do_GET

            def log_message(self, *_):
                pass

        self.statuses = list(options.get("statuses", ()))
        self.server = http.server.ThreadingHTTPServer((options.get("address", "127.0.0.1"), options.get("port", 0)), Handler)
        self.server.daemon_threads = True
        if "tls" in options:
            self.server.socket = options["tls"].wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def answer(self, request):
        if request.path == "/health":
            status = 200 if self.healthy else 503
        else:
            status = self.statuses.pop(0) if self.statuses else self.options.get("status", 200)
            self.seen.append(request)
        if request.path == "/slow":
            self.held.release()
            self.released.wait(30)
        body = self.name.encode()
        request.send_response(status)
        for name, value in self.options.get("headers", ()):
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(OSError):  # whoever asked may be gone
            request.end_headers()
            request.wfile.write(body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Reply:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read().decode(errors="replace")

    def cookies(self):
        return dict(line.split(";")[0].split("=", 1) for line in self.headers.get_all("Set-Cookie") or ())


def get(port, path="/", timeout=20, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def certificate(name):
    """(certificate, key) as PEM, self-signed."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2",
                        "-keyout", f"{folder}/key", "-out", f"{folder}/pem"], check=True, capture_output=True)
        with open(f"{folder}/pem", "rb") as pem, open(f"{folder}/key", "rb") as key:
            return pem.read(), key.read()


def der(pem):
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def shown(port, name):
    """The certificate that the listener shows to whom asks for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as plain, \
            context.wrap_socket(plain, server_hostname=name) as session:
        return session.getpeercert(binary_form=True)


class Front(unittest.TestCase):
    """A test of balancers, target groups and backends, with one worker, so that shares are exact."""

    @classmethod
    def setUpClass(cls):
        cls.buckets = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-buckets-")))
        cls.enterClassContext(weir := Weir("--workers", 1, "--buckets", cls.buckets))
        cls.weir, cls.elbv2 = weir, weir.elbv2
        cls.count = 0

    def backend(self, name, **options):
        return self.enterContext(Backend(name, **options))

    def group(self, **more):
        type(self).count += 1
        made = self.elbv2.create_target_group(**{
            "Name": f"targets-{self.count}", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip",
            "HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2,
            "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2, **more})
        return made["TargetGroups"][0]["TargetGroupArn"]

    def front(self, group):
        """The port of a listener of a new balancer that forwards to the group."""
        self.balancer = self.weir.balancer(f"front-{self.count}")
        self.listener, port = self.weir.listener(self.balancer, group)
        return port

    @staticmethod
    def places(*backends):
        return [{"Id": "127.0.0.1", "Port": one.port} for one in backends]

    def states(self, group, **more):
        found = self.elbv2.describe_target_health(TargetGroupArn=group, **more)["TargetHealthDescriptions"]
        return {one["Target"]["Port"]: (one["TargetHealth"]["State"], one["TargetHealth"].get("Reason", ""))
                for one in found}

    def register(self, group, *backends):
        self.elbv2.register_targets(TargetGroupArn=group, Targets=self.places(*backends))
        wait_until(lambda: all(self.states(group)[one.port][0] == "healthy" for one in backends), "healthy", every=0.02)

    def set(self, group, **values):
        """Attributes, "__" for a dot."""
        self.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
            {"Key": key.replace("__", "."), "Value": str(value)} for key, value in values.items()])

    def balance(self, **values):
        """Attributes of the balancer, "__" for a dot."""
        self.elbv2.modify_load_balancer_attributes(LoadBalancerArn=self.balancer, Attributes=[
            {"Key": key.replace("__", "."), "Value": str(value)} for key, value in values.items()])
