"""Keeps the tests of the fake Azure on this machine: whatever would look up or reach another one is refused.

An audit hook hears of every way out, those of C extensions and of threads too; it cannot be taken out again, so it is
switched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

HERE = ("127.0.0.1", "::1", "localhost", "", "0.0.0.0", None)
_WAYS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
_LOOKUPS = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}
_state = {"is_on": False, "is_installed": False}


@contextmanager
def guarded() -> Iterator[None]:
    """Refuse everything that leaves this machine, until the end of the block."""
    if not _state["is_installed"]:
        sys.addaudithook(_heard)
        _state["is_installed"] = True
    before, _state["is_on"] = _state["is_on"], True
    try:
        yield
    finally:
        _state["is_on"] = before


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if not _state["is_on"]:
        return
    if event in _WAYS:
        _check(event, arguments[_WAYS[event]])
    elif event in _LOOKUPS:
        _check(event, (arguments[_LOOKUPS[event]],))


def _check(event: str, address: Any) -> None:
    if isinstance(address, tuple):
        host = address[0].decode() if isinstance(address[0], bytes) else address[0]
        if host not in HERE:
            raise AssertionError(f"{event}: a test tried to reach {host!r}; tests talk to 127.0.0.1 only")
