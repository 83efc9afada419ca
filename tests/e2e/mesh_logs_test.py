"""The access logs of virtual nodes: a line for who called and a line for who served, each in the words of its own node, in
the output of the container that stands for its proxy, or in a file of the host."""

import json
import re
import unittest

import mesh_tls_test
from weir_testing import wait_until


def to_file(path, **form):
    return {"accessLog": {"file": {"path": path, **({"format": form} if form else {})}}}


class MeshLogs(mesh_tls_test.Nodes):
    def proxy_output(self, task):
        """What the container that stands for the task's proxy has written."""
        folder = self.weir.state / "logs" / task.rsplit("/", 1)[1]
        text = "".join(path.read_text() for path in folder.rglob("envoy.*") if path.is_file())
        return re.findall(r"(?m)^\S+ stdout (.*)$", text)

    def server_logs(self, **more):
        self.mesh.update_virtual_node(meshName="m", virtualNodeName="server", spec=self.server_spec(None, **more))

    def test_who_calls_and_who_serves_have_their_lines(self):
        self.server_logs(logging=to_file("/dev/stdout"))
        keys = [{"key": "code", "value": "%RESPONSE_CODE%"}, {"key": "to", "value": "%UPSTREAM_HOST%"},
                {"key": "missing", "value": "%REQ(X-NONE)%"}, {"key": "path", "value": "<%REQ(:PATH)%>"}]
        told = self.calls("caller", logging=to_file("/dev/stdout", json=keys))
        self.served(told)
        (server,) = self.weir.tasks("server")
        place = server["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] + ":8080"
        # Envoy's default words.
        lines = wait_until(lambda: [one for one in self.proxy_output(server["taskArn"]) if "GET" in one], "the server's line")
        self.assertRegex(lines[0], r'^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] "GET / HTTP/1\.1" 200 - 0 \d+ \d+ \d+ "-" "Wget" "-" '
                                   rf'"{self.address()}:8080" "{place}"$')
        # The caller's are objects.
        lines = wait_until(lambda: [one for one in self.proxy_output(told.task) if one.startswith("{")], "the caller's line")
        self.assertEqual(json.loads(lines[-1]), {"code": 200, "to": place, "missing": None, "path": "</>"})
        self.assertFalse([one for one in self.proxy_output(told.task) if "GET" in one], "not in the other's words")

        # A proxy that is replaced finds the way again; so does one whose node is given another format.
        self.server_logs(logging=to_file("/dev/stdout", text="again %RESPONSE_CODE% %RESPONSE_FLAGS%"))
        wait_until(lambda: "again 200 -" in self.proxy_output(server["taskArn"]), "the new format")

        # In a volume of the host it is a file there.
        self.server_logs(logging=to_file("/keys/access.log", text="%REQ(:METHOD)% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"))
        file = self.keys / "access.log"
        line = wait_until(lambda: file.exists() and file.read_text(), "the file has a line").split("\n")[0]
        self.assertRegex(line, r"^GET 169\.254\.17\d\.\d+$")

        # Without logging nothing is written any more.
        self.server_logs()
        wait_until(lambda: len(self.table().get("traffic_logs", [])) == 1, "only the caller has a log")
        self.served(told)

    def test_what_is_not_known_is_refused_by_name(self):
        cases = ((to_file("/dev/stdout", text="%NONSENSE%"), "%NONSENSE% is not known here"),
                 (to_file("/dev/stdout", json=[{"key": "a", "value": "%TRAILER(x)%"}]), "%TRAILER(x)% is not known here"),
                 (to_file("access.log"), "it must be an absolute path"))
        for logging, said in cases:
            with self.assertRaises(self.mesh.exceptions.BadRequestException) as refused:
                self.server_logs(logging=logging)
            self.assertIn(said, str(refused.exception))


if __name__ == "__main__":
    unittest.main()
