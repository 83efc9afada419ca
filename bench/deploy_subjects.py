"""What deploys in `bench/deploys`: each starts four tasks of hello behind one address, and replaces them with a version of
another number when told to, as its own users have it done. Everything lies in namespaces that end with the subject.
"""

import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

from processes import Failed, free_port, listens

TASKS = 4
APPLICATION = {"SLOW_MS": "20", "START_DELAY_MS": "500"}
START_SECONDS, DEPLOYED_SECONDS = 60, 120
STOPPED_SECONDS = 10  # between SIGTERM and SIGKILL, the same for all
GROUPS = pathlib.Path("/sys/fs/cgroup")


def run(*command, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}"[-300:])
    return done.stdout.strip()


def program(name, package):
    path = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if path is None:
        raise Failed(f"{name} is not installed; Debian's package {package} has it (tools/setup deploys installs it)")
    return path


def wait_until(condition, what, seconds=START_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"it did not come to pass that {what}")
        time.sleep(0.02)


def make_own_place(folder):
    """A loopback, a network that somebody could join, and folders to write into, none of them this machine's."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "deploys0", "type", "veth", "peer", "name", "deploys1")
    run("ip", "address", "add", "10.77.0.1/24", "dev", "deploys0")
    run("ip", "link", "set", "deploys0", "up")
    run("ip", "link", "set", "deploys1", "up")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    (folder / "root").mkdir()
    run("mount", "-t", "tmpfs", "tmpfs", folder / "root")  # what overlays write is never on another overlay
    for part in ("upper", "work"):
        (folder / "root" / part).mkdir()
    run("mount", "-t", "overlay", "overlay", "-o",
        f"lowerdir=/etc,upperdir={folder}/root/upper,workdir={folder}/root/work", "/etc")


def group_name(folder):
    return pathlib.Path(folder).name


def remove_groups(folder):
    """The cgroups that Docker has left, which are no namespace's."""
    for top in GROUPS.glob(f"*/{group_name(folder)}"):
        for path in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
            path.rmdir()
        top.rmdir()


class Weir:
    """ECS's rolling deployment behind an Application Load Balancer."""

    def __init__(self, build, folder):
        import weir_testing  # it wants to know the build folder first
        self.testing, self.weir, self.port = weir_testing, None, None

    def start(self):
        self.weir = self.testing.Weir().__enter__()
        self.weir.import_image("hello:1", self.testing.HELLO)
        self.weir.ecs.create_cluster(clusterName="test")
        group = self.weir.target_group("web")
        self.weir.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
            {"Key": "deregistration_delay.timeout_seconds", "Value": str(STOPPED_SECONDS)}])
        _, self.port = self.weir.listener(self.weir.balancer("front"), group)
        self.weir.create_service("web", self.definition("1"), TASKS, group)
        self.weir.stable("web")

    def definition(self, version):
        return self.weir.task_definition("web", VERSION=version, **APPLICATION)

    def deploy(self, version):
        self.weir.ecs.update_service(cluster="test", service="web", taskDefinition=self.definition(version))
        self.weir.stable("web", seconds=DEPLOYED_SECONDS)

    def stop(self):
        if self.weir:
            self.weir.__exit__(None, None, None)


class HaproxyReloaded:
    """HAProxy as its users have it in front of what comes and goes: rewritten and reloaded, the old process finishes."""

    def __init__(self, folder, port):
        self.folder, self.port, self.written, self.process = folder, port, None, None

    def write(self, backends):
        """Whether that is news."""
        if backends == self.written:
            return False
        servers = "\n".join(f"  server s{at} 127.0.0.1:{port} check inter 1s fall 2 rise 1" for at, port in enumerate(backends))
        (self.folder / "haproxy.cfg").write_text(f"""global
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option redispatch
  retries 3
frontend front
  bind 127.0.0.1:{self.port}
  default_backend tasks
backend tasks
  balance roundrobin
  option httpchk GET /health
{servers}
""")
        self.written = backends
        return True

    def start(self, backends):
        self.write(backends)
        self.process = subprocess.Popen([program("haproxy", "haproxy"), "-W", "-f", self.folder / "haproxy.cfg"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), "haproxy listens")

    def reload(self, backends):
        if self.write(backends):
            self.process.send_signal(signal.SIGUSR2)


