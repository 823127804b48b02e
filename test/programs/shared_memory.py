# SPDX-License-Identifier: Apache-2.0
"""A parent with writable shared memory, a kind of state that is refused by name."""
import mmap
import time

MEGABYTES = 16
shared = mmap.mmap(-1, MEGABYTES << 20)
for at in range(0, len(shared), mmap.PAGESIZE):
    shared[at] = 1
count = 0
while True:
    count += 1
    print(count, flush=True)
    time.sleep(0.005)
