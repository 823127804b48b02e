# SPDX-License-Identifier: Apache-2.0
"""A parent for test/src/sdk/forked.test.ts: answers what a child can see of itself."""

import os
import random
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/sdk/python"))
import farfork  # noqa: E402

ticks = [0]
seen = []


def tick():
    while True:
        ticks[0] += 1
        time.sleep(0.001)


def moves_on():
    before = ticks[0]
    deadline = time.monotonic() + 10
    while ticks[0] == before and time.monotonic() < deadline:
        time.sleep(0.001)
    return ticks[0] > before


def answer(request):
    if request == "fail":
        raise LookupError("nothing here")
    if request == "exit":
        os._exit(7)
    return {
        "request": request,
        "hooks": seen,
        "index": farfork.current_role().index,
        "random": random.random(),
        "ssl": ssl.RAND_bytes(16),
        "pid": os.getpid(),
        "thread": moves_on(),
        "threads": threading.active_count(),
    }


random.seed(42)
ssl.RAND_bytes(1)
threading.Thread(target=tick, daemon=True).start()
farfork.before_prepare(lambda: seen.append("before"))
farfork.after_prepare(lambda: print("the parent goes on", random.random() == random.Random(42).random(), flush=True))
farfork.after_resume(lambda role: seen.append(f"after {role.index}"))
print("said once", end="")  # buffered: seed() has to flush it
farfork.serve(answer, name="sdk-python")
print("stopped")
