# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that flips one bit of what the server sends. Arguments: server host, server port, the bit's byte in the
server's stream. Prints its port; each connection gets the same fault."""
import socket
import sys
import threading

host, port, fault = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def pump(source, sink, fault_at):
    passed = 0
    try:
        while data := bytearray(source.recv(65536)):
            if passed <= fault_at < passed + len(data):
                data[fault_at - passed] ^= 0x10
            passed += len(data)
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    server = socket.create_connection((host, port))
    threading.Thread(target=pump, args=(client, server, 1 << 62), daemon=True).start()
    threading.Thread(target=pump, args=(server, client, fault), daemon=True).start()
