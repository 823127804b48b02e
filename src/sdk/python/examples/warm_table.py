#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A warm parent of about 100 MB: a table of generated records with an index, built once, asked many times.

    farfork run --name warm-table -- python3 warm_table.py
    echo '{"key": "user-004711"}' | farfork invoke warm-table --input -

Input: {"key": KEY} answers that record; {"slice": [FIRST, COUNT]} alone, or added to a key, a checksum over these
records; no input: the child's own share, the slice that starts at its index * 1000. WARM_TABLE_MB sets the size.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import farfork  # noqa: E402

RECORD = struct.Struct("<QdI108s")  # id, balance, visits, note
BYTES_PER_RECORD = RECORD.size + 145  # with its index entry: key string, int and dict slot, as measured


class Table:
    """`records` is one block of fixed-size records; `index` maps a key to a position in it."""

    def __init__(self, count: int):
        self.count = count
        self.records = bytearray(RECORD.size * count)
        self.index = {}
        note = b""
        for position in range(count):
            if position % 64 == 0:  # not one page equal to another
                note = hashlib.shake_128(position.to_bytes(8, "little")).digest(108)
            mixed = (position * 0x9E3779B97F4A7C15) & (2**64 - 1)
            RECORD.pack_into(self.records, position * RECORD.size, mixed, mixed / 1e9, position % 977, note)
            self.index[f"user-{position:06d}"] = position

    def row(self, key: str) -> dict:
        position = self.index[key]
        number, balance, visits, note = RECORD.unpack_from(self.records, position * RECORD.size)
        return {"position": position, "id": number, "balance": balance, "visits": visits, "note": note.hex()[:16]}

    def checksum(self, first: int, count: int) -> str:
        first, last = max(0, first), min(self.count, first + count)
        view = memoryview(self.records)[first * RECORD.size : last * RECORD.size]
        return hashlib.sha256(view).hexdigest()[:16]


class Heartbeat(threading.Thread):
    """A worker thread that goes on in the parent and in every child."""

    def __init__(self):
        super().__init__(daemon=True)
        self.beats = 0

    def run(self):
        while True:
            self.beats += 1
            time.sleep(0.01)


def answer(table: Table, heartbeat: Heartbeat, query, index: int = 0) -> dict:
    if query is None:
        query = {"slice": [index * 1000, 1000]}
    if not isinstance(query, dict) or not {"key", "slice"} & set(query):
        raise ValueError('the input must be a map with "key" or "slice"')
    result = {"index": index, "pid": os.getpid(), "threads": threading.active_count(), "beats": heartbeat.beats}
    if "key" in query:
        if query["key"] not in table.index:
            raise KeyError(f"no record has the key {query['key']!r}")
        result["record"] = table.row(query["key"])
        result["slice"] = [result["record"]["position"], 1000]
    if "slice" in query:
        result["slice"] = query["slice"]
    first, count = result["slice"]
    result["checksum"] = table.checksum(first, count)
    return result


def main() -> None:
    size_mb = int(os.environ.get("WARM_TABLE_MB", "100"))
    started = time.monotonic()
    table = Table(size_mb * 1_000_000 // BYTES_PER_RECORD)
    heartbeat = Heartbeat()
    heartbeat.start()
    if len(sys.argv) > 1:  # a cold start that answers one query: python3 warm_table.py KEY
        print(answer(table, heartbeat, {"key": sys.argv[1]}))
        return
    print(f"warm: {table.count} records in {time.monotonic() - started:.2f} s", flush=True)
    try:
        farfork.serve(
            lambda query: answer(table, heartbeat, query, farfork.current_role().index),
            name=os.environ.get("FARFORK_PARENT"),
        )
    except farfork.FarforkError as error:
        sys.exit(f"warm_table: {error}")


if __name__ == "__main__":
    main()
