# SPDX-License-Identifier: Apache-2.0
"""Hooks around a seed, and the default one: no two children share a random sequence."""

from __future__ import annotations

import os
import random
import sys
from typing import Any, Callable, List

_before_prepare: List[Callable[[], Any]] = []
_after_prepare: List[Callable[[], Any]] = []
_after_resume: List[Callable[[Any], Any]] = []


def before_prepare(hook: Callable[[], Any]) -> Callable[[], Any]:
    """Registers `hook()`, run by seed() before the parent is captured, latest first: close what cannot be carried.
    If it raises, seed() raises and nothing is captured. Usable as a decorator."""
    _before_prepare.append(hook)
    return hook


def after_prepare(hook: Callable[[], Any]) -> Callable[[], Any]:
    """Registers `hook()`, run in the parent after the capture, successful or not: open again what was closed."""
    _after_prepare.append(hook)
    return hook


def after_resume(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Registers `hook(role)`, run in each child before seed() returns there, in order of registration."""
    _after_resume.append(hook)
    return hook


def run_before_prepare() -> None:
    for hook in reversed(_before_prepare):
        hook()
    # What is still buffered would be written once more by every child.
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def run_after_prepare() -> None:
    for hook in _after_prepare:
        hook()


def run_after_resume(role: Any) -> None:
    _reseed()
    for hook in _after_resume:
        hook(role)


def _reseed() -> None:
    """Every child starts with the parent's generators and, in its own namespace, with the parent's pid, so that
    libraries which look for a fork by comparing pids (OpenSSL) see none."""
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    ssl = sys.modules.get("ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(48), 48.0)
