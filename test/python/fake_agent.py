# SPDX-License-Identifier: Apache-2.0
"""The agent's side of the control socket, for tests: runs a Python program as a parent and talks frames to it."""

import os
import pathlib
import socket
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src/sdk/python"))
from farfork import msgpack  # noqa: E402

TIMEOUT_S = 50


class FakeAgent:
    def __init__(self, program: str, control_fd: int = 100, protocol: str = "1", argv=None):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(TIMEOUT_S)
        environment = dict(
            os.environ,
            FARFORK_CONTROL_FD=str(control_fd),
            FARFORK_PROTOCOL=protocol,
            FARFORK_PARENT="fake",
            PYTHONPATH=str(ROOT / "src/sdk/python"),
        )

        def place():
            os.dup2(theirs.fileno(), control_fd, inheritable=True)

        self.process = subprocess.Popen(
            argv or [sys.executable, "-c", program],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            close_fds=False,
            preexec_fn=place,
        )
        theirs.close()

    def receive(self):
        """The next frame, or None at the end of the stream."""
        header = self._exactly(4)
        return None if header is None else msgpack.unpack(self._exactly(struct.unpack("<I", header)[0]))

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                return None
            data += part
        return data

    def send(self, message):
        body = msgpack.pack(message)
        self.send_bytes(struct.pack("<I", len(body)) + body)

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send_child(self, value=None, index=0, child="ch_1"):
        data = None if value is None else msgpack.pack(value)
        self.send({"type": "role", "role": "child", "seed": "sd_1", "child": child, "index": index, "input": data})

    def close(self):
        self.socket.close()

    def end(self):
        """(exit code, stdout, stderr) once the program ended by itself."""
        try:
            out, err = self.process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        finally:
            self.socket.close()
        return self.process.returncode, out.decode(), err.decode()
