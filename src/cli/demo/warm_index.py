#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo's parent: the table of the SDK's example, about 100 MB, and one question that reads a few MB of it.

    farfork run --name demo -- python3 warm_index.py          warms up, becomes a seed; each child answers its input
    python3 warm_index.py --local <QUERIES                    the same work without farfork: cold, then by os.fork()

A query is {"key": KEY}. With --local, queries are JSON lines on stdin and results JSON lines on stdout.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

SDK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sdk", "python")
sys.path[:0] = [SDK, os.path.join(SDK, "examples")]
import farfork  # noqa: E402
import warm_table  # noqa: E402

SPAN = 20_000  # records that a question reads, of 128 bytes
ROUNDS = 15


def answer(table: warm_table.Table, query: dict) -> dict:
    """What the account says, and what it and its next SPAN neighbours have in common: data that only the parent built."""
    position = table.index[query["key"]]
    row = table.row(query["key"])
    first = min(position, table.count - SPAN)
    visits = 0
    for at in range(first, first + SPAN):
        visits += warm_table.RECORD.unpack_from(table.records, at * warm_table.RECORD.size)[2]
    return {"balance": round(row["balance"], 2), "visits": visits, "checksum": table.checksum(first, SPAN)}


def build() -> warm_table.Table:
    size_mb = int(os.environ.get("WARM_TABLE_MB", "100"))
    table = warm_table.Table(size_mb * 1_000_000 // warm_table.BYTES_PER_RECORD)
    warm_table.Heartbeat().start()
    return table


def serve() -> None:
    table = build()
    role = farfork.seed(name=os.environ.get("FARFORK_PARENT"))
    if role.is_child:
        farfork.reply(answer(table, role.input))
    # The parent waits for SIGTERM; so does a child, until its memory has been measured.
    while True:
        signal.pause()


def local(started_ns: int) -> None:
    queries = [json.loads(line) for line in sys.stdin]
    table = build()
    for number, query in enumerate(queries):
        result = answer(table, query)
        if number == 0:
            show(coldMs=(time.monotonic_ns() - started_ns) / 1e6, records=table.count)
        show(cold=result)
    for number in range(max(ROUNDS, len(queries))):
        fork_and_ask(table, queries[number % len(queries)])


def fork_and_ask(table: warm_table.Table, query: dict) -> None:
    reader, writer = os.pipe()
    before = time.monotonic_ns()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, json.dumps(answer(table, query)).encode())
        finally:
            os._exit(0)
    forked = time.monotonic_ns()
    os.close(writer)
    result = os.read(reader, 65536)
    answered = time.monotonic_ns()
    os.close(reader)
    os.waitpid(pid, 0)
    show(forkMs=(forked - before) / 1e6, answerMs=(answered - before) / 1e6, forked=json.loads(result))


def show(**fields) -> None:
    print(json.dumps(fields), flush=True)


def start_of_this_process_ns() -> int:
    """CLOCK_MONOTONIC at exec, to a clock tick (10 ms): Python's own start is part of a cold start."""
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    since_boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return time.monotonic_ns() - since_boot


if __name__ == "__main__":
    if "--local" in sys.argv[1:]:
        local(start_of_this_process_ns())
    else:
        serve()
