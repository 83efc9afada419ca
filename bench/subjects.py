"""What is measured, and what stands behind it: how each program is told to do the same job with one worker.

A subject is a function (place) -> command, or None where it cannot do that job. A backend is the same. Each program
keeps its defaults but for what the job, one worker and long keep-alive need; access logs are off everywhere.
"""

import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

from processes import Failed, free_port

GRPC_METHOD = "proto.echo.EchoService/Echo"
MESH_STRANGERS = 20  # tasks of other nodes, which may not call the service
HOURS = "600s"  # no connection ends for idleness during a measurement
FOREVER = 1_000_000_000  # requests on one connection


@dataclasses.dataclass
class Place:
    """One job of a subject: where it listens, where the backend is, what is spoken on both sides."""
    build: pathlib.Path
    folder: pathlib.Path
    name: str
    port: int
    target: int
    http2: bool = False  # on both sides, in cleartext
    grpc: bool = False   # the same, and the payload is gRPC's
    tls: bool = False    # towards the client
    table: dict | None = None  # Weir's own, instead of the usual one
    control: bool = False      # Weir takes tables at the socket `control_path`

    def file(self, suffix, text):
        path = self.folder / f"{self.name}-{self.port}{suffix}"
        path.write_text(text)
        return path

    @property
    def certificate(self):
        return self.folder / "certificate.pem"

    @property
    def key(self):
        return self.folder / "key.pem"

    @property
    def control_path(self):
        return self.folder / f"control-{self.port}"


def program(name):
    path = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if path is None:
        raise Failed(f"{name} is not installed (tools/setup bench installs it)")
    return path


def make_certificate(folder):
    """ECDSA P-256, self-signed; the key and certificate together too, as HAProxy wants them."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"], check=True, capture_output=True)
    (folder / "both.pem").write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())


def weir_listener(place, rules=None):
    tls = {"certificates": [{"certificate": str(place.certificate), "key": str(place.key)}]}
    everything = [{"id": "all", "action": {"forward": [{"pool": "one"}]}}]
    return {"id": "bench", "address": "127.0.0.1", "port": place.port, "idle_timeout_ms": 600_000,
            **({"protocol": "https", "tls": tls} if place.tls else {}), "rules": rules or everything}


def weir_table(place, rules=None, backends=None, version=1):
    one = {"id": "b", "address": "127.0.0.1", "port": place.target, "state": "serving"}
    protocol = "grpc" if place.grpc else "http2" if place.http2 else "http1"
    return {"version": version, "listeners": [weir_listener(place, rules)],
            "pools": [{"id": "one", "protocol": protocol, "health": {"protocol": "none"}, "backends": backends or [one]}]}


def mesh_table(place):
    """What `weir serve` makes of a virtual service: who may not call, a gRPC route, two nodes of which one has it all."""
    table = weir_table(place, [
        {"id": "egress", "match": {"sources": [f"169.254.172.{i}/32" for i in range(1, MESH_STRANGERS + 1)]},
         "action": {"fixed_response": {"status": 404, "content_type": "text/plain", "body": ""}}},
        {"id": "route", "match": {"grpc": {"service": GRPC_METHOD.split("/")[0]}},
         "action": {"forward": [{"pool": "one", "weight": 100}, {"pool": "two", "weight": 0}]}}])
    listener, (one,) = table["listeners"][0], table["pools"]
    listener["forwarded"] = {"mode": "preserve"}
    one["envoy_headers"] = True
    return {**table, "pools": [one, {**one, "id": "two"}]}


def weir(place):
    table = place.file(".json", json.dumps(place.table or weir_table(place)))
    control = ["--control", place.control_path] if place.control else []
    return [place.build / "weir", "proxy", "--table", table, "--workers", "1", *control]


def haproxy(place):
    proto = " proto h2" if place.http2 else ""
    tls = f" ssl crt {place.folder}/both.pem alpn http/1.1 ssl-min-ver TLSv1.3" if place.tls else ""
    path = place.file(".cfg", f"""
global
  nbthread 1
  maxconn 9500
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client {HOURS}
  timeout server {HOURS}
