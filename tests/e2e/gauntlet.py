"""The gauntlet: the real programs under `weir prove` with all protocols at once, while deployments of every strategy,
scaling, kills and upgrades of Weir itself happen at random from a seed. No request may fail but those that were in
flight on a task that was killed, which are listed one by one.

    gauntlet.py [--seed N] [--deployments N] [--requests N] [--rate N] [--json FILE]

It goes on until it has done that many deployments and sent that many requests. `rate` is requests a second of each of
eleven streams of load: HTTP/1.1 with and without keep-alive, HTTP/2 and WebSocket to two services, unary and streaming
gRPC to a third, and HTTP/1.1 with bodies.
"""

import argparse
import datetime
import json
import os
import random
import shutil
import signal
import sys
import time

import weir_testing
from service_deployments_test import call
from weir_testing import ECHO, HELLO, Prove, Weir, wait_until

DEPLOYED_SECONDS = 600  # for one deployment to end, a bad one included
STREAMS = 11  # of load
MEMORY = 128  # MiB of a task: one that was held gets a thread for each of its clients
SEEN_SECONDS = 2  # until an end is seen, at the latest
STOPPED_SECONDS = 1.5  # how long a task is held by SIGSTOP: less than what users wait for
BREAKER = {"enable": True, "rollback": True}

