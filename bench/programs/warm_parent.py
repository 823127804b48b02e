#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A parent for the benchmarks: MEGABYTES of distinct pages and at least THREADS threads.

    python3 warm_parent.py MEGABYTES THREADS seed      under farfork: becomes a seed; a child does what its input says
    python3 warm_parent.py MEGABYTES THREADS local     the same process without farfork: one command a line on stdin

Commands, as a child's input or a line: "nothing"; "touch MEGABYTES" reads one byte of each page; "function" runs a small
Python function over inherited data; locally also "fork": os.fork() until it returns, as {"ns": ...}, and "warm MEGABYTES".
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "sdk", "python"))
import farfork  # noqa: E402

PAGE = mmap.PAGESIZE
MEGABYTE = 1 << 20


def fill(megabytes: int) -> bytearray:
    """Every page differs from every other, and from zero."""
    data = bytearray(megabytes * MEGABYTE)
    for at in range(0, len(data), PAGE):
        data[at : at + 8] = (at // PAGE * 0x9E3779B97F4A7C15 % 2**64 | 1).to_bytes(8, "little")
    return data


def idle() -> None:
    threading.Event().wait()


def work(data: bytearray, command: str):
    name, *arguments = command.split()
    if name == "nothing":
        return 0
    if name == "touch":
        return sum(data[: int(arguments[0]) * MEGABYTE : PAGE])
    if name == "function":
        words = {str(number): number for number in range(2000)}
        digest = hashlib.sha256(data[: 256 * 1024]).hexdigest()
        return [sum(words.values()), digest]
    raise ValueError(command)


def serve(data: bytearray) -> None:
    role = farfork.seed(name=os.environ.get("FARFORK_PARENT"), ttl_ms=3_600_000)
    if role.is_child and role.input is not None:
        farfork.reply(work(data, role.input))
        os._exit(0)
    while True:
        signal.pause()


def local(data: bytearray) -> None:
    print(json.dumps({"ready": True, "pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        command = line.strip()
        if command == "fork":
            result = {"ns": time_fork()}
        elif command.startswith("warm "):
            result = {"ns": warm_machine(int(command.split()[1]))}
        else:
            before = time.monotonic_ns()
            value = work(data, command)
            result = {"ns": time.monotonic_ns() - before, "value": value}
        print(json.dumps(result), flush=True)


def warm_machine(megabytes: int) -> int:
    """Touches fresh memory and gives it back, so that what is allocated next has been used lately."""
    before = time.monotonic_ns()
    with mmap.mmap(-1, megabytes * MEGABYTE) as memory:
        for at in range(0, len(memory), PAGE):
            memory[at] = 1
    return time.monotonic_ns() - before


def time_fork() -> int:
    before = time.monotonic_ns()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    after = time.monotonic_ns()
    os.waitpid(pid, 0)
    return after - before


if __name__ == "__main__":
    megabytes, threads, mode = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for _ in range(threads - 1):
        threading.Thread(target=idle, daemon=True).start()
    {"seed": serve, "local": local}[mode](fill(megabytes))
