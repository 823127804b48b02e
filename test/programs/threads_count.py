# SPDX-License-Identifier: Apache-2.0
"""A parent that knows nothing of farfork. The main thread steps a fixed sequence and prints `STEP STATE COUNTS`, one line
a step; three other threads count. The argument: megabytes of memory to hold."""
import sys
import threading
import time

counts = [0, 0, 0]


def count(index):
    while True:
        counts[index] += 1
        time.sleep(0.001)


for index in range(3):
    threading.Thread(target=count, args=(index,), daemon=True).start()
ballast = bytearray(int(sys.argv[1]) << 20) if len(sys.argv) > 1 else b""
for at in range(0, len(ballast), 4096):
    ballast[at : at + 8] = (at + 1).to_bytes(8, "little")
step, state = 0, 1
table = {number: str(number) * 3 for number in range(20000)}
while True:
    state = (state * 6364136223846793005 + len(table[step % 20000])) % 2**64
    step += 1
    sys.stdout.write(f"{step} {state} {','.join(map(str, counts))}\n")
    sys.stdout.flush()
    time.sleep(0.005)