class SwarmHaproxy:
    """Docker Swarm's rolling update, new tasks first; a script hears Docker's events and reloads HAProxy."""

    def __init__(self, build, folder):
        self.folder, self.port = folder, free_port()
        self.hello = build / "examples/hello/images/hello/hello"
        self.haproxy = HaproxyReloaded(folder, self.port)
        self.events = self.engine = None
        self.sockets = ["-H", "unix:///run/docker.sock"]

    def docker(self, *command, **more):
        return run("docker", *self.sockets, *command, **more)

    def start(self):
        program("haproxy", "haproxy")
        program("busybox", "busybox-static")
        with open(self.folder / "dockerd.log", "wb") as log:
            self.engine = subprocess.Popen(
                [program("dockerd", "docker.io"), *self.sockets, "--data-root", self.folder / "root/docker", "--exec-root",
                 "/run/docker", "--pidfile", "/run/docker.pid", "--cgroup-parent", "/" + group_name(self.folder)],
                stdout=log, stderr=log)
        wait_until(self.answers, "dockerd answers")
        self.docker("swarm", "init", "--advertise-addr", "10.77.0.1")
        self.make_image()
        environment = [word for name, value in APPLICATION.items() for word in ("--env", f"{name}={value}")]
        self.docker("service", "create", "--quiet", "--no-resolve-image", "--name", "web", "--replicas", TASKS,
                    "--publish", "mode=host,target=8080", "--env", "VERSION=1", *environment,
                    "--update-order", "start-first", "--update-parallelism", "1", "--update-delay", "0s",
                    "--update-monitor", "1s", "--stop-grace-period", f"{STOPPED_SECONDS}s", "--health-interval", "1s", "--health-retries", "3",
                    "--health-cmd", "/bin/busybox wget -q -O /dev/null http://127.0.0.1:8080/health", "hello:1",
                    timeout=START_SECONDS)
        wait_until(lambda: len(self.backends()) == TASKS, "all tasks are healthy")
        self.haproxy.start(self.backends())
        self.events = threading.Thread(target=self.follow, daemon=True)
        self.events.start()

    def answers(self):
        if self.engine.poll() is not None:
            raise Failed("dockerd has ended: " + (self.folder / "dockerd.log").read_text(errors="replace").strip()[-200:])
        return subprocess.run(["docker", *self.sockets, "info"], capture_output=True).returncode == 0

    def make_image(self):
        """hello with the libraries that it is linked with, and a shell for its health check."""
        top = self.folder / "image"
        (top / "bin").mkdir(parents=True)
        shutil.copy(self.hello, top / "hello")
        shutil.copy(program("busybox", "busybox-static"), top / "bin/busybox")
        (top / "bin/sh").symlink_to("busybox")
        for library in re.findall(r"(/\S+) \(0x", run("ldd", self.hello)):
            (top / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, top / library[1:])
        packed = self.folder / "image.tar"
        run("tar", "-C", top, "-cf", packed, ".")
        self.docker("import", "-c", 'ENTRYPOINT ["/hello"]', packed, "hello:1")

    def backends(self):
        """The published ports of the tasks that Docker calls healthy and has not told to stop."""
        names = self.docker("ps", "--filter", "health=healthy", "--format", "{{.ID}} {{.Ports}}")
        return sorted(set(map(int, re.findall(r":(\d+)->8080", names))))  # once for IPv4, once for IPv6

    def follow(self):
        """The script: at each event of a container it looks who is there, and reloads HAProxy if that is news."""
        command = ["docker", *self.sockets, "events", "--filter", "type=container", "--format", "{{.Action}}"]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as events:
            for action in events.stdout:
                if action.startswith(("health_status", "kill", "die")):
                    self.haproxy.reload(self.backends())

    def deploy(self, version):
        self.docker("service", "update", "--quiet", "--no-resolve-image", "--env-rm", "VERSION", "--env-add",
                    f"VERSION={version}", "web", timeout=DEPLOYED_SECONDS)

    def stop(self):
        """The rest ends with the process numbers' namespace."""
        if self.engine:
            subprocess.run(["docker", *self.sockets, "service", "rm", "web"], capture_output=True)
            self.engine.terminate()
            self.engine.wait(START_SECONDS)


class NginxScript:
    """Processes behind nginx: a script starts the new one, waits for its health, reloads nginx, ends the old one."""

    def __init__(self, build, folder):
        self.folder, self.port = folder, free_port()
        self.hello = build / "examples/hello/images/hello/hello"
        self.tasks, self.process = [], None

    def start_task(self, version):
        port = free_port()
        task = subprocess.Popen([self.hello], env={**APPLICATION, "PORT": str(port), "VERSION": version},
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(port), f"version {version} listens")
        return port, task

    def write(self):
        servers = "".join(f"server 127.0.0.1:{port}; " for port, _ in self.tasks)
        (self.folder / "nginx.conf").write_text(f"""daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  upstream tasks {{ {servers} keepalive 32; }}
  server {{
    listen 127.0.0.1:{self.port};
    location / {{ proxy_pass http://tasks; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")

    def start(self):
        self.tasks = [self.start_task("1") for _ in range(TASKS)]
        self.write()
        self.process = subprocess.Popen([program("nginx", "nginx"), "-c", self.folder / "nginx.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), "nginx listens")

    def deploy(self, version):
        for at in range(TASKS):
            _, old = self.tasks[at]
            self.tasks[at] = self.start_task(version)
            self.write()
            run(program("nginx", "nginx"), "-c", self.folder / "nginx.conf", "-s", "reload")
            old.terminate()
            try:
                old.wait(STOPPED_SECONDS)
            except subprocess.TimeoutExpired:
                old.kill()
                old.wait()

    def stop(self):
        for process in [self.process, *(task for _, task in self.tasks)]:
            if process:
                process.terminate()
                process.wait(STOPPED_SECONDS)


ALL = {"weir": Weir, "swarm-haproxy": SwarmHaproxy, "nginx-script": NginxScript}
