# SPDX-License-Identifier: Apache-2.0
"""A parent that holds a userfaultfd, a kind of state that is refused by name."""
import ctypes
import os
import time

USERFAULTFD = 323  # of x86-64
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(USERFAULTFD, os.O_CLOEXEC | os.O_NONBLOCK) < 0:
    raise OSError(ctypes.get_errno(), 'userfaultfd')
count = 0
while True:
    count += 1
    print(count, flush=True)
    time.sleep(0.005)
