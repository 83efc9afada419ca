"""Every attribute of load balancers, target groups and listeners that acts, each shown by requests that it acts upon; and
every value that does not act, refused by its name."""

import collections
import contextlib
import http.client
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from botocore.exceptions import ClientError

from backends import Backend, Front, certificate, get
from weir_testing import free_port, listening, wait_until

# Values that Weir would have to act upon, and does not.
REFUSED_OF_BALANCERS = {
    "client_keep_alive.seconds": "600", "connection_logs.s3.enabled": "true", "health_check_logs.s3.enabled": "true",
    "load_balancing.cross_zone.enabled": "false", "routing.http.desync_mitigation_mode": "strictest",
    "routing.http.drop_invalid_header_fields.enabled": "true", "routing.http.preserve_host_header.enabled": "true",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true", "routing.http2.enabled": "false"}
REFUSED_OF_GROUPS = {"stickiness.app_cookie.duration_seconds": "60"}
REFUSED_OF_TCP_GROUPS = {
    "deregistration_delay.connection_termination.enabled": "true", "preserve_client_ip.enabled": "true",
    "stickiness.enabled": "true", "target_health_state.unhealthy.connection_termination.enabled": "true"}
REFUSED_OF_LISTENERS = {
    "routing.http.response.server.enabled": "false",
    "routing.http.response.strict_transport_security.header_value": "max-age=1",
    "routing.http.response.x_frame_options.header_value": "DENY",
    "routing.http.response.access_control_allow_origin.header_value": "*"}
SHARES = 20  # requests that are counted


def bodies(port, count=SHARES, **headers):
    return collections.Counter(get(port, **headers).body for _ in range(count))


class Held:
    """A request of /slow that its backend does not answer yet; `reply` once it is over, an OSError where it was cut."""

    def __init__(self, port):
        self.reply = None
        self.begun = time.monotonic()
        self.thread = threading.Thread(target=self.ask, args=(port,))
        self.thread.start()

    def ask(self, port):
        try:
            self.reply = get(port, "/slow")
        except (OSError, http.client.HTTPException) as error:
            self.reply = error
        self.took = time.monotonic() - self.begun

    def end(self):
        self.thread.join(20)
        return self.reply


class OfBalancers(Front):
    def served(self, *backends, **more):
        group = self.group(**more)
        port = self.front(group)
        self.register(group, *backends)
        return group, port

    def test_idle_timeout(self):
        slow = self.backend("slow")
        _, port = self.served(slow)
        self.balance(idle_timeout__timeout_seconds=1)

        def status():
            with contextlib.suppress(TimeoutError):
                return get(port, "/slow", timeout=4).status
        wait_until(lambda: status() == 504, "a backend that says nothing is given up", 20)
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            said = b""
            begun = time.monotonic()
            while chunk := client.recv(65536):
                said += chunk
        self.assertTrue(said.startswith(b"HTTP/1.1 200 "), said)
        self.assertLess(time.monotonic() - begun, 8, "a client that says nothing is closed")

    def table(self):
        return re.sub(r"\s", "", self.weir.run("route").stdout)

    def test_the_port_of_clients(self):
        one = self.backend("one")
        _, port = self.served(one)
        self.balance(routing__http__xff_client_port__enabled="true")
        wait_until(lambda: get(port) and re.fullmatch(r"127\.0\.0\.1:\d+", one.seen[-1].headers["X-Forwarded-For"]),
                   "the port is told", 5)

    def test_deletion_protection(self):
        self.front(self.group())
        self.balance(deletion_protection__enabled="true")
        with self.assertRaises(self.elbv2.exceptions.OperationNotPermittedException):
            self.elbv2.delete_load_balancer(LoadBalancerArn=self.balancer)
        self.balance(deletion_protection__enabled="false")
        self.elbv2.delete_load_balancer(LoadBalancerArn=self.balancer)
        with self.assertRaises(self.elbv2.exceptions.LoadBalancerNotFoundException):
            self.elbv2.describe_load_balancers(LoadBalancerArns=[self.balancer])

    def refuses(self, modify, describe, values):
        """Each value is refused by name, also among others that would do, and nothing of the call is kept."""
        before = describe()
        for key, value in values.items():
            with self.subTest(key), self.assertRaises(ClientError) as caught:
                modify([*before[:1], {"Key": key, "Value": value}])
            error = caught.exception.response["Error"]
            self.assertEqual(error["Code"], "InvalidConfigurationRequest", error)
            self.assertIn(f"'{key}'", error["Message"])
        with self.assertRaises(ClientError) as caught:
            modify([{"Key": "no.such.attribute", "Value": "1"}])
        self.assertEqual(caught.exception.response["Error"]["Code"], "ValidationError")
        self.assertEqual(describe(), before)

    def test_what_does_not_act_is_refused_by_its_name(self):
        elbv2, group = self.elbv2, self.group()
        self.front(group)
        tcp = elbv2.create_target_group(Name="refused", Protocol="TCP", Port=1, VpcId="v", TargetType="ip")
        tcp = tcp["TargetGroups"][0]["TargetGroupArn"]
        self.refuses(lambda given: elbv2.modify_load_balancer_attributes(LoadBalancerArn=self.balancer, Attributes=given),
                     lambda: elbv2.describe_load_balancer_attributes(LoadBalancerArn=self.balancer)["Attributes"],
                     REFUSED_OF_BALANCERS)
        for arn, values in ((group, REFUSED_OF_GROUPS), (tcp, REFUSED_OF_TCP_GROUPS)):
            self.refuses(lambda given: elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=given),
                         lambda: elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"], values)
        for key, value in REFUSED_OF_LISTENERS.items():  # Debian's boto3 has no attributes of listeners
            with self.subTest(key):
                said = self.weir.query_error("elasticloadbalancing", "2015-12-01", "ModifyListenerAttributes", {
                    "ListenerArn": self.listener, "Attributes.member.1.Key": key, "Attributes.member.1.Value": value})
                self.assertIn("<Code>InvalidConfigurationRequest</Code>", said)
                self.assertIn(key, said)

    # --- target groups --------------------------------------------------------------------------------------------
    def test_deregistration_delay(self):
        one = self.backend("one")
        group, port = self.served(one)
        self.set(group, deregistration_delay__timeout_seconds=1)
        held = Held(port)
        self.assertTrue(one.held.acquire(timeout=10))
        self.elbv2.deregister_targets(TargetGroupArn=group, Targets=self.places(one))
        reply = held.end()
        self.assertTrue(isinstance(reply, Exception) or reply.status >= 500, reply)
        self.assertLess(held.took, 10)
        wait_until(lambda: not self.states(group), "it is gone", 5)

    def test_least_outstanding_requests(self):
        one, two = self.backend("one"), self.backend("two")
        group, port = self.served(one, two)
        self.assertEqual(bodies(port), {"one": SHARES / 2, "two": SHARES / 2}, "round robin")
        self.set(group, load_balancing__algorithm__type="least_outstanding_requests")
        held = Held(port)
        wait_until(lambda: one.held.acquire(timeout=0) or two.held.acquire(timeout=0), "it is held", 5)
        busy = "one" if any(request.path == "/slow" for request in one.seen) else "two"
        idle = {"one": "two", "two": "one"}[busy]
        wait_until(lambda: bodies(port) == {idle: SHARES}, "the one with less to do takes all", 5)
        one.released.set(), two.released.set()
        self.assertEqual(held.end().status, 200)

    def test_weighted_random_and_anomaly_mitigation(self):
        good, bad = self.backend("good"), self.backend("bad", status=500)
        group, port = self.served(good, bad)
        self.set(group, load_balancing__algorithm__type="weighted_random")

        def irregular():
            seen = [get(port).body for _ in range(2 * SHARES)]
            return set(seen) == {"good", "bad"} and any(one == two for one, two in zip(seen, seen[1:]))
        wait_until(irregular, "by chance", 5)
        self.set(group, load_balancing__algorithm__anomaly_mitigation="on")
        wait_until(lambda: bodies(port) == {"good": SHARES}, "one that fails users is left out", 10)
        self.assertEqual(self.states(group)[bad.port], ("healthy", ""), "its health checks pass")
        self.assertEqual(self.refused_group(group, "load_balancing.algorithm.type", "round_robin"), "ValidationError")

    def refused_group(self, group, key, value):
        with self.assertRaises(ClientError) as caught:
            self.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": key, "Value": value}])
        return caught.exception.response["Error"]["Code"]

    def test_slow_start(self):
        old, new = self.backend("old"), self.backend("new")
        group, port = self.served(old)
        self.set(group, slow_start__duration_seconds=30)
        wait_until(lambda: '"slow_start_ms":30000' in self.table(), "it is in the table", 5)
        self.register(group, new)
        share = bodies(port, 2 * SHARES)
        self.assertLess(share["new"], SHARES / 2, f"a new one begins with little: {share}")
        self.assertGreater(share["old"], SHARES)

    def test_stickiness_by_the_applications_cookie(self):
        names = ("one", "two")
        one, two = (self.backend(name, headers=[("Set-Cookie", f"SID={name}; Path=/")]) for name in names)
        group, port = self.served(one, two)
        self.set(group, stickiness__enabled="true", stickiness__type="app_cookie",
                 stickiness__app_cookie__cookie_name="SID")
        first = wait_until(lambda: (reply := get(port)) and "AWSALBAPP-0" in reply.cookies() and reply, "a cookie", 5)
        cookie = f"SID={first.body}; AWSALBAPP-0={first.cookies()['AWSALBAPP-0']}"
        self.assertEqual(bodies(port, Cookie=cookie), {first.body: SHARES})
        self.assertEqual(set(bodies(port)), set(names), "others are spread")
        self.assertEqual(self.refused_group(group, "stickiness.app_cookie.cookie_name", "AWSALB"), "ValidationError")

    def test_stickiness_between_groups(self):
        one, two = self.backend("one"), self.backend("two")
        first, port = self.served(one)
        second = self.group()
        forward = [{"Type": "forward", "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": first, "Weight": 1}, {"TargetGroupArn": second, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}}]
        self.elbv2.modify_listener(ListenerArn=self.listener, DefaultActions=forward)
        self.register(second, two)
        reply = wait_until(lambda: (reply := get(port)) and "AWSALBTG" in reply.cookies() and reply, "a cookie", 5)
        self.assertEqual(bodies(port, Cookie=f"AWSALBTG={reply.cookies()['AWSALBTG']}"), {reply.body: SHARES})
        self.assertEqual(set(bodies(port)), {"one", "two"})

    # --- health checks and protocols ------------------------------------------------------------------------------
    def test_health_checks_and_what_becomes_of_those_who_fail_them(self):
        one, doctor, odd = (self.backend(name, status=201) for name in ("one", "doctor", "odd"))
        two, guarded = self.backend("two", status=500), self.backend("guarded")
        self.served(odd, HealthCheckPath="/other", Matcher={"HttpCode": "201"})
        self.assertEqual({request.path for request in odd.seen}, {"/other"})
        guarded.healthy = False
        self.served(guarded, HealthCheckPort=str(doctor.port))  # which answers for it
        group, port = self.served(one)
        self.elbv2.modify_target_group(TargetGroupArn=group, HealthCheckPath="/always", Matcher={"HttpCode": "200-201"})
        self.elbv2.register_targets(TargetGroupArn=group, Targets=self.places(two))
        wait_until(lambda: self.states(group)[two.port] == ("unhealthy", "Target.ResponseCodeMismatch"), "it fails", 30)
        self.assertEqual({request.path for request in two.seen}, {"/always"})
        self.assertEqual(bodies(port), {"one": SHARES})
        self.set(group, target_group_health__unhealthy_state_routing__minimum_healthy_targets__percentage=100)
        wait_until(lambda: set(bodies(port)) == {"one", "two"}, "too few are healthy: all take requests", 5)
        self.set(group, target_group_health__unhealthy_state_routing__minimum_healthy_targets__percentage="off")
        wait_until(lambda: set(bodies(port)) == {"one"}, "the healthy alone", 5)

    def test_https_to_targets(self):
        pem, key = certificate("target.test")
        folder = pathlib.Path(self.weir.home)
        for name, text in (("t.pem", pem), ("t.key", key)):
            (folder / name).write_bytes(text)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "t.pem", folder / "t.key")
        secret = self.enterContext(Backend("secret", tls=context))
        _, port = self.served(secret, Protocol="HTTPS", HealthCheckProtocol="HTTPS")
        self.assertEqual(get(port).body, "secret")

    @unittest.skipUnless(shutil.which("nghttpd"), "wants nghttpd")
    def test_http2_to_targets(self):
        folder, place = pathlib.Path(self.weir.home, "files"), free_port()
        folder.mkdir()
        (folder / "health").write_text("fine")
        server = subprocess.Popen(["nghttpd", "--no-tls", "-d", folder, str(place)])
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        wait_until(lambda: listening(place), "nghttpd listens", 10)
        group = self.group(ProtocolVersion="HTTP2")
        port = self.front(group)
        self.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": place}])
        wait_until(lambda: self.states(group)[place][0] == "healthy", "healthy")
        self.assertEqual(get(port, "/health").body, "fine")

    # --- TLS ------------------------------------------------------------------------------------------------------
    def imported(self, name):
        pem, key = certificate(name)
        return self.weir.client("acm").import_certificate(Certificate=pem, PrivateKey=key)["CertificateArn"], pem, key

    def mutual(self, group, certificate, **authentication):
        """The port of a new HTTPS listener; Debian's boto3 knows no mutual authentication."""
        port = free_port()
        self.weir.query("elasticloadbalancing", "2015-12-01", "CreateListener", {
            "LoadBalancerArn": self.balancer, "Protocol": "HTTPS", "Port": str(port),
            "Certificates.member.1.CertificateArn": certificate, "DefaultActions.member.1.Type": "forward",
            "DefaultActions.member.1.TargetGroupArn": group,
            **{f"MutualAuthentication.{key}": value for key, value in authentication.items()}})
        wait_until(lambda: listening(port), "it listens", 10)
        return port

    def heard(self, port, backend, shows=None):
        """What the backend hears of a client that shows a certificate, or none: its header fields."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if shows:
            with tempfile.NamedTemporaryFile() as file:
                file.write(b"".join(shows))
                file.flush()
                context.load_cert_chain(file.name)
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
        try:
            connection.request("GET", "/", headers={"X-Amzn-Mtls-Clientcert": "forged", "X-Amzn-Mtls-Clientcert-Leaf": "forged"})
            self.assertEqual(connection.getresponse().read(), backend.name.encode())
        finally:
            connection.close()
        return {name: urllib.parse.unquote(value).split() for name, value in backend.seen[-1].headers.items()
                if name.startswith("X-Amzn-Mtls")}

    def test_mutual_authentication_passes_certificates_on(self):
        one = self.backend("one")
        group, _ = self.served(one)
        port = self.mutual(group, self.imported("mutual.test")[0], Mode="passthrough")
        client = certificate("client.test")
        self.assertEqual(self.heard(port, one, client), {"X-Amzn-Mtls-Clientcert": client[0].decode().split()})
        self.assertEqual(self.heard(port, one), {})

    def test_mutual_authentication_verifies_by_a_trust_store(self):
        elb = lambda action, **more: self.weir.query("elasticloadbalancing", "2015-12-01", action, more)  # noqa: E731
        known, stranger = certificate("known.test"), certificate("stranger.test")
        bucket = self.buckets / "trust"
        bucket.mkdir()
        (bucket / "ca.pem").write_bytes(known[0])
        where = {"CaCertificatesBundleS3Bucket": "trust", "CaCertificatesBundleS3Key": "ca.pem"}
        trust = re.search("<TrustStoreArn>(.*?)<", elb("CreateTrustStore", Name="ours", **where)).group(1)
        for key in ("absent.pem", "../../weir.db", "/etc/passwd"):
            said = self.weir.query_error("elasticloadbalancing", "2015-12-01", "CreateTrustStore",
                                         {"Name": "theirs", **where, "CaCertificatesBundleS3Key": key})
            self.assertIn("<Code>CaCertificatesBundleNotFound</Code>", said)
        one = self.backend("one")
        group, _ = self.served(one)
        port = self.mutual(group, self.imported("verified.test")[0], Mode="verify", TrustStoreArn=trust)
        self.assertEqual(self.heard(port, one, known), {"X-Amzn-Mtls-Clientcert-Leaf": known[0].decode().split()})
        for shows in (stranger, None):
            with self.assertRaises(OSError):
                self.heard(port, one, shows)
        self.assertIn(self.balancer, elb("DescribeTrustStoreAssociations", TrustStoreArn=trust))
        shown = elb("DescribeTrustStores", **{"Names.member.1": "ours"})
        self.assertIn("<Status>ACTIVE</Status><NumberOfCaCertificates>1</NumberOfCaCertificates>", shown)
        said = self.weir.query_error("elasticloadbalancing", "2015-12-01", "DeleteTrustStore", {"TrustStoreArn": trust})
        self.assertIn("<Code>TrustStoreInUse</Code>", said)

        (bucket / "ca.pem").write_bytes(stranger[0])
        elb("ModifyTrustStore", TrustStoreArn=trust, **where)

        def let_in(shows):
            with contextlib.suppress(OSError):
                return self.heard(port, one, shows)
        wait_until(lambda: let_in(stranger) and not let_in(known), "another is trusted", 10)
        self.elbv2.delete_load_balancer(LoadBalancerArn=self.balancer)
        elb("DeleteTrustStore", TrustStoreArn=trust)

    def test_a_tls_listener_of_a_network_balancer_and_its_access_log(self):
        made = self.elbv2.create_target_group(Name="tls-raw", Protocol="TCP", Port=1, VpcId="v", TargetType="ip",
                                              HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2)
        group = made["TargetGroups"][0]["TargetGroupArn"]
        self.balancer = self.elbv2.create_load_balancer(Name="tls-net", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
        self.balance(access_logs__s3__enabled="true", access_logs__s3__bucket="flows")
        arn, pem, _ = self.imported("net.test")
        port = free_port()
        self.elbv2.create_listener(LoadBalancerArn=self.balancer, Protocol="TLS", Port=port,
                                   Certificates=[{"CertificateArn": arn}],
                                   DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        one = self.backend("one")
        self.register(group, one)
        wait_until(lambda: listening(port), "it listens", 10)
        context = ssl.create_default_context(cadata=pem.decode())
        with socket.create_connection(("127.0.0.1", port), 10) as plain, \
                context.wrap_socket(plain, server_hostname="net.test") as session:
            session.sendall(b"GET / HTTP/1.1\r\nHost: net.test\r\nConnection: close\r\n\r\n")
            said = b""
            while chunk := session.recv(65536):
                said += chunk
        self.assertTrue(said.endswith(b"one"), said)
        log = self.weir.state / "access-logs/flows/tls-net.log"
        words = wait_until(lambda: log.exists() and [line for line in log.read_text().splitlines() if " net.test " in line],
                           "a line of the session", 10)[0].split(" ")
        self.assertEqual(words[:2], ["tls", "2.0"])
        self.assertTrue(any(word.startswith("TLSv1") or word == "tlsv13" for word in words), words)

        cloudwatch = self.weir.client("cloudwatch")
        wait_until(lambda: {"NewFlowCount", "NewFlowCount_TLS", "ProcessedBytes_TLS", "HealthyHostCount"} <= {
            one["MetricName"] for one in cloudwatch.list_metrics(Namespace="AWS/NetworkELB")["Metrics"]}, "counted", 10)

    def test_the_idle_timeout_of_bytes(self):
        """At least a minute, so that only what the proxy is told is looked at."""
        made = self.elbv2.create_target_group(Name="idle-raw", Protocol="TCP", Port=1, VpcId="v", TargetType="ip")
        self.balancer = self.elbv2.create_load_balancer(Name="idle-net", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
        listener = self.elbv2.create_listener(LoadBalancerArn=self.balancer, Protocol="TCP", Port=free_port(), DefaultActions=[
            {"Type": "forward", "TargetGroupArn": made["TargetGroups"][0]["TargetGroupArn"]}])["Listeners"][0]["ListenerArn"]
        self.weir.query("elasticloadbalancing", "2015-12-01", "ModifyListenerAttributes", {
            "ListenerArn": listener, "Attributes.member.1.Key": "tcp.idle_timeout.seconds", "Attributes.member.1.Value": "61"})
        wait_until(lambda: '"idle_timeout_ms":61000' in self.table(), "it is in the table", 5)
        said = self.weir.query("elasticloadbalancing", "2015-12-01", "DescribeListenerAttributes", {"ListenerArn": listener})
        self.assertIn("<Key>tcp.idle_timeout.seconds</Key><Value>61</Value>", said)


if __name__ == "__main__":
    unittest.main()
