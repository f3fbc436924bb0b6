"""Shared by all rooms' tests: no test talks to anything but this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

# Imported before any in-process pytester run: such a run drops the modules it imported first, and PyYAML's compiled
# classes do not survive being imported twice.
import yaml  # noqa: F401


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address!r}; tests talk to 127.0.0.1 only")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def is_loopback(host: str) -> bool:
    """Say whether *host* is this machine; a name other than ``localhost`` counts as foreign."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
