# SPDX-License-Identifier: Apache-2.0
"""Frames on the control socket (docs/sdk.md). No byte is buffered here: the capture happens while the parent is blocked
in `os.read`, and the child resumes inside that very read on a fresh socket."""

from __future__ import annotations

import os
import struct
from typing import Any, Dict

from . import msgpack
from .errors import AgentLostError, NotUnderFarforkError, ProtocolError

PROTOCOL = "1"
MAX_FRAME_BYTES = 64 << 20


def descriptor() -> int:
    """The control socket's number. Raises NotUnderFarforkError."""
    text = os.environ.get("FARFORK_CONTROL_FD")
    if text is None:
        raise NotUnderFarforkError(
            "this process was not started by farfork (FARFORK_CONTROL_FD is not set); "
            "start it with: farfork run --name NAME -- python3 YOUR_PROGRAM"
        )
    version = os.environ.get("FARFORK_PROTOCOL", "")
    if version != PROTOCOL:
        raise ProtocolError(f"the agent speaks control protocol {version or '(none)'}, this SDK speaks {PROTOCOL}")
    try:
        fd = int(text)
        # A program that this one starts must not hold the socket: its end would hide ours from the agent.
        os.set_inheritable(fd, False)
        os.set_blocking(fd, True)
    except ValueError:
        raise ProtocolError(f"FARFORK_CONTROL_FD is {text!r}, not a descriptor number") from None
    except OSError as error:
        raise NotUnderFarforkError(f"descriptor {text} (FARFORK_CONTROL_FD) is not open: {error.strerror}") from None
    return fd


def send(fd: int, message: Dict[str, Any]) -> None:
    """Raises AgentLostError, MessagePackError."""
    body = msgpack.pack(message)
    if len(body) > MAX_FRAME_BYTES:
        raise msgpack.MessagePackError(f"a frame of {len(body)} bytes; the limit is {MAX_FRAME_BYTES}")
    rest = memoryview(struct.pack("<I", len(body)) + body)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError as error:
        raise AgentLostError(f"the farfork agent is gone: {error.strerror}") from None


def receive(fd: int) -> Dict[str, Any]:
    """The next frame; blocks. Raises AgentLostError, ProtocolError."""
    length = struct.unpack("<I", _read_exactly(fd, 4))[0]
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(f"the agent announced a frame of {length} bytes; the limit is {MAX_FRAME_BYTES}")
    try:
        message = msgpack.unpack(_read_exactly(fd, length))
    except msgpack.MessagePackError as error:
        raise ProtocolError(f"the agent sent a frame that cannot be read: {error}") from None
    if not isinstance(message, dict):
        raise ProtocolError(f"the agent sent {type(message).__name__} in place of a map")
    return message


def _read_exactly(fd: int, length: int) -> bytes:
    parts = []
    while length > 0:
        try:
            part = os.read(fd, min(length, 1 << 20))
        except OSError as error:
            raise AgentLostError(f"the farfork agent is gone: {error.strerror}") from None
        if not part:
            raise AgentLostError("the farfork agent closed the control socket")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
