# SPDX-License-Identifier: Apache-2.0
"""seed(), reply() and serve()."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, NoReturn, Optional

from . import control, hooks, msgpack
from .errors import FarforkError, ProtocolError


@dataclass(frozen=True)
class Role:
    """Who this process is after seed(). `index`, `child_id` and `input` are set in a child only."""

    kind: str  # "parent" or "child"
    seed_id: str
    index: int = 0
    child_id: Optional[str] = None
    input: Any = None

    @property
    def is_child(self) -> bool:
        return self.kind == "child"


_lock = threading.Lock()
_role: Optional[Role] = None
_is_child = False


def current_role() -> Optional[Role]:
    """The role that seed() returned last in this process; None before that."""
    return _role


def seed(name: Optional[str] = None, ttl_ms: int = 600_000) -> Role:
    """Makes a seed of this process and returns in it with role "parent", and once in every child that is ever forked
    from the seed with role "child". All threads are carried; the other ones simply go on in each child.

    name: of the seed; None: the service chooses. ttl_ms: its lease.
    Raises FarforkError: NotUnderFarforkError, AgentLostError, or the catalogue error that prepare met (e.g. code
    STATE_NOT_CARRIED); then there is no seed, and the process goes on unharmed.
    """
    global _role, _is_child
    if name is not None and not isinstance(name, str):
        raise TypeError("name must be a string or None")
    if isinstance(ttl_ms, bool) or not isinstance(ttl_ms, int) or ttl_ms <= 0:
        raise ValueError("ttl_ms must be a positive number of milliseconds")
    fd = control.descriptor()
    with _lock:
        hooks.run_before_prepare()
        role = None
        try:
            control.send(fd, {"type": "seed", "name": name, "ttl_ms": ttl_ms})
            _role = role = _role_of(control.receive(fd))
            _is_child = _is_child or role.is_child
        finally:
            if role is None or not role.is_child:
                hooks.run_after_prepare()
    if role.is_child:
        control.descriptor()  # sets the flags of the fresh socket
        role = _role = replace(role, input=_decoded(role.input))
        hooks.run_after_resume(role)
    return role


def _role_of(message: Dict[str, Any]) -> Role:
    if message.get("type") == "error":
        raise FarforkError(str(message.get("code", "INTERNAL")), str(message.get("message", "")))
    if message.get("type") != "role" or not isinstance(message.get("seed"), str):
        raise ProtocolError(f"expected a role, got a frame of type {message.get('type')!r}")
    if message.get("role") == "parent":
        return Role("parent", message["seed"])
    if message.get("role") != "child":
        raise ProtocolError(f"unknown role {message.get('role')!r}")
    child_id, index, data = message.get("child"), message.get("index"), message.get("input")
    if not isinstance(child_id, str) or not isinstance(index, int) or not isinstance(data, (bytes, type(None))):
        raise ProtocolError("a child's role lacks its id, index or input")
    return Role("child", message["seed"], index, child_id, data)


def _decoded(data: Optional[bytes]) -> Any:
    try:
        return None if data is None else msgpack.unpack(data)
    except msgpack.MessagePackError as error:
        raise FarforkError("INVALID_ARGUMENT", f"the input is not MessagePack: {error}") from None


def reply(value: Any) -> None:
    """Sends this child's answer (any MessagePack value). Raises AgentLostError, MessagePackError, RuntimeError when
    this process is no child."""
    _send_as_child("reply", {"type": "reply", "value": msgpack.pack(value)})


def reply_error(message: str) -> None:
    """Reports that this child has no answer; the caller gets CHILD_REPLIED_ERROR with `message`."""
    _send_as_child("reply_error", {"type": "error", "message": message})


def _send_as_child(caller: str, message: Dict[str, Any]) -> None:
    if not _is_child:
        raise RuntimeError(f"farfork.{caller}() is for children: seed() has not returned role 'child' in this process")
    with _lock:
        control.send(control.descriptor(), message)


def serve(handler: Callable[[Any], Any], name: Optional[str] = None, ttl_ms: int = 600_000) -> Role:
    """seed(), then: each child answers `handler(input)` and exits, 1 if the handler raised; the parent waits for
    SIGTERM or SIGINT and returns its role. Call it from the main thread."""
    try:
        role = seed(name, ttl_ms)
    except Exception as error:
        if _is_child:
            _exit_with_error(error)
        raise
    if role.is_child:
        try:
            reply(handler(role.input))
        except BaseException as error:
            _exit_with_error(error)
        _exit(0)
    ended = threading.Event()
    previous = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ended.wait()
    finally:
        for number, action in previous.items():
            signal.signal(number, action)
    return role


def _exit_with_error(error: BaseException) -> NoReturn:
    traceback.print_exception(type(error), error, error.__traceback__)
    try:
        reply_error("".join(traceback.format_exception_only(type(error), error)).strip())
    except Exception as lost:
        print(f"farfork: the error could not be reported: {lost}", file=sys.stderr)
    _exit(1)


def _exit(code: int) -> NoReturn:
    # os._exit: the parent's atexit handlers are the parent's business, and its threads would hold up a normal exit.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
