"""examples/terraform against a real `weir serve`: applied, planned again without a difference, changed under load, and
destroyed without a trace. Skipped where there is no terraform or no mirror of providers with the AWS provider:
TF_PLUGIN_MIRROR, or one of the folders that terraform itself looks into.
"""

import glob
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from weir_testing import HELLO, ROOT, Prove, Weir, clean_environment, free_port, version_of

PROVIDER = "*/hashicorp/aws"  # below a folder for the registry that it came from
MIRRORS = ["~/.terraform.d/plugins", "~/.local/share/terraform/plugins", "/usr/local/share/terraform/plugins",
           "/usr/share/terraform/plugins", "/opt/*"]
RUN_SECONDS = 300  # for one run of terraform, on a machine that others use

# What is there in the beginning and may be there in the end.
DEFAULTS = {"vpcs": 1, "subnets": 3, "internet_gateways": 1, "nat_gateways": 0, "route_tables": 1, "network_acls": 1,
            "security_groups": 1, "addresses": 0, "network_interfaces": 0}


def mirror():
    """The folder that holds PROVIDER, or None."""
    for pattern in filter(None, [os.environ.get("TF_PLUGIN_MIRROR"), *MIRRORS]):
        for folder in sorted(glob.glob(os.path.expanduser(pattern))):
            if any(pathlib.Path(folder).glob(PROVIDER)):
                return folder
    return None


TERRAFORM = shutil.which("terraform", path=os.environ.get("PATH", "") + ":/usr/local/bin")
MIRROR = mirror()


class Terraform:
    def __init__(self, weir, example="", **variables):
        self.folder = weir.home / "terraform"
        shutil.copytree(ROOT / "examples/terraform" / example, self.folder, ignore=shutil.ignore_patterns(".*", "*.tfstate*"))
        settings = weir.home / "terraformrc"
        settings.write_text(f'disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n'
                            f'    path = "{MIRROR}"\n  }}\n}}\n')
        self.environment = clean_environment(
            AWS_ENDPOINT_URL=weir.endpoint, TF_CLI_CONFIG_FILE=str(settings), TF_IN_AUTOMATION="1",
            HOME=str(weir.home), **{f"TF_VAR_{name}": str(value) for name, value in variables.items()})

    def run(self, *words, allowed=(0,), **variables):
        more = {f"TF_VAR_{name}": str(value) for name, value in variables.items()}
        done = subprocess.run([TERRAFORM, f"-chdir={self.folder}", *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=RUN_SECONDS, env={**self.environment, **more})
        assert done.returncode in allowed, f"terraform {words}: {done.returncode}\n{done.stdout[-8000:]}{done.stderr}"
        return done

    def apply(self, *words, **variables):
        return self.run("apply", "-auto-approve", "-input=false", "-no-color", *words, **variables)


@unittest.skipUnless(TERRAFORM, "there is no terraform in PATH")
@unittest.skipUnless(MIRROR, f"no mirror of providers with {PROVIDER} (TF_PLUGIN_MIRROR, {', '.join(MIRRORS)})")
class TerraformDrivesWeir(unittest.TestCase):
    maxDiff = None

    def test_a_service_comes_up_is_changed_and_goes_without_a_trace(self):
        with Weir() as weir:
            weir.import_image("hello:1", HELLO)
            port = free_port()
            before = self.everything(weir)
            self.assertEqual({name: count for name, count in before.items() if name in DEFAULTS}, DEFAULTS)
            terraform = Terraform(weir, listener_port=port)
            terraform.run("init", "-input=false", "-no-color")
            terraform.apply()
            self.serves(terraform, port, "1")
            self.hangs_together(weir)

            plan = terraform.run("plan", "-detailed-exitcode", "-input=false", "-no-color", allowed=(0, 2))
            self.assertEqual(plan.returncode, 0, plan.stdout)

            changes = {"greeting": 2, "health_check_interval": 7, "second": "other"}
            with Prove(weir, f"http://127.0.0.1:{port}/", 50) as load:
                terraform.apply(**changes)
                account = load.finish()
            self.assertGreater(account["ok"], 0)
            self.assertEqual((account["failed"], account["sent"]), (0, account["ok"]), account)
            self.assertEqual(version_of(port), "2")
            self.changed(weir)
            plan = terraform.run("plan", "-detailed-exitcode", "-input=false", "-no-color", allowed=(0, 2), **changes)
            self.assertEqual(plan.returncode, 0, plan.stdout)

            terraform.run("destroy", "-auto-approve", "-input=false", "-no-color", **changes)
            self.assertEqual(self.everything(weir), before)

    def serves(self, terraform, port, version):
        self.assertEqual(version_of(port), version)
        self.assertEqual(version_of(port, "/?group=2"), version)
        outputs = json.loads(terraform.run("output", "-json").stdout)
        self.assertRegex(outputs["url"]["value"], rf"^http://shop-\d+\.elb\.localhost:{port}$")
        self.assertEqual(outputs["account"]["value"], "000000000000")

    def hangs_together(self, weir):
        """What one service says of another's things."""
        ec2 = weir.client("ec2")
        balancer = weir.elbv2.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]
        subnets = {one["SubnetId"]: one for one in ec2.describe_subnets()["Subnets"]}
        for zone in balancer["AvailabilityZones"]:
            self.assertEqual(subnets[zone["SubnetId"]]["AvailabilityZone"], zone["ZoneName"])
            self.assertEqual(subnets[zone["SubnetId"]]["VpcId"], balancer["VpcId"])
        interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
        of_tasks = {one["NetworkInterfaceId"] for one in interfaces if ":attachment/" in one["Description"]}
        shown = {detail["value"] for task in weir.tasks("shop", "shop") for one in task["attachments"]
                 for detail in one["details"] if detail["name"] == "networkInterfaceId"}
        self.assertEqual(len(shown), 2)
        self.assertEqual(of_tasks, shown)
        self.assertEqual(len([one for one in interfaces if one["Description"].startswith("ELB app/shop/")]), 2)

    def changed(self, weir):
        groups = weir.elbv2.describe_target_groups()["TargetGroups"]
        self.assertEqual([one["HealthCheckIntervalSeconds"] for one in groups], [7, 7])
        listener = weir.elbv2.describe_listeners(
            LoadBalancerArn=groups[0]["LoadBalancerArns"][0])["Listeners"][0]["ListenerArn"]
        rules = weir.elbv2.describe_rules(ListenerArn=listener)["Rules"]
        self.assertEqual([one["QueryStringConfig"]["Values"] for rule in rules for one in rule["Conditions"]],
                         [[{"Key": "group", "Value": "other"}]])

    def everything(self, weir):
        """How many there are of each kind."""
        ec2, iam, logs = weir.client("ec2"), weir.client("iam"), weir.client("logs")
        counts = {}
        for kind in DEFAULTS:
            reply = getattr(ec2, f"describe_{kind}")()
            counts[kind] = len(next(value for name, value in reply.items() if isinstance(value, list)))
        counts["roles"] = len(iam.list_roles()["Roles"])
        counts["policies"] = len(iam.list_policies(Scope="Local")["Policies"])
        counts["load_balancers"] = len(weir.elbv2.describe_load_balancers()["LoadBalancers"])
        counts["target_groups"] = len(weir.elbv2.describe_target_groups()["TargetGroups"])
        counts["clusters"] = len(weir.ecs.list_clusters()["clusterArns"])
        counts["task_definitions"] = len(weir.ecs.list_task_definitions()["taskDefinitionArns"])
        counts["log_groups"] = len(logs.describe_log_groups()["logGroups"])
        return counts


if __name__ == "__main__":
    unittest.main()
