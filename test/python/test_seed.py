# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import time
import unittest

from fake_agent import ROOT, TIMEOUT_S, FakeAgent
from farfork import msgpack

SHOW = """
import farfork, sys
try:
    role = farfork.seed("s", ttl_ms=5000)
    print(role.kind, role.index, role.seed_id, role.child_id, role.input)
except farfork.FarforkError as error:
    print(type(error).__name__, error.code, error.message)
"""


class AgentTest(unittest.TestCase):
    def check(self, agent, code, out, err=""):
        self.assertEqual(agent.end(), (code, out, err))


class SeedTest(AgentTest):
    def test_parent(self):
        agent = FakeAgent(SHOW)
        self.assertEqual(agent.receive(), {"type": "seed", "name": "s", "ttl_ms": 5000})
        agent.send({"type": "role", "role": "parent", "seed": "sd_1"})
        self.check(agent, 0, "parent 0 sd_1 None None\n")

    def test_child(self):
        agent = FakeAgent(SHOW)
        agent.receive()
        agent.send_child({"key": [1, b"x", None]}, index=7)
        self.check(agent, 0, "child 7 sd_1 ch_1 {'key': [1, b'x', None]}\n")

    def test_role_sent_early_and_in_pieces(self):
        agent = FakeAgent(SHOW)
        body = msgpack.pack({"type": "role", "role": "child", "seed": "s", "child": "c", "index": 0, "input": None})
        for byte in struct.pack("<I", len(body)) + body:
            agent.send_bytes(bytes([byte]))
        self.check(agent, 0, "child 0 s c None\n")

    def test_refused(self):
        agent = FakeAgent(SHOW)
        agent.receive()
        agent.send({"type": "error", "code": "STATE_NOT_CARRIED", "message": "fd 5 (eventpoll)"})
        self.check(agent, 0, "FarforkError STATE_NOT_CARRIED fd 5 (eventpoll)\n")

    def test_refused_with_a_whole_sentence(self):
        agent = FakeAgent(SHOW)
        agent.receive()
        agent.send({"type": "error", "code": "STATE_NOT_CARRIED", "message": "STATE_NOT_CARRIED: it holds fd 5. Close it."})
        self.check(agent, 0, "FarforkError STATE_NOT_CARRIED it holds fd 5. Close it.\n")

    def test_agent_gone(self):
        agent = FakeAgent(SHOW)
        agent.receive()
        agent.close()
        self.check(agent, 0, "AgentLostError UNAVAILABLE the farfork agent closed the control socket\n")

    def test_bad_frames(self):
        for data, text in [
            (struct.pack("<I", 65 << 20), "announced a frame of 68157440 bytes"),
            (b"\x01\0\0\0\xc1", "cannot be read"),
            (b"\x01\0\0\0\x05", "int in place of a map"),
            (b"\x01\0\0\0\x80", "of type None"),
        ]:
            agent = FakeAgent(SHOW)
            agent.receive()
            agent.send_bytes(data)
            code, out, _ = agent.end()
            self.assertTrue(out.startswith("ProtocolError CONTROL_PROTOCOL"), out)
            self.assertIn(text, out)
            self.assertEqual(code, 0)

    def test_other_version(self):
        self.check(
            FakeAgent(SHOW, protocol="2"),
            0,
            "ProtocolError CONTROL_PROTOCOL the agent speaks control protocol 2, this SDK speaks 1\n",
        )

    def test_not_under_farfork(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FARFORK_")}
        environment["PYTHONPATH"] = str(ROOT / "src/sdk/python")
        for extra, text in [({}, "was not started by farfork"), ({"FARFORK_CONTROL_FD": "99", "FARFORK_PROTOCOL": "1"}, "descriptor 99")]:
            run = subprocess.run(
                [sys.executable, "-c", SHOW], env={**environment, **extra}, capture_output=True, text=True, timeout=TIMEOUT_S
            )
            self.assertTrue(run.stdout.startswith("NotUnderFarforkError NOT_UNDER_FARFORK"), run.stdout + run.stderr)
            self.assertIn(text, run.stdout)

    def test_control_socket_is_not_inherited(self):
        agent = FakeAgent(
            "import farfork, subprocess; farfork.seed();"
            "print(subprocess.run(['/bin/sh', '-c', 'ls /proc/self/fd'], close_fds=False, capture_output=True, text=True).stdout)"
        )
        agent.receive()
        agent.send({"type": "role", "role": "parent", "seed": "s"})
        _, out, _ = agent.end()
        self.assertNotIn("100", out.split())

    def test_hooks_random_and_buffers(self):
        program = """
import farfork, random, ssl
random.seed(1)
@farfork.before_prepare
def before(): print("before", flush=False)
@farfork.before_prepare
def first(): print("first")
@farfork.after_prepare
def after(): print("after")
@farfork.after_resume
def resumed(role): print("resumed", role.index)
role = farfork.seed()
random.seed(1) if role.kind == "parent" else None
print(random.random() == random.Random(1).random())
"""
        agent = FakeAgent(program)
        agent.receive()
        lines = [agent.process.stdout.readline() for _ in range(2)]  # flushed before the capture
        self.assertEqual(lines, [b"first\n", b"before\n"])
        agent.send_child(index=3)
        self.check(agent, 0, "resumed 3\nFalse\n")
        agent = FakeAgent(program)
        agent.receive()
        agent.send({"type": "role", "role": "parent", "seed": "s"})
        self.check(agent, 0, "first\nbefore\nafter\nTrue\n")

    def test_failing_hook_seeds_nothing(self):
        agent = FakeAgent("import farfork; farfork.before_prepare(lambda: 1 / 0); farfork.seed()")
        self.assertIsNone(agent.receive())
        self.assertEqual(agent.end()[0], 1)

    def test_threads_go_on_while_seed_waits(self):
        agent = FakeAgent(
            "import farfork, threading; go = threading.Event()\n"
            "threading.Thread(target=lambda: (go.wait(), print('ran', flush=True))).start()\n"
            "farfork.before_prepare(go.set); print(farfork.seed().kind)"
        )
        agent.receive()
        self.assertEqual(agent.process.stdout.readline(), b"ran\n")
        agent.send_child()
        self.check(agent, 0, "child\n")

    def test_bad_arguments(self):
        agent = FakeAgent(
            "import farfork\n"
            "for arguments in [(5,), ('s', 0), ('s', True)]:\n"
            "    try: farfork.seed(*arguments)\n"
            "    except (TypeError, ValueError) as error: print(type(error).__name__)"
        )
        self.check(agent, 0, "TypeError\nValueError\nValueError\n")


class ReplyTest(AgentTest):
    def test_reply(self):
        agent = FakeAgent("import farfork; role = farfork.seed(); farfork.reply({'twice': role.input * 2})")
        agent.receive()
        agent.send_child(2**40)
        frame = agent.receive()
        self.assertEqual(frame["type"], "reply")
        self.assertEqual(msgpack.unpack(frame["value"]), {"twice": 2**41})
        self.assertEqual(agent.end()[0], 0)

    def test_large(self):
        agent = FakeAgent("import farfork; farfork.reply(farfork.seed().input)")
        agent.receive()
        data = bytes(range(256)) * (40 << 12)
        agent.send_child(data)
        self.assertEqual(msgpack.unpack(agent.receive()["value"]), data)
        self.assertEqual(agent.end()[0], 0)

    def test_in_a_parent(self):
        agent = FakeAgent("import farfork\nfarfork.seed()\ntry: farfork.reply(1)\nexcept RuntimeError as e: print(e)")
        agent.receive()
        agent.send({"type": "role", "role": "parent", "seed": "s"})
        code, out, _ = agent.end()
        self.assertEqual(code, 0)
        self.assertIn("for children", out)

    def test_agent_gone(self):
        agent = FakeAgent(
            "import farfork, select\nfarfork.seed()\nhup = select.poll()\nhup.register(100, 0)\nhup.poll()\n"
            "try: farfork.reply(1)\nexcept farfork.AgentLostError as e: print(e.code, 'goes on')"
        )
        agent.receive()
        agent.send_child()
        agent.close()
        self.check(agent, 0, "UNAVAILABLE goes on\n")


class ServeTest(AgentTest):
    SERVE = "import farfork, atexit\natexit.register(print, 'atexit')\nfarfork.serve(lambda value: 10 // value)\nprint('stopped')"

    def test_child(self):
        agent = FakeAgent(self.SERVE)
        self.assertEqual(agent.receive(), {"type": "seed", "name": None, "ttl_ms": 600000})
        agent.send_child(5)
        self.assertEqual(msgpack.unpack(agent.receive()["value"]), 2)
        self.assertIsNone(agent.receive())
        self.check(agent, 0, "")

    def test_handler_raises(self):
        agent = FakeAgent(self.SERVE)
        agent.receive()
        agent.send_child(0)
        self.assertEqual(agent.receive(), {"type": "error", "message": "ZeroDivisionError: integer division or modulo by zero"})
        code, out, err = agent.end()
        self.assertEqual((code, out), (1, ""))
        self.assertIn("ZeroDivisionError", err)

    def test_answer_cannot_be_packed(self):
        agent = FakeAgent("import farfork; farfork.serve(lambda value: {1, 2})")
        agent.receive()
        agent.send_child()
        frame = agent.receive()
        self.assertEqual(frame["type"], "error")
        self.assertIn("set has no MessagePack form", frame["message"])
        self.assertEqual(agent.end()[0], 1)

    def test_input_is_no_messagepack(self):
        agent = FakeAgent(self.SERVE)
        agent.receive()
        agent.send({"type": "role", "role": "child", "seed": "s", "child": "c", "index": 0, "input": b"\xc1"})
        frame = agent.receive()
        self.assertEqual(frame["type"], "error")
        self.assertIn("the input is not MessagePack", frame["message"])
        self.assertEqual(agent.end()[0], 1)

    def test_parent_waits_until_told(self):
        agent = FakeAgent(self.SERVE)
        agent.receive()
        agent.send({"type": "role", "role": "parent", "seed": "s"})
        agent.close()  # the agent may go; the parent stays
        self.assertIsNone(agent.process.poll())
        status = pathlib.Path(f"/proc/{agent.process.pid}/status")

        def handles_sigterm():
            line = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
            return int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1

        deadline = time.monotonic() + TIMEOUT_S
        while not handles_sigterm():
            self.assertIsNone(agent.process.poll())
            self.assertLess(time.monotonic(), deadline)
        agent.process.send_signal(signal.SIGTERM)
        self.check(agent, 0, "stopped\natexit\n")


class ExampleTest(AgentTest):
    PATH = str(ROOT / "src/sdk/python/examples/warm_table.py")

    def ask(self, value, index=0):
        agent = FakeAgent("", argv=["env", "WARM_TABLE_MB=5", sys.executable, self.PATH])
        self.assertEqual(agent.receive()["name"], "fake")
        agent.send_child(value, index)
        frame = agent.receive()
        code, out, _ = agent.end()
        self.assertTrue(out.startswith("warm: "))
        return frame, code

    def test_answers(self):
        frame, code = self.ask({"key": "user-000042"}, index=2)
        answer = msgpack.unpack(frame["value"])
        self.assertEqual((code, answer["index"], answer["threads"], answer["record"]["position"]), (0, 2, 2, 42))
        other = msgpack.unpack(self.ask({"slice": [42, 1000]})[0]["value"])
        self.assertEqual(other["checksum"], answer["checksum"])
        own = msgpack.unpack(self.ask(None, index=1)[0]["value"])
        self.assertEqual(own["slice"], [1000, 1000])
        json.dumps(answer)

    def test_unknown_key(self):
        frame, code = self.ask({"key": "nobody"})
        self.assertEqual((frame["type"], code), ("error", 1))
        self.assertIn("no record has the key 'nobody'", frame["message"])

    def test_alone(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FARFORK_")}
        run = subprocess.run(
            [sys.executable, self.PATH], env={**environment, "WARM_TABLE_MB": "1"}, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        self.assertEqual(run.returncode, 1)
        self.assertIn("farfork run --name", run.stderr)


if __name__ == "__main__":
    unittest.main()
