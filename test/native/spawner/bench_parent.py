# SPDX-License-Identifier: Apache-2.0
"""A warm Python parent: about 100 MB, ten extra threads, a few imports; answers lines on descriptor 100."""
import ctypes, decimal, hashlib, json, os, socket, sqlite3, ssl, sys, threading, zlib  # noqa: F401

megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
ballast = [os.urandom(65536) for _ in range(megabytes * 16)]
wait = threading.Event()
for _ in range(10):
    threading.Thread(target=wait.wait, daemon=True).start()
control = socket.socket(fileno=100)
control.sendall(b"ready\n")
reader = control.makefile("rb", buffering=0)
while True:
    line = reader.readline()
    if not line:
        os._exit(3)
    if line == b"sum\n":
        control.sendall(b"%d\n" % zlib.crc32(b"".join(ballast[:16])))
    elif line.startswith(b"exit"):
        os._exit(int(line.split()[1]))
