"""examples/terraform/mesh against a real `weir serve`: applied, planned again without a difference, its weights moved under
traffic, and destroyed without a trace. Skipped where terraform_test.py is."""

import http.client
import unittest

from backends import Backend
from terraform_test import MIRROR, MIRRORS, PROVIDER, TERRAFORM, Terraform
from weir_testing import Weir, free_port, wait_until


@unittest.skipUnless(TERRAFORM, "there is no terraform in PATH")
@unittest.skipUnless(MIRROR, f"no mirror of providers with {PROVIDER} (TF_PLUGIN_MIRROR, {', '.join(MIRRORS)})")
class TerraformDrivesAMesh(unittest.TestCase):
    maxDiff = None

    def test_a_mesh_comes_up_moves_its_weights_and_goes_without_a_trace(self):
        with Weir("--workers", 1) as weir, Backend("blue") as blue, Backend("green") as green:
            self.port = free_port()
            before = self.everything(weir)
            terraform = Terraform(weir, "mesh", gateway_port=self.port, blue_port=blue.port, green_port=green.port)
            terraform.run("init", "-input=false", "-no-color")
            terraform.apply()
            wait_until(lambda: self.shares() == {"blue": 20}, "the gateway leads to blue", 10)
            self.assertEqual(self.ask("/books/1?beta=yes", **{"x-beta": "3"}), (200, "green"))
            self.assertEqual(self.ask("/books/1?beta=yes", **{"x-beta": "3", "x-old": "1"}), (200, "blue"))
            self.assertEqual(blue.seen[-1].path, "/shelf/1?beta=yes")
            self.assertEqual(self.ask("/other")[0], 404)
            self.nothing_to_do(terraform)

            terraform.apply(green_weight=25)
            wait_until(lambda: self.shares() == {"blue": 15, "green": 5}, "a quarter goes to green", 10)
            self.nothing_to_do(terraform, green_weight=25)

            terraform.run("destroy", "-auto-approve", "-input=false", "-no-color")
            self.assertEqual(self.everything(weir), before)
            wait_until(lambda: self.ask("/books/1")[0] is None, "nobody listens at the gateway's port", 10)

    def nothing_to_do(self, terraform, **variables):
        plan = terraform.run("plan", "-detailed-exitcode", "-input=false", "-no-color", allowed=(0, 2), **variables)
        self.assertEqual(plan.returncode, 0, plan.stdout)

    def ask(self, path, **headers):
        """(status, who answered)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError as error:
            return None, repr(error)
        finally:
            connection.close()

    def shares(self):
        """How many of twenty requests each has answered."""
        counts = {}
        for _ in range(20):
            who = self.ask("/books/1")[1]
            counts[who] = counts.get(who, 0) + 1
        return counts

    @staticmethod
    def everything(weir):
        mesh, cloud_map = weir.client("appmesh"), weir.client("servicediscovery")
        return {"meshes": mesh.list_meshes()["meshes"], "namespaces": cloud_map.list_namespaces()["Namespaces"],
                "services": cloud_map.list_services()["Services"], "vpcs": len(weir.client("ec2").describe_vpcs()["Vpcs"])}


if __name__ == "__main__":
    unittest.main()