# What a request that was in flight on a killed task may be told.
OF_A_KILL = {
    "h1": ("status 502", "closed in the answer", "reset in the answer"),
    "h1-close": ("status 502", "closed in the answer", "reset in the answer"),
    "h2": ("status 502", "stream reset: INTERNAL_ERROR"),
    "grpc": ("grpc-status 14", "stream reset: INTERNAL_ERROR"),
    "grpc-stream": ("grpc-status 14", "stream reset: INTERNAL_ERROR"),
    "ws": ("status 502", "closed in the answer without a closing handshake",
           "reset in the answer without a closing handshake"),
}
# A new task of each of these never serves: it ends at once, or its health checks fail.
ENDS = ("/bin/false",)
BAD = ({"command": ENDS}, {"FAIL_HEALTH": 1}, {"HANG": 1})
QUICKLY_BAD = BAD[:1]  # the others take as long as their health checks
STRATEGIES = (
    {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
    {"strategy": "LINEAR", "bakeTimeInMinutes": 0, "linearConfiguration": {"stepPercent": 50, "stepBakeTimeInMinutes": 0}},
    {"strategy": "CANARY", "bakeTimeInMinutes": 1,
     "canaryConfiguration": {"canaryPercent": 20, "canaryBakeTimeInMinutes": 1}},
    {"strategy": "ROLLING"},
)


class Gauntlet:
    def __init__(self, weir, seed, rate, bad=BAD, say=print):
        self.weir, self.random, self.rate, self.bad, self.say = weir, random.Random(seed), rate, bad, say
        self.number = 0  # of the version deployed last
        self.programs = 0
        self.kills = []  # (from, to, what): when tasks were killed, seconds since 1970
        self.starved = set()  # tasks that the kernel killed for their memory
        self.faults = {}  # how often each happened
        self.deployments = {}  # how often each ended how
        self.wished = {}  # service -> the definition that serves, or is to
        self.first_program = weir_testing.WEIR

    # --- the scene ----------------------------------------------------------------------------------------------
    def build(self):
        weir = self.weir
        weir.import_image("hello:1", HELLO)
        for version in ("0.9", "1.0"):
            weir.import_image(f"echo_server:{version}", ECHO / f"echo_server-{version}")
        weir.ecs.create_cluster(clusterName="test")
        groups = {name: weir.target_group(name, grpc=name == "talk") for name in ("rolling", "talk", "blue", "green")}
        for group in groups.values():
            weir.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
                {"Key": "deregistration_delay.timeout_seconds", "Value": "10"}])
        balancer = weir.balancer("front")
        listener, self.rolling_port = weir.listener(balancer, groups["rolling"])
        weir.rule(listener, 1, [{"Field": "path-pattern", "Values": ["/proto.echo.*"]}], [(groups["talk"], 1)])
        listener, self.staged_port = weir.listener(balancer, groups["blue"])
        production = weir.rule(listener, 1, [{"Field": "path-pattern", "Values": ["/*"]}], [(groups["blue"], 1), (groups["green"], 0)])
        self.create("rolling", groups["rolling"])
        self.create("talk", groups["talk"])
        self.create("staged", groups["blue"], {"alternateTargetGroupArn": groups["green"],
                                               "productionListenerRule": production})
        for service in self.wished:
            weir.stable(service)

    def call(self, operation, **body):
        status, reply = call(self.weir, operation, **body)
        assert status == 200, (operation, body, reply)
        return reply

    def create(self, service, group, advanced=None):
        balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
        if advanced:
            balancer["advancedConfiguration"] = advanced
        self.wished[service] = self.definition(service)
        self.call("CreateService", cluster="test", serviceName=service, taskDefinition=self.wished[service],
                  desiredCount=2, loadBalancers=[balancer], deploymentConfiguration={
                      "deploymentCircuitBreaker": BREAKER, **(STRATEGIES[0] if advanced else {})})

    def definition(self, service, **bad):
        self.number += 1
        if service == "talk":
            version = ("0.9", "1.0")[self.number % 2]
            return self.weir.task_definition(service, f"echo_server:{version}", ENDS if bad else ("./echo_server",),
                                             memory=MEMORY)
        return self.weir.task_definition(service, memory=MEMORY, VERSION=f"{self.number // 1000}.{self.number % 1000}",
                                         SLOW_MS=self.random.choice((0, 5, 20)),
                                         START_DELAY_MS=self.random.choice((0, 100, 700)), **bad)

    def loads(self):
        http = ["--ws-path", "/ws", "--expect-pattern", "^hello|hello [0-9.]+$|Hello, A-san!"]
        grpc = ["--grpc-method", "/proto.echo.EchoService/Echo", "--grpc-stream", "/proto.echo.EchoStream/Talk",
                "--name", "A"]
        rows = [(self.rolling_port, "h1,h1-close,h2,ws,grpc,grpc-stream", http + grpc),
                (self.staged_port, "h1,h1-close,h2,ws", http),
                (self.staged_port, "h1", ["--data-size", "200000", "--expect", "hello"])]
        return [Prove(self.weir, f"http://127.0.0.1:{port}/", self.rate, "--protocol", protocols, "--timeout", "15s", *more)
                for port, protocols, more in rows]

    # --- deployments --------------------------------------------------------------------------------------------
    def deploy(self, service):
        """Begins one; returns what it is, and whether it can succeed."""
        good = self.random.random() < 0.75
        definition = self.definition(service, **({} if good else self.random.choice(self.bad)))
        update = {"taskDefinition": definition}
        what = "ROLLING"
        if service == "staged":
            strategy = self.random.choice(STRATEGIES)
            what = strategy["strategy"]
            update["deploymentConfiguration"] = {"deploymentCircuitBreaker": BREAKER, **strategy}
        self.call("UpdateService", cluster="test", service=service, **update)
        if good:
            self.wished[service] = definition
        return f"{what} of {service}, {'good' if good else 'bad'}"

    def ended(self, service):
        """How the last deployment ended, once the service is at rest."""
        state = self.weir.service(service)
        if len(state["deployments"]) != 1 or state["runningCount"] != state["desiredCount"]:
            return None
        if state["deployments"][0].get("rolloutState", "COMPLETED") != "COMPLETED":
            return None
        arn = self.call("ListServiceDeployments", cluster="test", service=service)["serviceDeployments"][0]["serviceDeploymentArn"]
        last = self.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"][0]["status"]
        return (last, state["taskDefinition"]) if last not in ("PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS",
                                                               "ROLLBACK_REQUESTED", "STOP_REQUESTED") else None

    # --- faults -------------------------------------------------------------------------------------------------
    def programs_of_tasks(self):
        return sorted(pid for pid, line in self.weir.processes().items()
                      if line.split()[0].endswith(("/hello", "/echo_server")))

    def kill_a_task(self):
        began = time.time()
        pid = self.random.choice(self.programs_of_tasks())
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills.append((began, time.time(), f"process {pid} of a task"))

    def note_the_starved(self):
        """What the kernel has killed: a task that has more under way than its memory holds."""
        pages = self.weir.ecs.get_paginator("list_tasks").paginate(cluster="test", desiredStatus="STOPPED")
        for page in pages:
            stopped = page["taskArns"]
            for task in self.weir.ecs.describe_tasks(cluster="test", tasks=stopped)["tasks"] if stopped else ():
                reason = task["containers"][0].get("reason", "")
                if reason.startswith("OutOfMemoryError") and task["taskArn"] not in self.starved:
                    self.starved.add(task["taskArn"])
                    seen = task["executionStoppedAt"].timestamp()
                    self.kills.append((seen - SEEN_SECONDS, seen, f"{task['taskArn']}, which had no memory left,"))

    def hold_a_task(self):
        pid = self.random.choice(self.programs_of_tasks())
        try:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(STOPPED_SECONDS)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def kill_control(self):
        self.weir.kill()
        self.weir.start()

    def restart_control(self):
        self.weir.restart()

    def upgrade_weir(self):
        """The next release: control first, which brings a proxy of its own that takes the sockets over."""
        self.programs += 1
        program = self.weir.home / f"weir-{self.programs}"
        shutil.copy(self.first_program, program)
        weir_testing.WEIR = program
        self.restart_control()
        if self.programs > 2:
            (self.weir.home / f"weir-{self.programs - 2}").unlink()

    def upgrade_the_proxy(self):
        for pid, line in self.weir.processes().items():
            if " proxy --control" in line:
                try:
                    os.kill(pid, signal.SIGHUP)
                except ProcessLookupError:
                    continue

    def scale(self):
        service = self.random.choice(sorted(self.wished))
        self.weir.ecs.update_service(cluster="test", service=service, desiredCount=self.random.choice((2, 3, 4)))

    def fault(self):
        """One at random; its name."""
        kinds = (self.kill_a_task, self.hold_a_task, self.kill_control, self.restart_control, self.upgrade_weir,
                 self.upgrade_the_proxy, self.scale, self.scale)
        kind = self.random.choice(kinds)
        kind()
        name = kind.__name__
        self.faults[name] = self.faults.get(name, 0) + 1
        return name

    # --- the run ------------------------------------------------------------------------------------------------
    def round(self):
        """Deployments of one to three services at once, faults in the midst of them, and all at rest again."""
        services = self.random.sample(sorted(self.wished), self.random.randint(1, 3))
        doing = [self.deploy(service) for service in services]
        faults = []
        for _ in range(self.random.randint(1, 3)):
            time.sleep(self.random.uniform(0, 1.5))
            faults.append(self.fault())
        ends = []
        for service in services:
            status, serves = wait_until(lambda: self.ended(service), f"{service} is at rest after {doing} and {faults}",
                                        DEPLOYED_SECONDS, every=0.2)
            ends.append(status)
            self.deployments[status] = self.deployments.get(status, 0) + 1
            # A good one may end by kills of its tasks, a bad one never succeeds.
            if serves != self.wished[service]:
                assert status.startswith("ROLLBACK") or status == "FAILED", (service, status, serves, self.wished[service])
                assert self.kills, f"{service}: a good version was taken back, and nothing was killed"
                self.wished[service] = serves
        for service in sorted(self.wished):
            self.weir.stable(service, seconds=DEPLOYED_SECONDS)
        self.note_the_starved()
        self.say(f"{'; '.join(doing)} | {', '.join(faults)} | {', '.join(ends)}", flush=True)
        return len(services)

    def run(self, deployments, requests=0):
        """Returns the account: requests, failures that a kill explains, and those that nothing does."""
        began = time.monotonic()
        loads = self.loads()
        try:
            done = 0
            while done < deployments or (time.monotonic() - began) * self.rate * STREAMS < requests:
                assert all(load.process.poll() is None for load in loads), "a load has ended by itself"
                done += self.round()
            accounts = [load.finish() for load in loads]
        finally:
            for load in loads:
                load.__exit__()
            weir_testing.WEIR = self.first_program
        failures = [failure for account in accounts for failure in account["failures"]]
        judged = [(failure, self.reason(failure)) for failure in failures]
        return {
            "requests": sum(account["sent"] for account in accounts), "ok": sum(account["ok"] for account in accounts),
            "failed": sum(account["failed"] for account in accounts), "deployments": done, "ends": self.deployments,
            "faults": self.faults, "seconds": round(time.monotonic() - began, 1),
            "in_flight_on_killed_tasks": [{**failure, "reason": why} for failure, why in judged if why],
            "unexplained": [failure for failure, why in judged if not why],
            "unlisted": sum(account["failed"] for account in accounts) - len(failures)}

    def reason(self, failure):
        """Which kill explains it, if one does: the request was under way then, and was told what such requests are."""
        if not failure["cause"].startswith(OF_A_KILL.get(failure["protocol"], ())):
            return None
        intended, at = (datetime.datetime.fromisoformat(failure[key].replace("Z", "+00:00")).timestamp()
                        for key in ("intended", "at"))
        for began, ended, what in self.kills:
            # A kernel takes its time to close what a killed process had open, a millisecond's rounding besides.
            if intended <= ended + 0.25 and at >= began - 0.01:
                if at <= ended + 1:
                    return f"{what}, killed at {datetime.datetime.fromtimestamp(ended, datetime.timezone.utc).isoformat()}"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--deployments", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--json")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with Weir("--minute", "1s") as weir:
        gauntlet = Gauntlet(weir, options.seed, options.rate)
        gauntlet.build()
        account = gauntlet.run(options.deployments, options.requests)
    account["seed"] = options.seed
    if options.json:
        with open(options.json, "w") as out:
            json.dump(account, out, indent=1)
    for failure in account["in_flight_on_killed_tasks"]:
        print(f"in flight on a killed task: {failure}")
    for failure in account["unexplained"]:
        print(f"UNEXPLAINED: {failure}")
    print(f"seed {options.seed}: {account['requests']} requests, {account['deployments']} deployments {account['ends']}, "
          f"faults {account['faults']}, {account['failed']} failed, of which {len(account['in_flight_on_killed_tasks'])} "
          f"were in flight on killed tasks, in {account['seconds']} s")
    sys.exit(1 if account["unexplained"] or account["unlisted"] else 0)


if __name__ == "__main__":
    main()
