"""Debian's aws CLI without its half a second of imports: for tests of scripts that call it a hundred times.

    with QuickAws() as aws:
        subprocess.run([script], env={**environment, "PATH": aws.path})

`aws` in that path sends its words, environment, folder and standard files to a process that has imported the CLI's code;
a fork of that one runs it, and its exit code is the answer. All that the CLI does is done by its own code."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

CLIENT = """#!/usr/bin/python3 -ISB
import json, os, socket, sys
call = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [len(call).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(call)
    sys.exit((server.recv(1) or b"\\xff")[0])
"""


def answer(connection):
    """In a process of its own: one call of the CLI."""
    from awscli.clidriver import main
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 255
    try:
        with connection.makefile("rb") as stream:
            size, files, *_ = socket.recv_fds(connection, 4, 3)
            words, environment, folder = json.loads(stream.read(int.from_bytes(size, "big")))
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        data = os.environ["AWS_DATA_PATH"]  # set by the import
        os.environ.clear()
        os.environ.update({"AWS_DATA_PATH": data, **environment})
        os.chdir(folder)
        sys.argv = ["aws", *words]
        code = main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        for out in (sys.stdout, sys.stderr):
            out.flush()
        connection.sendall(bytes([code]))
        os._exit(0)


def serve(path):
    from awscli.clidriver import create_clidriver
    create_clidriver()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        # Whoever started this holds the other end of its standard input: it ends with them.
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                answer(connection)  # never returns
            connection.close()


class QuickAws:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-aws-"))
        at = str(self.folder / "socket")
        self.server = subprocess.Popen(["/usr/bin/python3", "-B", __file__, at], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        assert self.server.stdout.readline() == b"ready\n"
        program = self.folder / "aws"
        program.write_text(CLIENT.format(path=at))
        program.chmod(0o755)
        self.path = f"{self.folder}:/usr/bin:/bin"
        return self

    def __exit__(self, *_):
        self.server.communicate()
        shutil.rmtree(self.folder)


if __name__ == "__main__":
    serve(sys.argv[1])
