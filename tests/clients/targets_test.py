"""Targets, tags, certificates and listener certificates as boto3 and the aws CLI meet them: waiters, error classes,
paginators and file formats."""

import pathlib
import subprocess
import unittest

from weir_testing import Weir, free_port


class Targets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(weir := Weir())
        cls.weir, cls.elbv2, cls.aws = weir, weir.elbv2, staticmethod(weir.aws)
        cls.acm = weir.client("acm")

    def test_the_cli_registers_and_deregisters(self):
        group = self.weir.target_group("cli")
        self.aws("elbv2", "register-targets", "--target-group-arn", group, "--targets", "Id=127.0.0.1,Port=9",
                 "Id=::1,Port=9")
        found = self.aws("elbv2", "describe-target-health", "--target-group-arn", group)["TargetHealthDescriptions"]
        self.assertEqual([(one["Target"]["Id"], one["Target"]["Port"], one["HealthCheckPort"],
                           one["TargetHealth"]["State"], one["TargetHealth"]["Reason"]) for one in found],
                         [("127.0.0.1", 9, "9", "unused", "Target.NotInUse"), ("::1", 9, "9", "unused", "Target.NotInUse")])
        self.aws("elbv2", "deregister-targets", "--target-group-arn", group, "--targets", "Id=127.0.0.1,Port=9")
        self.aws("elbv2", "wait", "target-deregistered", "--target-group-arn", group, "--targets", "Id=127.0.0.1,Port=9")
        said = self.aws("elbv2", "register-targets", "--target-group-arn", group, "--targets", "Id=i-1", fails=True)
        self.assertIn("(InvalidTarget)", said)
        self.assertIn("has no address on this machine", said)

    def test_errors_are_of_the_classes_that_boto3_knows(self):
        elbv2, acm = self.elbv2, self.acm
        known = elbv2.exceptions
        balancer, group = self.weir.balancer("classes"), self.weir.target_group("classes")
        tcp = elbv2.create_target_group(Name="classes-tcp", Protocol="TCP", Port=1, VpcId="v", TargetType="ip")
        tcp = tcp["TargetGroups"][0]["TargetGroupArn"]
        listener, _ = self.weir.listener(balancer, group)
        https = {"LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": free_port(),
                 "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]}
        missing = "arn:aws:acm:eu-west-1:000000000000:certificate/none"
        rows = [
            (known.InvalidTargetException, elbv2.register_targets,
             {"TargetGroupArn": group, "Targets": [{"Id": "example.com"}]}),
            (known.TargetGroupNotFoundException, elbv2.register_targets,
             {"TargetGroupArn": group + "0", "Targets": [{"Id": "127.0.0.1"}]}),
            (known.TooManyTargetsException, elbv2.register_targets,
             {"TargetGroupArn": group, "Targets": [{"Id": "127.0.0.1", "Port": port} for port in range(1, 1002)]}),
            (known.CertificateNotFoundException, elbv2.create_listener,
             {**https, "Certificates": [{"CertificateArn": missing}]}),
            (known.IncompatibleProtocolsException, elbv2.modify_listener,
             {"ListenerArn": listener, "DefaultActions": [{"Type": "forward", "TargetGroupArn": tcp}]}),
            (known.SSLPolicyNotFoundException, elbv2.describe_ssl_policies, {"Names": ["none"]}),
            (known.DuplicateTagKeysException, elbv2.add_tags,
             {"ResourceArns": [group], "Tags": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]}),
            (acm.exceptions.ResourceNotFoundException, acm.describe_certificate, {"CertificateArn": missing}),
        ]
        for kind, call, arguments in rows:
            with self.subTest(kind.__name__), self.assertRaises(kind):
                call(**arguments)

    def test_tags_limits_and_policies(self):
        balancer, group = self.weir.balancer("tags"), self.weir.target_group("tags")
        self.elbv2.add_tags(ResourceArns=[balancer, group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.elbv2.remove_tags(ResourceArns=[balancer], TagKeys=["a"])
        tags = self.elbv2.describe_tags(ResourceArns=[balancer, group])["TagDescriptions"]
        self.assertEqual([{tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in tags],
                         [{"b": "2"}, {"a": "1", "b": "2"}])
        limits = {one["Name"]: one["Max"] for page in self.elbv2.get_paginator("describe_account_limits").paginate(
            PaginationConfig={"PageSize": 2}) for one in page["Limits"]}
        self.assertEqual(limits["target-groups"], "3000")
        policy = self.elbv2.describe_ssl_policies()["SslPolicies"][0]
        self.assertEqual(policy["SslProtocols"], ["TLSv1.2", "TLSv1.3"])

    def test_a_certificate_from_files(self):
        folder = pathlib.Path(self.weir.home)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=cli.test", "-days", "2",
                        "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
        arn = self.aws("acm", "import-certificate", "--certificate", f"fileb://{folder}/cert.pem", "--private-key",
                       f"fileb://{folder}/key.pem", "--tags", "Key=a,Value=1")["CertificateArn"]
        detail = self.aws("acm", "describe-certificate", "--certificate-arn", arn)["Certificate"]
        self.assertEqual((detail["DomainName"], detail["Status"], detail["Type"], detail["KeyAlgorithm"]),
                         ("cli.test", "ISSUED", "IMPORTED", "RSA_2048"))
        self.assertEqual(self.acm.get_certificate(CertificateArn=arn)["Certificate"], (folder / "cert.pem").read_text())
        listed = [one["CertificateArn"] for page in self.acm.get_paginator("list_certificates").paginate()
                  for one in page["CertificateSummaryList"]]
        self.assertIn(arn, listed)
        self.acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
        self.acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "b"}])
        self.assertEqual(self.acm.list_tags_for_certificate(CertificateArn=arn)["Tags"], [{"Key": "a", "Value": "3"}])

        balancer, group = self.weir.balancer("tls"), self.weir.target_group("tls")
        made = self.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTPS", Port=free_port(),
                                          Certificates=[{"CertificateArn": arn}], DefaultActions=[
                                              {"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]
        self.assertEqual(made["Certificates"], [{"CertificateArn": arn}])
        held = self.elbv2.describe_listener_certificates(ListenerArn=made["ListenerArn"])["Certificates"]
        self.assertEqual(held, [{"CertificateArn": arn, "IsDefault": True}])
        self.assertEqual(self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"], [balancer])
        with self.assertRaises(self.acm.exceptions.ResourceInUseException):
            self.acm.delete_certificate(CertificateArn=arn)
        self.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
        self.acm.delete_certificate(CertificateArn=arn)


if __name__ == "__main__":
    unittest.main()
