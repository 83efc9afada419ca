"""A service is updated twenty times under load, over HTTP/1.1 and over gRPC, and no request fails."""

import unittest

from weir_testing import ECHO, HELLO, Prove, Weir, wait_until

UPDATES = 20
RATE = 500  # requests a second


class Updates(unittest.TestCase):
    def setUp(self):
        self.weir = self.enterContext(Weir())
        self.weir.import_image("hello:1", HELLO)
        for version in ("0.9", "1.0"):
            self.weir.import_image(f"echo_server:{version}", ECHO / f"echo_server-{version}")
        self.weir.ecs.create_cluster(clusterName="test")

    def update_under_load(self, name, grpc, definitions, *load):
        weir = self.weir
        group = weir.target_group(name, grpc)
        _, port = weir.listener(weir.balancer(name), group)
        weir.create_service(name, definitions[0], 2, group)
        weir.stable(name)
        with Prove(weir, f"http://127.0.0.1:{port}/", RATE, *load) as prove:
            for definition in definitions[1:]:
                weir.ecs.update_service(cluster="test", service=name, taskDefinition=definition)
                weir.stable(name)
            account = prove.finish()
        self.assertEqual(account["failed"], 0, account)
        self.assertEqual(account["ok"], account["sent"])
        self.assertGreater(account["sent"], 0.9 * RATE * account["seconds"], "the load was what it was meant to be")
        wait_until(lambda: len(weir.tasks(name)) == 2, "only the last version's tasks are left")
        return account

    def test_http(self):
        definitions = [self.weir.task_definition("web", VERSION=f"{n}.0") for n in range(UPDATES + 1)]
        account = self.update_under_load("web", False, definitions, "--expect", "hello ")
        self.assertEqual(set(account["versions"]), {f"{n}.0" for n in range(UPDATES + 1)})

    def test_grpc(self):
        definitions = [self.weir.task_definition("calls", f"echo_server:{version}", ("./echo_server",))
                       for version in ("0.9", "1.0")]
        rows = [definitions[n % 2] for n in range(UPDATES + 1)]
        account = self.update_under_load("calls", True, rows, "--protocol", "grpc", "--grpc-method",
                                         "/proto.echo.EchoService/Echo", "--name", "A", "--expect", "Hello, A-san!")
        self.assertEqual(set(account["versions"]), {"0.9", "1.0"})


if __name__ == "__main__":
    unittest.main()
