"""Targets registered by hand: backends of the test's own behind a real `weir serve`, and what each attribute does to the
requests that reach them."""

import contextlib
import http.client
import socket
import ssl
import stat
import threading
import time
import unittest

from backends import Front, certificate, der, get, shown
from weir_testing import free_port, listening, wait_until

MANY = 1000
MANY_MILLIS = 2000  # a bound for a machine that others use; the figure to reach on one that rests is 200


class TargetsTest(Front):
    # --- life -----------------------------------------------------------------------------------------------------
    def test_a_target_serves_drains_and_goes(self):
        group, one, two = self.group(), self.backend("one"), self.backend("two")
        self.elbv2.register_targets(TargetGroupArn=group, Targets=self.places(one))
        self.assertEqual(self.states(group)[one.port], ("unused", "Target.NotInUse"))
        port = self.front(group)
        self.register(group, one, two)
        self.elbv2.get_waiter("target_in_service").wait(TargetGroupArn=group)
        self.assertEqual({get(port).body for _ in range(4)}, {"one", "two"})

        slow = threading.Thread(target=lambda: slow_replies.append(get(port, "/slow")))
        slow_replies = []
        self.elbv2.deregister_targets(TargetGroupArn=group, Targets=self.places(two))
        wait_until(lambda: two.port not in self.states(group), "an idle target is gone", 10, every=0.02)
        slow.start()
        self.assertTrue(one.held.acquire(timeout=10))
        self.register(group, two)
        self.elbv2.deregister_targets(TargetGroupArn=group, Targets=self.places(one))
        self.assertEqual(self.states(group)[one.port], ("draining", "Target.DeregistrationInProgress"))
        wait_until(lambda: get(port).body == "two" and get(port).body == "two", "only the other one is asked", 5)
        self.assertEqual(self.states(group)[one.port][0], "draining", "it has a request in flight")
        one.released.set()
        slow.join()
        self.assertEqual([(reply.status, reply.body) for reply in slow_replies], [(200, "one")])
        wait_until(lambda: one.port not in self.states(group), "it is gone", 10)
        self.elbv2.get_waiter("target_deregistered").wait(TargetGroupArn=group, Targets=self.places(one))
        self.assertEqual(self.states(group, Targets=self.places(one))[one.port], ("unused", "Target.NotRegistered"))

    def test_an_unhealthy_target_says_why(self):
        group, sick = self.group(HealthCheckIntervalSeconds=5), self.backend("sick")
        sick.healthy = False
        self.front(group)
        self.elbv2.register_targets(TargetGroupArn=group, Targets=[*self.places(sick), {"Id": "127.0.0.1", "Port": 9}])
        wait_until(lambda: self.states(group)[sick.port] == ("unhealthy", "Target.ResponseCodeMismatch"), "mismatch")
        said = self.elbv2.describe_target_health(TargetGroupArn=group, Targets=self.places(sick))
        self.assertIn("503", said["TargetHealthDescriptions"][0]["TargetHealth"]["Description"])
        wait_until(lambda: self.states(group)[9] == ("unhealthy", "Target.FailedHealthChecks"), "refused")

    def test_targets_survive_the_control_process(self):
        group, one = self.group(), self.backend("one")
        port = self.front(group)
        self.register(group, one)
        self.weir.kill()
        self.assertEqual(get(port).body, "one")
        self.weir.start()
        self.assertEqual(self.states(group)[one.port], ("healthy", ""))
        self.assertEqual(get(port).body, "one")
        self.elbv2.deregister_targets(TargetGroupArn=group, Targets=self.places(one))
        wait_until(lambda: get(port).status == 503, "nobody is left", 10)

    def test_a_thousand_targets_are_registered_quickly(self):
        group = self.group()
        targets = [{"Id": f"127.1.{i // 250}.{i % 250 + 1}", "Port": 9} for i in range(MANY)]
        begun = time.monotonic()
        self.elbv2.register_targets(TargetGroupArn=group, Targets=targets)
        millis = (time.monotonic() - begun) * 1000
        self.assertEqual(len(self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]), MANY)
        print(f"RegisterTargets of {MANY} targets, boto3's share included: {millis:.0f} ms")
        self.assertLess(millis, MANY_MILLIS)
        self.elbv2.delete_target_group(TargetGroupArn=group)

    # --- attributes -----------------------------------------------------------------------------------------------
    def test_few_healthy_targets_let_all_take_requests(self):
        group, one, two = self.group(), self.backend("one"), self.backend("two")
        port = self.front(group)
        self.register(group, one, two)
        two.healthy = False
        wait_until(lambda: self.states(group)[two.port][0] == "unhealthy", "unhealthy")
        self.assertEqual({get(port).body for _ in range(6)}, {"one"})
        self.set(group, target_group_health__unhealthy_state_routing__minimum_healthy_targets__count=2)
        wait_until(lambda: {get(port).body for _ in range(6)} == {"one", "two"}, "both take requests", 10)

    def test_a_sticky_client_stays_with_its_target(self):
        group, one, two = self.group(), self.backend("one"), self.backend("two")
        port = self.front(group)
        self.register(group, one, two)
        self.set(group, stickiness__enabled="true", stickiness__type="lb_cookie",
                 stickiness__lb_cookie__duration_seconds=60)
        first = wait_until(lambda: (reply := get(port)) and "AWSALB" in reply.cookies() and reply, "a cookie is given", 10)
        cookie = first.cookies()["AWSALB"]
        self.assertEqual({get(port, Cookie=f"AWSALB={cookie}").body for _ in range(10)}, {first.body})
        self.assertEqual({get(port).body for _ in range(10)}, {"one", "two"}, "others are spread")
        self.set(group, stickiness__enabled="false")
        wait_until(lambda: {get(port, Cookie=f"AWSALB={cookie}").body for _ in range(4)} == {"one", "two"},
                   "no longer sticky", 10)

    def test_what_targets_hear_of_clients_is_as_the_mode_says(self):
        group, one = self.group(), self.backend("one")
        port = self.front(group)
        self.register(group, one)

        def heard(mode):
            get(port, **{"X-Forwarded-For": "203.0.113.9"})
            headers = one.seen[-1].headers
            return headers["X-Forwarded-For"] == {
                "append": "203.0.113.9, 127.0.0.1", "preserve": "203.0.113.9", "remove": None}[mode]
        for mode in ("append", "preserve", "remove", "append"):
            self.balance(routing__http__xff_header_processing__mode=mode)
            wait_until(lambda: heard(mode), f"the mode {mode} acts", 10)
        self.assertEqual((one.seen[-1].headers["X-Forwarded-Proto"], one.seen[-1].headers["X-Forwarded-Port"]),
                         ("http", str(port)))

    def test_a_trace_begins_here_or_goes_on(self):
        group, one = self.group(), self.backend("one")
        port = self.front(group)
        self.register(group, one)
        get(port)
        self.assertRegex(one.seen[-1].headers["X-Amzn-Trace-Id"], r"^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$")
        root = "Root=1-67891233-abcdef012345678912345678"
        get(port, **{"X-Amzn-Trace-Id": root})
        self.assertRegex(one.seen[-1].headers["X-Amzn-Trace-Id"], rf"^Self=1-[0-9a-f]{{8}}-[0-9a-f]{{24}};{root}$")

    def test_each_request_is_a_line_of_the_access_log(self):
        group, one = self.group(), self.backend("one")
        port = self.front(group)
        self.register(group, one)
        self.balance(access_logs__s3__enabled="true", access_logs__s3__bucket="logs-of-ours", access_logs__s3__prefix="web")
        log = self.weir.state / f"access-logs/logs-of-ours/web/front-{self.count}.log"
        wait_until(lambda: get(port, "/seen?a=b") and log.exists() and "/seen?a=b" in log.read_text(), "a line", 10)
        words = next(line for line in log.read_text().splitlines() if "/seen?a=b" in line).split(" ")
        self.assertEqual((words[0], words[4], words[8]), ("http", f"127.0.0.1:{one.port}", "200"))

    def test_a_rule_by_a_regular_expression(self):
        group, one = self.group(), self.backend("one")
        port = self.front(group)
        self.register(group, one)
        # Debian's boto3 does not know RegexValues: what it would send.
        self.weir.query("elasticloadbalancing", "2015-12-01", "CreateRule", {
            "ListenerArn": self.listener, "Priority": "1", "Actions.member.1.Type": "fixed-response",
            "Actions.member.1.FixedResponseConfig.StatusCode": "418", "Conditions.member.1.Field": "path-pattern",
            "Conditions.member.1.PathPatternConfig.RegexValues.member.1": "^/v[0-9]+/"})
        wait_until(lambda: get(port, "/v12/x").status == 418, "the rule acts", 5)
        self.assertEqual(get(port, "/vx/").status, 200)

    # --- TLS and bytes --------------------------------------------------------------------------------------------
    def test_an_https_listener_shows_the_certificate_that_is_asked_for(self):
        group, one = self.group(), self.backend("one")
        self.front(group)
        self.register(group, one)
        acm = self.weir.client("acm")
        first, second, third = (certificate(name) for name in ("a.test", "b.test", "a.test"))
        a, b = (acm.import_certificate(Certificate=pem, PrivateKey=key)["CertificateArn"] for pem, key in (first, second))
        port = free_port()
        listener = self.elbv2.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTPS", Port=port, Certificates=[{"CertificateArn": a}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]["ListenerArn"]
        self.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": b}])
        wait_until(lambda: listening(port) and shown(port, "b.test") == der(second[0]), "b's is shown", 10)
        self.assertEqual(shown(port, "a.test"), der(first[0]))
        self.assertEqual(shown(port, "nobody.test"), der(first[0]))
        context = ssl.create_default_context(cadata=first[0].decode())
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
        connection.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="a.test")
        connection.request("GET", "/")
        self.assertEqual(connection.getresponse().read(), b"one")
        self.assertEqual(one.seen[-1].headers["X-Forwarded-Proto"], "https")
        connection.close()

        self.elbv2.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": b}])
        wait_until(lambda: shown(port, "b.test") == der(first[0]), "b's is shown no more", 10)
        acm.import_certificate(CertificateArn=a, Certificate=third[0], PrivateKey=third[1])
        wait_until(lambda: shown(port, "a.test") == der(third[0]), "the new one is shown", 10)
        with self.assertRaises(acm.exceptions.ResourceInUseException):
            acm.delete_certificate(CertificateArn=a)
        keys = list((self.weir.state / "certificates").glob("*/*.key"))
        self.assertEqual({stat.S_IMODE(key.stat().st_mode) for key in keys}, {0o600})
        self.elbv2.delete_listener(ListenerArn=listener)
        acm.delete_certificate(CertificateArn=a)

    def test_a_network_balancer_passes_bytes_on_after_a_proxy_header(self):
        made = self.elbv2.create_target_group(Name="raw", Protocol="TCP", Port=1, VpcId="vpc-1", TargetType="ip",
                                              HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2)
        group = made["TargetGroups"][0]["TargetGroupArn"]
        self.set(group, proxy_protocol_v2__enabled="true")
        balancer = self.elbv2.create_load_balancer(Name="net", Type="network")["LoadBalancers"][0]["LoadBalancerArn"]
        self.assertIn(":loadbalancer/net/net/", balancer)
        port = free_port()
        self.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=port, DefaultActions=[
            {"Type": "forward", "TargetGroupArn": group}])
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.2)
            place = {"Id": "127.0.0.1", "Port": server.getsockname()[1]}
            self.elbv2.register_targets(TargetGroupArn=group, Targets=[place])

            def healthy():
                with contextlib.suppress(OSError):
                    server.accept()[0].close()
                return self.states(group)[place["Port"]][0] == "healthy"
            wait_until(healthy, "healthy", 20, every=0)
            server.settimeout(10)
            with socket.create_connection(("127.0.0.1", port), 10) as client:
                client.sendall(b"ping")
                while True:  # checks of health say nothing
                    peer = server.accept()[0]
                    peer.settimeout(10)
                    said = peer.recv(100)
                    if said:
                        break
                while b"ping" not in said:
                    said += peer.recv(100)
                self.assertTrue(said.startswith(b"\r\n\r\n\0\r\nQUIT\n\x21\x11"), said)
                peer.sendall(b"pong")
                self.assertEqual(client.recv(100), b"pong")
                peer.close()


if __name__ == "__main__":
    unittest.main()