listen bench
  bind 127.0.0.1:{place.port}{proto}{tls}
  server one 127.0.0.1:{place.target}{proto}
""")
    return [program("haproxy"), "-f", path, "-db"]


def nginx_command(place, server, more="", listen=""):
    base = f"{place.folder}/{place.name}-{place.port}"
    path = place.file(".conf", f"""
worker_processes 1; daemon off; pid {base}.pid; error_log {base}.log;
events {{ worker_connections 19000; }}
http {{
  access_log off; keepalive_requests {FOREVER}; keepalive_timeout {HOURS};
  client_body_temp_path {base}-body; proxy_temp_path {base}-proxy;
  fastcgi_temp_path {base}-f; uwsgi_temp_path {base}-u; scgi_temp_path {base}-s;
  {more}
  server {{ listen 127.0.0.1:{place.port} backlog=4096 {listen}; {server} }}
}}
""")
    return [program("nginx"), "-c", path, "-e", f"{base}.log"]


def nginx(place):
    if place.http2 and not place.grpc:
        raise Failed("nginx speaks HTTP/2 to backends for gRPC only")
    upstream = f"upstream one {{ server 127.0.0.1:{place.target}; keepalive 256; keepalive_requests {FOREVER}; }}"
    http1 = 'proxy_pass http://one; proxy_http_version 1.1; proxy_set_header Connection "";'
    location = f"location / {{ {'grpc_pass grpc://one;' if place.grpc else http1} }}"
    tls = f"ssl_certificate {place.certificate}; ssl_certificate_key {place.key}; ssl_protocols TLSv1.3;"
    listen = "http2" if place.http2 else "ssl" if place.tls else ""
    return nginx_command(place, (tls if place.tls else "") + location, upstream, listen)


def caddy(place):
    scheme = "h2c" if place.http2 else "http"
    site = f"{'https' if place.tls else 'http'}://:{place.port}"
    tls = f"tls {place.certificate} {place.key}" if place.tls else ""
    path = place.file(".caddyfile", f"""
{{
  admin off
  auto_https off
  default_sni localhost
  servers {{
    protocols h1 h2 h2c
  }}
}}
{site} {{
  bind 127.0.0.1
  {tls}
  reverse_proxy {scheme}://127.0.0.1:{place.target} {{
    transport http {{
      versions {"h2c 2" if place.http2 else "1.1"}
      keepalive_idle_conns_per_host 256
    }}
  }}
}}
""")
    return ["env", f"HOME={place.folder}", "GOMAXPROCS=1", program("caddy"), "run", "--adapter", "caddyfile", "--config", path]


def relay(place):
    if place.tls:
        raise Failed("a relay of bytes knows no TLS")
    return [place.build / "bench/bench_relay", str(place.port), str(place.target)]


SUBJECTS = {"weir": weir, "haproxy": haproxy, "nginx": nginx, "caddy": caddy, "relay": relay}


def backend_http1(place):
    """nginx: a few bytes from memory at /, files for the larger bodies."""
    for name, size in (("64k", 64 * 1024), ("1m", 1024 * 1024)):
        path = place.folder / name
        path.write_bytes(b"x" * size)
        path.chmod(0o644)
    small = 'location = / { default_type text/plain; return 200 "Hello, world!"; }'
    return nginx_command(place, f"{small} location / {{ root {place.folder}; sendfile on; }}")


def backend_http2(place):
    """nghttpd: HTTP/2 in cleartext, a file of 13 bytes; each response ends with the trailer that gRPC wants."""
    folder = place.folder / "files"
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_bytes(b"Hello, world!" if not place.grpc else b"\0\0\0\0\x08\x0a\x06worlds")
    method = folder / GRPC_METHOD
    method.parent.mkdir(exist_ok=True)
    shutil.copy(folder / "index.html", method)
    trailer = ["--trailer", "grpc-status: 0"] if place.grpc else []
    return [program("nghttpd"), "--no-tls", "-n1", "-a", "127.0.0.1", "-d", folder, *trailer, str(place.port)]
